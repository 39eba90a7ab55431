"""What callers send and get about cycle counts."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from onhand.domain import limits
from onhand.services.answers import ShortReservation
from onhand.services.requests import Body, Count, Sku, UuidText, WarehouseCode


class CountedProduct(Body):
    sku: Sku | None = None
    product_id: UuidText | None = None


class NewCount(Body):
    """approval_limit: units; a line that differs by more is posted only after approval. null = none needs it."""

    warehouse: WarehouseCode
    lines: Annotated[list[CountedProduct], Meta(min_length=1, max_length=limits.LINES_MAX)]
    approval_limit: Count | None = None


class CountedLine(Body):
    counted_quantity: Count
    sku: Sku | None = None
    product_id: UuidText | None = None


class Counted(Body):
    """What lies on the shelf at this moment; a line that was counted before is counted anew."""

    lines: Annotated[list[CountedLine], Meta(min_length=1, max_length=limits.LINES_MAX)]


class CountLine(Struct):
    """expected: on hand when the session began; moved: sold and received since, until the line was counted.

    variance = counted_quantity - expected - moved, and is what is posted. Units; null = not counted yet.
    """

    line: int
    sku: str
    expected: int
    moved: int | None
    counted_quantity: int | None
    variance: int | None


class CountSession(Struct):
    """status: open, posted or cancelled. short: reservations that the posting left without stock, told by it alone."""

    count_id: str
    warehouse: str
    status: str
    approval_limit: int | None
    needs_approval: bool
    approved_by: str | None
    created_at: datetime
    created_by: str
    posted_at: datetime | None
    lines: list[CountLine]
    short: list[ShortReservation] = []
