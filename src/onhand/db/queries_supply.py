"""The queries of suppliers and purchase orders with the types of their rows."""

from datetime import date, datetime
from typing import NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class SupplierRow(NamedTuple):
    supplier_id: Id
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


class SupplierIdRow(NamedTuple):
    supplier_id: Id


class SupplierCodeRow(NamedTuple):
    supplier_id: Id
    code: str


class SupplierProductRow(NamedTuple):
    supplier_id: Id
    product_id: Id
    sku: str
    supplier_sku: str | None
    lead_time_days: int
    minimum_order: int
    pack_size: int
    unit_cost: str | None
    priority: int
    took_days: list[int]


INSERT_SUPPLIER = Statement("insert_supplier")
UPDATE_SUPPLIER = Statement("update_supplier")
FIND_SUPPLIER = Query("find_supplier", SupplierRow)
LOCK_SUPPLIER = Query("lock_supplier", SupplierIdRow)
LIST_SUPPLIERS = Query("list_suppliers", SupplierRow)
READ_SUPPLIER_CODES = Query("read_supplier_codes", SupplierCodeRow)
READ_SUPPLIER_PRODUCTS = Query("read_supplier_products", SupplierProductRow)
PUT_SUPPLIER_PRODUCTS = Statement("put_supplier_products")
DELETE_SUPPLIER_PRODUCTS = Statement("delete_supplier_products")


class OrderedLevelRow(NamedTuple):
    product_id: Id
    warehouse_id: Id


class PurchaseOrderRow(NamedTuple):
    purchase_order_id: Id
    supplier_id: Id
    status: str
    expected_arrival_date: date | None
    placed_at: datetime | None
    created_at: datetime
    created_by: str


class PurchaseOrderLineRow(NamedTuple):
    purchase_order_id: Id
    line: int
    product_id: Id
    warehouse_id: Id
    quantity: int
    received: int
    damaged: int
    quality_control: int
    cancelled: int


class PurchaseOrderIdRow(NamedTuple):
    purchase_order_id: Id


class IncomingDifferenceRow(NamedTuple):
    product_id: Id
    warehouse_id: Id
    level_incoming: int
    arriving: int


FIND_LEVELS_OF_PURCHASE_ORDERS = Query("find_levels_of_purchase_orders", OrderedLevelRow)
READ_PURCHASE_ORDERS = Query("read_purchase_orders", PurchaseOrderRow)
READ_PURCHASE_ORDER_LINES = Query("read_purchase_order_lines", PurchaseOrderLineRow)
INSERT_PURCHASE_ORDERS = Statement("insert_purchase_orders")
UPDATE_PURCHASE_ORDERS = Statement("update_purchase_orders")
INSERT_PURCHASE_ORDER_LINES = Statement("insert_purchase_order_lines")
UPDATE_PURCHASE_ORDER_LINES = Statement("update_purchase_order_lines")
FIND_PURCHASE_ORDERS = Query("find_purchase_orders", PurchaseOrderIdRow)
FIND_INCOMING_DIFFERENCES = Query("find_incoming_differences", IncomingDifferenceRow)


class ReorderNoteRow(NamedTuple):
    note_id: Id
    product_id: Id
    warehouse_id: Id


class DraftedRow(NamedTuple):
    product_id: Id
    warehouse_id: Id
    units: int


class ReorderRow(NamedTuple):
    product_id: Id
    warehouse_id: Id
    position: int
    reorder_threshold: int | None
    reorder_quantity: int | None
    supplier_id: Id | None
    lead_time_days: int | None
    minimum_order: int | None
    pack_size: int | None
    took_days: list[int] | None
    levels: int


INSERT_REORDER_NOTES = Statement("insert_reorder_notes")
READ_REORDER_NOTES = Query("read_reorder_notes", ReorderNoteRow)
DELETE_REORDER_NOTES = Statement("delete_reorder_notes")
READ_DRAFTED = Query("read_drafted", DraftedRow)
FIND_REORDERS_OF = Query("find_reorders_of", ReorderRow)
FIND_REORDERS = Query("find_reorders", ReorderRow)


class StateDifferenceRow(NamedTuple):
    product_id: Id
    warehouse_id: Id
    level_damaged: int
    ledger_damaged: int
    level_quality_control: int
    ledger_quality_control: int
    level_set_aside: int
    ledger_set_aside: int
    orphans: int


INSERT_LEDGER_STATES = Statement("insert_ledger_states")
UPDATE_LEVEL_STATES = Statement("update_level_states")
FIND_STATE_DIFFERENCES = Query("find_state_differences", StateDifferenceRow)


class OrderSheetRow(NamedTuple):
    supplier: str
    supplier_name: str
    status: str
    expected_arrival_date: date | None
    placed_at: datetime | None
    line: int
    sku: str
    product: str
    supplier_sku: str | None
    warehouse: str
    warehouse_name: str
    quantity: int
    unit_cost: str | None


READ_ORDER_SHEET = Query("read_order_sheet", OrderSheetRow)


class ExportedSupplierRow(NamedTuple):
    supplier: str
    name: str
    lead_time_in: str
    reorders: str
    over_delivery_percent: int
    under_delivery_percent: int
    measured_after_receipts: int
    country: str | None
    holiday_region: str | None
    active: bool
    sku: str | None
    supplier_sku: str | None
    lead_time_days: int | None
    minimum_order: int | None
    pack_size: int | None
    unit_cost: str | None
    priority: int | None


class ExportedPurchaseOrderRow(NamedTuple):
    purchase_order_id: Id
    supplier: str
    status: str
    expected_arrival_date: date | None
    placed_at: datetime | None
    created_at: datetime
    created_by: str
    line: int
    sku: str
    warehouse: str
    quantity: int
    received: int
    open: int
    damaged: int
    quality_control: int
    cancelled: int


EXPORT_SUPPLIERS = Query("export_suppliers", ExportedSupplierRow)
EXPORT_PURCHASE_ORDERS = Query("export_purchase_orders", ExportedPurchaseOrderRow)
