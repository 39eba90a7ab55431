"""What is answered about suppliers and purchase orders."""

from datetime import date, datetime

from msgspec import Struct

from onhand.services.answers import CapacityWarning


class MeasuredLeadTime(Struct):
    """Of the last receipts, at most LEAD_TIME_RECEIPTS_MAX: mean and sample standard deviation in calendar days."""

    receipts: int
    mean_days: float | None
    spread_days: float | None


class SuppliedProduct(Struct):
    """Terms of one product; units and days. unit_cost is a decimal as text.

    lead_time_used: agreed or measured, which of the two expected dates go by.
    """

    sku: str
    supplier_sku: str | None
    lead_time_days: int
    minimum_order: int
    pack_size: int
    unit_cost: str | None
    priority: int
    lead_time_used: str
    measured_lead_time: MeasuredLeadTime


class Supplier(Struct):
    supplier_id: str
    code: str
    name: str
    lead_time_in: str
    reorders: str
    over_delivery_percent: int
    under_delivery_percent: int
    measured_after_receipts: int
    country: str | None
    holiday_region: str | None
    active: bool
    created_at: datetime
    updated_at: datetime
    products: list[SuppliedProduct]


class PurchaseOrderLine(Struct):
    """received counts all that arrived; open is still to come."""

    line: int
    sku: str
    warehouse: str
    quantity: int
    received: int
    open: int
    damaged: int
    quality_control: int
    cancelled: int


class PurchaseOrder(Struct):
    """status: draft, placed, partially_received, received, cancelled or closed_short."""

    purchase_order_id: str
    supplier: str
    status: str
    expected_arrival_date: date | None
    placed_at: datetime | None
    created_at: datetime
    created_by: str
    lines: list[PurchaseOrderLine]
    warnings: list[CapacityWarning] = []


class SheetLine(Struct):
    """A line as the supplier reads it; unit_cost is a decimal as text."""

    line: int
    sku: str
    supplier_sku: str | None
    product: str
    warehouse: str
    warehouse_name: str
    quantity: int
    unit_cost: str | None


class OrderSheet(Struct):
    """A purchase order as it is printed."""

    purchase_order_id: str
    supplier: str
    supplier_name: str
    status: str
    placed_at: datetime | None
    expected_arrival_date: date | None
    lines: list[SheetLine]
