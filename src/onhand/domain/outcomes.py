"""What the engine answers: facts by id, kept for repeats of the same Idempotency-Key and rendered by the services."""

from datetime import datetime
from typing import Any

import msgspec

from onhand.domain.customer_return import CustomerReturn
from onhand.domain.ids import Id
from onhand.domain.purchase_order import PurchaseOrder
from onhand.domain.reservation import Reservation
from onhand.domain.transfer import Transfer


class Posted(msgspec.Struct, frozen=True, gc=False):
    """One line as it was posted, and its level right after it. Units."""

    product: Id
    warehouse: Id
    quantity: int
    on_hand: int
    reserved: int
    backordered: int
    reason: str | None = None
    damaged: int = 0
    quality_control: int = 0
    set_aside: int = 0


class Short(msgspec.Struct, frozen=True, gc=False):
    """Units of a reservation that a count left without stock."""

    reservation: Id
    product: Id
    warehouse: Id
    quantity: int


class CapacityWarning(msgspec.Struct, frozen=True, gc=False):
    """A warehouse holds more than it should. capacity and used are in units or litres, as capacity_in says."""

    warehouse: Id
    capacity: int
    used: int
    capacity_in: str


class OperationDone(msgspec.Struct, tag_field="kind", tag="operation"):
    operation_id: Id
    type: str
    created_at: datetime
    created_by: str
    reason: str | None
    reference_type: str | None
    reference_id: str | None
    lines: list[Posted]
    short: list[Short]
    warnings: list[CapacityWarning] = []


class ReservationDone(msgspec.Struct, tag_field="kind", tag="reservation"):
    reservation: Reservation


class TransferDone(msgspec.Struct, tag_field="kind", tag="transfer"):
    transfer: Transfer
    warnings: list[CapacityWarning] = []


class PurchaseOrderDone(msgspec.Struct, tag_field="kind", tag="purchase_order"):
    purchase_order: PurchaseOrder
    warnings: list[CapacityWarning] = []


class ReturnDone(msgspec.Struct, tag_field="kind", tag="return"):
    customer_return: CustomerReturn
    warnings: list[CapacityWarning] = []


class Refused(msgspec.Struct, tag_field="kind", tag="refused"):
    """A domain error as data: its code and its facts."""

    code: str
    facts: dict[str, Any]


class Nothing(msgspec.Struct, tag_field="kind", tag="nothing"):
    """There was nothing to do (a hold that has not run out, or is over)."""


Done = OperationDone | ReservationDone | TransferDone | PurchaseOrderDone | ReturnDone | Nothing
