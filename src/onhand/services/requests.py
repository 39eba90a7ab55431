"""What callers send: the shapes of the API, refused as a whole when a field is wrong, missing or unknown."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from onhand.domain import limits
from onhand.domain.routing import Rule

# No control characters, no line break even at the end (a plain $ would let one pass).
_TEXT = r"^[^\u0000-\u001f\u007f]+(?![\s\S])"

Sku = Annotated[str, Meta(min_length=1, max_length=limits.SKU_MAX_CHARS, pattern=_TEXT, examples=["MUG-RED"])]
WarehouseCode = Annotated[
    str, Meta(min_length=1, max_length=limits.WAREHOUSE_CODE_MAX_CHARS, pattern=_TEXT, examples=["LEJ1"])
]
Name = Annotated[str, Meta(min_length=1, max_length=limits.NAME_MAX_CHARS, pattern=_TEXT)]
Reason = Annotated[str, Meta(min_length=1, max_length=limits.REASON_MAX_CHARS, pattern=_TEXT, examples=["count"])]
OrderId = Annotated[str, Meta(min_length=1, max_length=limits.ORDER_ID_MAX_CHARS, pattern=_TEXT, examples=["SO-1001"])]
UuidText = Annotated[
    str, Meta(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![\s\S])", description="UUID")
]
Quantity = Annotated[int, Meta(ge=1, le=limits.QUANTITY_MAX_UNITS, description="units", examples=[3])]
Count = Annotated[int, Meta(ge=0, le=limits.QUANTITY_MAX_UNITS, description="units", examples=[5])]
Change = Annotated[
    int, Meta(ge=-limits.QUANTITY_MAX_UNITS, le=limits.QUANTITY_MAX_UNITS, description="units, signed", examples=[-2])
]
Measure = Annotated[int, Meta(ge=0, le=limits.QUANTITY_MAX_UNITS)]
Latitude = Annotated[float, Meta(ge=-90, le=90, description="degrees north", examples=[51.42])]
Longitude = Annotated[float, Meta(ge=-180, le=180, description="degrees east", examples=[12.24])]
Country = Annotated[
    str, Meta(pattern=r"^[A-Z]{2}(?![\s\S])", description="ISO 3166-1 alpha-2, upper case", examples=["DE"])
]
HolidayRegion = Annotated[str, Meta(min_length=1, max_length=20, pattern=_TEXT, examples=["SN"])]
PostalCode = Annotated[str, Meta(min_length=1, max_length=20, pattern=_TEXT, examples=["04435"])]
HoldSeconds = Annotated[
    int,
    Meta(ge=limits.EXPIRY_MIN_S, le=limits.EXPIRY_MAX_S, description="seconds; null = never", examples=[900]),
]


class Body(Struct, forbid_unknown_fields=True):
    """A JSON object in which every field is known."""


class Dimensions(Body):
    length_mm: Measure
    width_mm: Measure
    height_mm: Measure


class Selling(Body):
    """What happens when the shelf is empty. limit: units below zero per level, null = no limit."""

    mode: Literal["deny", "backorder", "preorder"]
    limit: Count | None = None
    release_date: date | None = None


class NewProduct(Body):
    sku: Sku
    name: Name
    category: Name | None = None
    weight_g: Measure | None = None
    dimensions: Dimensions | None = None
    selling: Selling | None = None


class ProductPatch(Body):
    """Only what is given changes; null clears."""

    name: Name | UnsetType = UNSET
    category: Name | UnsetType | None = UNSET
    weight_g: Measure | UnsetType | None = UNSET
    dimensions: Dimensions | UnsetType | None = UNSET
    selling: Selling | UnsetType = UNSET


class Location(Body):
    latitude: Latitude
    longitude: Longitude
    country: Country | None = None
    postal_code: PostalCode | None = None


WarehousePriority = Annotated[
    int, Meta(ge=0, le=limits.WAREHOUSE_PRIORITY_MAX, description="0 is preferred, where the rule priority is on")
]
CapacityIn = Literal["units", "litres"]
CapacityPolicy = Literal["ignore", "warn", "refuse"]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WorkingDays = Annotated[int, Meta(ge=0, le=limits.HANDLING_MAX_DAYS, description="working days")]


class ShippingCalendar(Body):
    """When orders ship, in the warehouse's local time. Given as a whole: what is left out is as here.

    cutoff_time: orders before it are begun on the same day, null = midnight; handling_days: from then until they ship;
    receiving_days: from the arrival of stock until it can be packed. holidays: closed on the public holidays of the
    location's country, and of its region (ISO 3166-2 without the country); closed_on: further days.
    """

    cutoff_time: (
        Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](?![\s\S])", examples=["14:00"])] | None
    ) = "14:00"
    handling_days: WorkingDays = 0
    receiving_days: WorkingDays = 1
    working_days: Annotated[list[Weekday], Meta(min_length=1, max_length=7)] = field(
        default_factory=lambda: list(WEEKDAYS[:5])
    )
    holidays: bool = True
    holiday_region: HolidayRegion | None = None
    closed_on: Annotated[list[date], Meta(max_length=limits.CLOSED_ON_MAX_DAYS)] = field(default_factory=list)


class NewWarehouse(Body):
    """capacity_policy: what happens to what would come in beyond the capacity. litres are those of the dimensions."""

    code: WarehouseCode
    name: Name
    location: Location
    time_zone: Annotated[str, Meta(max_length=64, examples=["Europe/Berlin"])] = "UTC"
    capacity: Quantity | None = None
    capacity_in: CapacityIn = "units"
    capacity_policy: CapacityPolicy = "ignore"
    active: bool = True
    calendar: ShippingCalendar | None = None
    priority: WarehousePriority = 0


class WarehousePatch(Body):
    """Only what is given changes; null clears."""

    name: Name | UnsetType = UNSET
    location: Location | UnsetType = UNSET
    time_zone: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    capacity: Quantity | UnsetType | None = UNSET
    capacity_in: CapacityIn | UnsetType = UNSET
    capacity_policy: CapacityPolicy | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    calendar: ShippingCalendar | UnsetType = UNSET
    priority: WarehousePriority | UnsetType = UNSET


class RoutingRules(Body):
    """The first that tells two plans apart decides; what is not named is off."""

    rules: Annotated[list[Rule], Meta(max_length=len(Rule))]


class LevelSettings(Body):
    """Only what is given changes; null clears (a backorder_limit of null means no limit)."""

    reorder_threshold: Count | UnsetType | None = UNSET
    reorder_quantity: Quantity | UnsetType | None = UNSET
    backorder_limit: Count | UnsetType | None = UNSET
    safety_stock: Count | UnsetType = UNSET


class Reference(Body):
    """What in another system this belongs to."""

    type: Annotated[str, Meta(min_length=1, max_length=50, pattern=_TEXT, examples=["delivery"])]
    id: OrderId


class ReceiptLine(Body):
    """quantity is all that came; damaged and quality_control are the part of it that cannot be sold (yet)."""

    quantity: Quantity
    damaged: Count = 0
    quality_control: Count = 0
    sku: Sku | None = None
    product_id: UuidText | None = None
    warehouse: WarehouseCode | None = None
    warehouse_id: UuidText | None = None


class NewReceipt(Body):
    lines: Annotated[list[ReceiptLine], Meta(min_length=1, max_length=limits.LINES_MAX)]
    reference: Reference | None = None
    reason: Reason | None = None


class AdjustmentLine(Body):
    """Either quantity_change or counted_quantity."""

    reason: Reason
    sku: Sku | None = None
    product_id: UuidText | None = None
    warehouse: WarehouseCode | None = None
    warehouse_id: UuidText | None = None
    quantity_change: Change | None = None
    counted_quantity: Count | None = None
    expected_on_hand: Count | None = None


class NewAdjustment(Body):
    lines: Annotated[list[AdjustmentLine], Meta(min_length=1, max_length=limits.LINES_MAX)]
    reference: Reference | None = None
    reason: Reason | None = None


class StateLine(Body):
    """quantity units move from one state to another; available is on_hand, safety_stock set_aside, scrapped is gone."""

    quantity: Quantity
    from_: Literal["available", "damaged", "quality_control", "safety_stock"] = field(name="from")
    to: Literal["available", "damaged", "quality_control", "safety_stock", "scrapped"]
    reason: Reason
    sku: Sku | None = None
    product_id: UuidText | None = None
    warehouse: WarehouseCode | None = None
    warehouse_id: UuidText | None = None


class NewStateChange(Body):
    lines: Annotated[list[StateLine], Meta(min_length=1, max_length=limits.LINES_MAX)]
    reference: Reference | None = None
    reason: Reason | None = None


class TransferLine(Body):
    quantity: Quantity
    sku: Sku | None = None
    product_id: UuidText | None = None


class NewTransfer(Body):
    """from and to: a warehouse's code or id."""

    lines: Annotated[list[TransferLine], Meta(min_length=1, max_length=limits.LINES_MAX)]
    from_: WarehouseCode = field(name="from")
    to: WarehouseCode
    mode: Literal["immediate", "in_transit"] = "immediate"
    reference: Reference | None = None
    reason: Reason | None = None


class TransferPart(Body):
    """Without lines: all that is under way."""

    lines: Annotated[list[TransferLine], Meta(min_length=1, max_length=limits.LINES_MAX)] | None = None


class TransferLoss(Body):
    """Without lines: all that is under way is lost."""

    reason: Reason
    lines: Annotated[list[TransferLine], Meta(min_length=1, max_length=limits.LINES_MAX)] | None = None


class ShipTo(Body):
    """Coordinates, or a country."""

    latitude: Latitude | None = None
    longitude: Longitude | None = None
    country: Country | None = None
    postal_code: PostalCode | None = None


OrderPriority = Annotated[
    int, Meta(ge=1, le=9, description="who waits is covered by priority, 1 first, 5 as usual, and then by age")
]


class ReservationLine(Body):
    """Without a warehouse: wherever stock is."""

    quantity: Quantity
    sku: Sku | None = None
    product_id: UuidText | None = None
    warehouse: WarehouseCode | None = None
    warehouse_id: UuidText | None = None


class NewReservation(Body):
    lines: Annotated[list[ReservationLine], Meta(min_length=1, max_length=limits.LINES_MAX)]
    order_id: OrderId | None = None
    ship_to: ShipTo | None = None
    expires_in_s: HoldSeconds | None = limits.EXPIRY_DEFAULT_S
    allow_split: bool = True
    allow_partial: bool = False
    priority: OrderPriority | UnsetType = UNSET


class NewQuote(Body):
    """An order as a reservation would have it, without a hold."""

    lines: Annotated[list[ReservationLine], Meta(min_length=1, max_length=limits.LINES_MAX)]
    ship_to: ShipTo | None = None
    allow_split: bool = True
    allow_partial: bool = False


class BatchedReservation(NewReservation):
    idempotency_key: (
        Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[\u0021-\u007e]+(?![\s\S])")] | None
    ) = None


class ReservationBatch(Body):
    reservations: Annotated[list[BatchedReservation], Meta(min_length=1, max_length=limits.RESERVATION_BATCH_MAX)]


class ReservationPart(Body):
    """Without lines: all that is open."""

    lines: Annotated[list[ReservationLine], Meta(min_length=1, max_length=limits.LINES_MAX)] | None = None


class Priority(Body):
    """Whom new stock covers first of those who wait."""

    priority: OrderPriority


class Extension(Body):
    expires_in_s: HoldSeconds | None


class AvailabilityQuery(Body):
    """1 to 500 products, by sku or by id."""

    skus: Annotated[list[Sku], Meta(max_length=limits.AVAILABILITY_SKUS_MAX)] = []
    product_ids: Annotated[list[UuidText], Meta(max_length=limits.AVAILABILITY_SKUS_MAX)] = []


class LedgerFilter(Body):
    """Newest first; from is inclusive, to exclusive."""

    sku: Sku | None = None
    product_id: UuidText | None = None
    warehouse: WarehouseCode | None = None
    warehouse_id: UuidText | None = None
    type: Literal["RECEIVE", "RESERVE", "RELEASE", "FULFILL", "ADJUST", "TRANSFER"] | None = None
    reference_id: OrderId | None = None
    from_: datetime | None = field(name="from", default=None)
    to: datetime | None = None
