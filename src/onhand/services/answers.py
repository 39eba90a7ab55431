"""What callers get: the shapes of the API. Ids are UUID text, times UTC, quantities units."""

from datetime import date, datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from onhand.services.requests import ShippingCalendar


class Product(Struct):
    product_id: str
    sku: str
    name: str
    category: str | None
    weight_g: int | None
    dimensions: dict[str, int] | None
    selling: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class Warehouse(Struct):
    warehouse_id: str
    code: str
    name: str
    location: dict[str, Any]
    time_zone: str
    capacity: int | None
    capacity_in: str
    capacity_policy: str
    active: bool
    calendar: ShippingCalendar
    priority: int
    created_at: datetime
    updated_at: datetime


class Level(Struct):
    sku: str
    warehouse: str
    on_hand: int
    reserved: int
    backordered: int
    available: int
    incoming: int
    damaged: int
    quality_control: int
    reorder_threshold: int | None
    reorder_quantity: int | None
    backorder_limit: int | None
    safety_stock: int
    set_aside: int


class PostedLine(Struct):
    """A line as it was posted, and its level right after it."""

    sku: str
    warehouse: str
    quantity: int
    on_hand: int
    reserved: int
    backordered: int
    available: int
    reason: str | None = None
    damaged: int = 0
    quality_control: int = 0
    set_aside: int = 0


class ShortReservation(Struct):
    """Units of a reservation that a count left without stock."""

    reservation_id: str
    sku: str
    warehouse: str
    quantity: int


class CapacityWarning(Struct):
    """A warehouse holds more than it should, and takes in all the same. Units or litres, as capacity_in says."""

    warehouse: str
    capacity: int
    used: int
    capacity_in: str
    code: str = "CAPACITY_EXCEEDED"


class Operation(Struct):
    operation_id: str
    type: str
    created_at: datetime
    created_by: str
    reason: str | None
    reference: dict[str, str] | None
    lines: list[PostedLine]
    short: list[ShortReservation]
    warnings: list[CapacityWarning] = []


class Allocation(Struct):
    warehouse: str
    quantity: int
    backordered: int


class ReservedLine(Struct):
    """quantity = open + fulfilled + released; requested is more where only a part could be had."""

    line: int
    sku: str
    quantity: int
    open: int
    fulfilled: int
    released: int
    allocations: list[Allocation]
    requested: int


class RouteCandidate(Struct):
    warehouse: str
    distance_km: float | None
    chosen: bool


class ReturnedPart(Struct):
    """Units that a customer sent back of a line of the reservation; warehouse null: refused."""

    return_id: str
    created_at: datetime
    line: int
    sku: str
    quantity: int
    disposition: str
    warehouse: str | None
    reason: str | None


class ToldPromise(Struct):
    """When units of a line that waits ship, as first told and as it is now; null: nobody knows. What will cover it.

    at_risk: later than told, or without a day. late_days: by how much.
    """

    reservation_id: str
    order_id: str | None
    line: int
    sku: str
    warehouse: str
    quantity: int
    told_at: datetime
    told: dict[str, date | None]
    ships_from: date | None
    ships_to: date | None
    at_risk: bool
    late_days: int | None
    evidence: list[dict[str, Any]]
    changed_at: datetime


class Reservation(Struct):
    """returns: what came back, where something did and the reservation is read; promises: to its lines that wait,
    likewise. priority: where it is not the usual.
    """

    reservation_id: str
    order_id: str | None
    status: str
    created_at: datetime
    expires_at: datetime | None
    lines: list[ReservedLine]
    route: dict[str, Any] | None
    returns: list[ReturnedPart] | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    promises: list[ToldPromise] | UnsetType = UNSET


class TransferredLine(Struct):
    """cancelled will not arrive; lost is the part of it that did not come back either."""

    sku: str
    quantity: int
    received: int
    cancelled: int
    lost: int = 0


class Transfer(Struct):
    transfer_id: str
    from_: str = field(name="from")
    to: str
    status: str
    created_at: datetime
    created_by: str
    lines: list[TransferredLine]
    warnings: list[CapacityWarning] = []


class WarehouseAvailability(Struct):
    warehouse: str
    available: int


class Promise(Struct):
    """The first and the last day on which so many ship, in the shopper's words, and what says so."""

    ships_from: date
    ships_to: date
    text: str
    evidence: list[dict[str, Any]]


class Numbers(Struct):
    """An answer about a product, but for how old it is."""

    sku: str
    available: int
    status: str
    warehouses: list[WarehouseAvailability]
    promise: Promise | None


class Availability(Numbers):
    """status: in_stock, backorder, preorder or out_of_stock. age_ms: how old the numbers are."""

    as_of: datetime
    age_ms: int


class LedgerEntry(Struct):
    txn_id: str
    operation_id: str
    type: str
    sku: str
    warehouse: str
    quantity: int
    on_hand: int
    reserved: int
    reason: str | None
    reference_type: str | None
    reference_id: str | None
    created_at: datetime
    created_by: str
    states: dict[str, int] | None = None  # what moved into (+) and out of (-) each


class OpenReservation(Struct):
    reservation_id: str
    order_id: str | None
    status: str
    created_at: datetime
    expires_at: datetime | None
    warehouse: str
    line: int
    open: int
    backordered: int


class Explanation(Struct):
    """How each number of a product came to be."""

    sku: str
    product_id: str
    name: str
    selling: dict[str, Any]
    totals: dict[str, int]
    levels: list[Level]
    reservations: list[OpenReservation]
    reservations_complete: bool
    last_operations: list[LedgerEntry]


class Page(Struct):
    """items, and the cursor of the next page (null = this was the last)."""

    items: list[Any]
    next_cursor: str | None
