"""What callers send about suppliers and purchase orders."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from onhand.domain import limits
from onhand.services.requests import (
    _TEXT,
    Body,
    Count,
    Country,
    HolidayRegion,
    Name,
    Quantity,
    Sku,
    UuidText,
    WarehouseCode,
)

SupplierCode = Annotated[
    str, Meta(min_length=1, max_length=limits.SUPPLIER_CODE_MAX_CHARS, pattern=_TEXT, examples=["ACME"])
]
LeadTime = Annotated[int, Meta(ge=0, le=limits.LEAD_TIME_MAX_DAYS, description="days", examples=[7])]
Percent = Annotated[int, Meta(ge=0, le=100, description="percent of a line")]
MeasuredAfter = Annotated[
    int, Meta(ge=0, le=limits.LEAD_TIME_RECEIPTS_MAX, description="receipts; 0 = the agreed lead time always counts")
]
Priority = Annotated[int, Meta(ge=1, le=1000, description="1 is asked first")]
UnitCost = Annotated[Decimal, Meta(description="in the currency agreed with the supplier", examples=["4.25"])]
MEASURED_AFTER_RECEIPTS = 10  # as the column's default
LeadTimeIn = Literal["calendar_days", "working_days"]
Reorders = Literal["placed", "draft"]


class SuppliedProduct(Body):
    """Terms of one product. minimum_order and pack_size in units; a line is a multiple of pack_size."""

    lead_time_days: LeadTime
    sku: Sku | None = None
    product_id: UuidText | None = None
    supplier_sku: Sku | None = None
    minimum_order: Quantity = 1
    pack_size: Quantity = 1
    unit_cost: UnitCost | None = None
    priority: Priority = 1


SuppliedProducts = Annotated[list[SuppliedProduct], Meta(max_length=limits.SUPPLIER_PRODUCTS_MAX)]


class NewSupplier(Body):
    """reorders: whether what onhand orders by itself is placed at once or waits as a draft.

    measured_after_receipts: from so many receipts of a product on, expected dates go by the measured lead time.
    country, holiday_region: where it works; its working days leave out the public holidays there.
    """

    code: SupplierCode
    name: Name
    products: SuppliedProducts = field(default_factory=list)
    lead_time_in: LeadTimeIn = "calendar_days"
    reorders: Reorders = "placed"
    over_delivery_percent: Percent = 0
    under_delivery_percent: Percent = 0
    measured_after_receipts: MeasuredAfter = MEASURED_AFTER_RECEIPTS
    country: Country | None = None
    holiday_region: HolidayRegion | None = None
    active: bool = True


class SupplierPatch(Body):
    """Only what is given changes. products are all it sells from now on."""

    name: Name | UnsetType = UNSET
    products: SuppliedProducts | UnsetType = UNSET
    lead_time_in: LeadTimeIn | UnsetType = UNSET
    reorders: Reorders | UnsetType = UNSET
    over_delivery_percent: Percent | UnsetType = UNSET
    under_delivery_percent: Percent | UnsetType = UNSET
    measured_after_receipts: MeasuredAfter | UnsetType = UNSET
    country: Country | UnsetType | None = UNSET
    holiday_region: HolidayRegion | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class PurchaseOrderLine(Body):
    quantity: Quantity
    sku: Sku | None = None
    product_id: UuidText | None = None
    warehouse: WarehouseCode | None = None
    warehouse_id: UuidText | None = None


class NewPurchaseOrder(Body):
    """Without expected_arrival_date: the day it is placed and the longest lead time of its lines."""

    supplier: SupplierCode
    lines: Annotated[list[PurchaseOrderLine], Meta(min_length=1, max_length=limits.LINES_MAX)]
    expected_arrival_date: date | None = None


class PurchaseOrderPatch(Body):
    """The day that the supplier names now."""

    expected_arrival_date: date


class ArrivedLine(Body):
    """Units that have arrived; the warehouse where the order names several.

    quantity is all that came; damaged and quality_control are the part of it that cannot be sold (yet).
    """

    quantity: Quantity
    damaged: Count = 0
    quality_control: Count = 0
    sku: Sku | None = None
    product_id: UuidText | None = None
    warehouse: WarehouseCode | None = None
    warehouse_id: UuidText | None = None


class Arrival(Body):
    """Without lines: all that is open."""

    lines: Annotated[list[ArrivedLine], Meta(min_length=1, max_length=limits.LINES_MAX)] | None = None


class ReorderRun(Body):
    """dry_run: only tell what would be ordered."""

    dry_run: bool = False
