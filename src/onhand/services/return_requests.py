"""What callers send and get about returns."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from onhand.domain import limits
from onhand.services.answers import CapacityWarning
from onhand.services.requests import Body, OrderId, Quantity, Reason, Sku, UuidText, WarehouseCode

Disposition = Literal["restock", "quality_control", "damaged", "refuse"]
LineNumber = Annotated[int, Meta(ge=0, lt=limits.LINES_MAX, description="line of the reservation")]


class ReturnLine(Body):
    """What came back: a line of the reservation, or a product.

    warehouse: where it is now; where it had been shipped from when not given.
    """

    quantity: Quantity
    disposition: Disposition
    line: LineNumber | None = None
    sku: Sku | None = None
    product_id: UuidText | None = None
    warehouse: WarehouseCode | None = None
    warehouse_id: UuidText | None = None
    reason: Reason | None = None


class NewReturn(Body):
    """Either reservation_id or order_id; line numbers go with reservation_id."""

    lines: Annotated[list[ReturnLine], Meta(min_length=1, max_length=limits.LINES_MAX)]
    reservation_id: UuidText | None = None
    order_id: OrderId | None = None
    reason: Reason | None = None


class ReturnedLine(Struct):
    """Units of one line of a reservation, shipped_from one warehouse. warehouse: where they are now; null: refused."""

    line: int
    reservation_id: str
    reservation_line: int
    sku: str
    quantity: int
    disposition: str
    shipped_from: str
    warehouse: str | None
    reason: str | None


class Return(Struct):
    """What came back of an order. What is not refused is a RECEIVE whose operation_id is return_id."""

    return_id: str
    order_id: str | None
    reason: str | None
    created_at: datetime
    created_by: str
    lines: list[ReturnedLine]
    warnings: list[CapacityWarning] = []
