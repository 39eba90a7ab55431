"""What can go wrong, as facts. Errors know nothing of HTTP; onhand.api.problems gives each its status and words.

DomainError
├── Unknown             NOT_FOUND
├── InsufficientStock   INSUFFICIENT_STOCK
├── ReservationClosed   RESERVATION_CLOSED
├── QuantityExceedsOpen QUANTITY_EXCEEDS_OPEN
├── QuantityExceedsFulfilled QUANTITY_EXCEEDS_FULFILLED
├── NotCovered          NOT_COVERED
├── BelowZero           BELOW_ZERO
├── StaleExpectation    STALE_EXPECTATION
├── LevelOverflow       LEVEL_OVERFLOW
├── CapacityExceeded    CAPACITY_EXCEEDED
├── TransferClosed      TRANSFER_CLOSED
├── PurchaseOrderClosed PURCHASE_ORDER_CLOSED
├── PurchaseOrderNotPlaced PURCHASE_ORDER_NOT_PLACED
├── CountClosed         COUNT_CLOSED
├── CountNeedsApproval  COUNT_NEEDS_APPROVAL
├── WarehouseInactive   WAREHOUSE_INACTIVE
├── NoActiveWarehouse   NO_ACTIVE_WAREHOUSE
├── AlreadyExists       ALREADY_EXISTS
├── Invalid             VALIDATION_FAILED
├── IdempotencyKeyReused IDEMPOTENCY_KEY_REUSED
├── Overloaded          OVERLOADED
├── Unavailable         DATABASE_UNAVAILABLE
└── OutcomeUnknown      OUTCOME_UNKNOWN
"""

from dataclasses import dataclass, field
from typing import ClassVar

from onhand.domain.ids import Id


class DomainError(Exception):
    """An operation was refused; nothing has changed."""

    code: ClassVar[str]
    replayed: bool = False  # the refusal of an earlier request with the same Idempotency-Key


@dataclass(eq=False)
class Shortage:
    """One line that asks for more than there is. line is its index in the request; units throughout."""

    line: int
    product: Id
    warehouse: Id | None
    requested: int
    available: int


@dataclass(eq=False)
class InsufficientStock(DomainError):
    """Some lines ask for more than is available."""

    code: ClassVar[str] = "INSUFFICIENT_STOCK"
    shortages: list[Shortage]
    lines: int = 0


@dataclass(eq=False)
class Unknown(DomainError):
    """Something is named that does not exist. kind: sku, warehouse, reservation, transfer, …"""

    code: ClassVar[str] = "NOT_FOUND"
    kind: str
    name: str
    path: str | None = None


@dataclass(eq=False)
class ReservationClosed(DomainError):
    """The reservation is fulfilled, released or expired: nothing of it is open."""

    code: ClassVar[str] = "RESERVATION_CLOSED"
    reservation: Id
    status: str


@dataclass(eq=False)
class QuantityExceedsOpen(DomainError):
    """More units are to be released, fulfilled or received than are open."""

    code: ClassVar[str] = "QUANTITY_EXCEEDS_OPEN"
    line: int
    product: Id
    requested: int
    open: int


@dataclass(eq=False)
class QuantityExceedsFulfilled(DomainError):
    """More units are to come back than were shipped, less those that came back already."""

    code: ClassVar[str] = "QUANTITY_EXCEEDS_FULFILLED"
    line: int
    product: Id
    requested: int
    fulfilled: int
    returned: int


@dataclass(eq=False)
class NotCovered(DomainError):
    """Units that wait for stock (backordered) cannot be shipped yet."""

    code: ClassVar[str] = "NOT_COVERED"
    shortages: list[Shortage]


@dataclass(eq=False)
class BelowZero(DomainError):
    """An adjustment takes away more than lies there."""

    code: ClassVar[str] = "BELOW_ZERO"
    line: int
    product: Id
    warehouse: Id
    quantity_change: int
    on_hand: int


@dataclass(eq=False)
class StaleExpectation(DomainError):
    """on_hand is not what the caller expected: somebody else has moved stock since."""

    code: ClassVar[str] = "STALE_EXPECTATION"
    line: int
    product: Id
    warehouse: Id
    expected_on_hand: int
    on_hand: int


@dataclass(eq=False)
class LevelOverflow(DomainError):
    """A level would exceed 2^31 − 1 units."""

    code: ClassVar[str] = "LEVEL_OVERFLOW"
    line: int
    product: Id
    warehouse: Id
    quantity: int


@dataclass(eq=False)
class Excess:
    """One line that does not fit. requested and free are in units or litres, as capacity_in says."""

    line: int
    product: Id
    warehouse: Id
    requested: int
    free: int
    capacity_in: str


@dataclass(eq=False)
class CapacityExceeded(DomainError):
    """More is to come into a warehouse than it takes in."""

    code: ClassVar[str] = "CAPACITY_EXCEEDED"
    excesses: list[Excess]


@dataclass(eq=False)
class TransferClosed(DomainError):
    """The transfer is received or cancelled: nothing of it is under way."""

    code: ClassVar[str] = "TRANSFER_CLOSED"
    transfer: Id
    status: str


@dataclass(eq=False)
class PurchaseOrderClosed(DomainError):
    """The purchase order is received, cancelled or closed short: nothing more will come."""

    code: ClassVar[str] = "PURCHASE_ORDER_CLOSED"
    purchase_order: Id
    status: str


@dataclass(eq=False)
class PurchaseOrderNotPlaced(DomainError):
    """The purchase order is a draft: the supplier does not know of it, so nothing can have come."""

    code: ClassVar[str] = "PURCHASE_ORDER_NOT_PLACED"
    purchase_order: Id


@dataclass(eq=False)
class CountClosed(DomainError):
    """The count is posted or cancelled: nothing more is counted into it."""

    code: ClassVar[str] = "COUNT_CLOSED"
    count: Id
    status: str


@dataclass(eq=False)
class CountNeedsApproval(DomainError):
    """The count differs by more than may be posted without approval: a line in units, or all of it in money.

    variance is that of the line that differs most; value_off and approval_value are decimals as text, in currency.
    """

    code: ClassVar[str] = "COUNT_NEEDS_APPROVAL"
    count: Id
    variance: int
    approval_limit: int | None
    value_off: str | None = None
    approval_value: str | None = None
    currency: str | None = None


@dataclass(eq=False)
class WarehouseInactive(DomainError):
    """The warehouse takes no new stock and no new orders."""

    code: ClassVar[str] = "WAREHOUSE_INACTIVE"
    line: int
    warehouse: Id


@dataclass(eq=False)
class NoActiveWarehouse(DomainError):
    """No warehouse is open: an order that names none can go nowhere."""

    code: ClassVar[str] = "NO_ACTIVE_WAREHOUSE"


@dataclass(eq=False)
class AlreadyExists(DomainError):
    """The name is taken. kind: sku, warehouse, key."""

    code: ClassVar[str] = "ALREADY_EXISTS"
    kind: str
    name: str


@dataclass(eq=False)
class FieldProblem:
    """One bad field: where (lines[0].quantity), a stable code and a sentence."""

    path: str
    code: str
    detail: str


@dataclass(eq=False)
class Invalid(DomainError):
    """The request is malformed; fields says where."""

    code: ClassVar[str] = "VALIDATION_FAILED"
    fields: list[FieldProblem] = field(default_factory=list)


@dataclass(eq=False)
class IdempotencyKeyReused(DomainError):
    """The same Idempotency-Key came before with another request."""

    code: ClassVar[str] = "IDEMPOTENCY_KEY_REUSED"


@dataclass(eq=False)
class Overloaded(DomainError):
    """Too much waits already; nothing was done. Come back after retry_after_s seconds."""

    code: ClassVar[str] = "OVERLOADED"
    retry_after_s: int = 1


@dataclass(eq=False)
class OutcomeUnknown(DomainError):
    """The database went away at COMMIT: the operation may or may not have happened.

    Repeat it with the same Idempotency-Key to learn which (law 4).
    """

    code: ClassVar[str] = "OUTCOME_UNKNOWN"


@dataclass(eq=False)
class Unavailable(DomainError):
    """The database cannot be reached; nothing was done."""

    code: ClassVar[str] = "DATABASE_UNAVAILABLE"
    retry_after_s: int = 2
