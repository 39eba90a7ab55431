"""What callers send and get about cycle counts."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from onhand.domain import limits
from onhand.services.answers import ShortReservation
from onhand.services.requests import Body, Count, Sku, UuidText, WarehouseCode

Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}(?![\s\S])", description="ISO 4217", examples=["EUR"])]
Money = Annotated[Decimal, Meta(description="in the count's currency", examples=["100.00"])]


class CountedProduct(Body):
    """unit_cost: what a unit is worth; that of the first supplier that has one when not given."""

    sku: Sku | None = None
    product_id: UuidText | None = None
    unit_cost: Money | None = None


class NewCount(Body):
    """approval_limit: units; a line that differs by more is posted only after approval. null = none needs it.

    approval_value: the same for all differences together, what is missing and what is too much, in currency.
    """

    warehouse: WarehouseCode
    lines: Annotated[list[CountedProduct], Meta(min_length=1, max_length=limits.LINES_MAX)]
    approval_limit: Count | None = None
    approval_value: Money | None = None
    currency: Currency | None = None


class CountedLine(Body):
    """counted_at: when it was counted, if not at this moment; it is compared with the book of then."""

    counted_quantity: Count
    counted_at: datetime | None = None
    sku: Sku | None = None
    product_id: UuidText | None = None


class Counted(Body):
    """What lies on the shelf; a line that was counted before is counted anew."""

    lines: Annotated[list[CountedLine], Meta(min_length=1, max_length=limits.LINES_MAX)]


class CountLine(Struct):
    """expected: on hand when the session began; moved: sold and received since, until the line was counted.

    variance = counted_quantity - expected - moved, and is what is posted. Units; null = not counted yet.
    variance_value = variance × unit_cost; decimals as text; null = not known.
    """

    line: int
    sku: str
    expected: int
    moved: int | None
    counted_quantity: int | None
    variance: int | None
    unit_cost: str | None
    variance_value: str | None


class CountTotals(Struct):
    """Over what was counted; units_off and value_off add up without signs. unvalued: of unknown cost, and different."""

    lines: int
    counted: int
    units: int
    units_off: int
    value: str
    value_off: str
    unvalued: int


class CountSession(Struct):
    """status: open, posted or cancelled. short: reservations that the posting left without stock, told by it alone."""

    count_id: str
    warehouse: str
    status: str
    approval_limit: int | None
    approval_value: str | None
    currency: str | None
    needs_approval: bool
    approved_by: str | None
    created_at: datetime
    created_by: str
    posted_at: datetime | None
    totals: CountTotals
    lines: list[CountLine]
    short: list[ShortReservation] = []
