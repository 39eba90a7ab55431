"""The queries of the replenishment pages, with the types of their rows."""

from datetime import date, datetime
from typing import NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class ReplenishmentRow(NamedTuple):
    sku: str
    name: str
    warehouse: str
    warehouse_id: Id
    on_hand: int
    reserved: int
    backordered: int
    quality_control: int
    incoming: int
    drafted: int
    reorder_threshold: int | None
    reorder_quantity: int | None
    supplier: str | None
    lead_time_days: int | None
    minimum_order: int | None
    pack_size: int | None


class PurchaseOrderHeadRow(NamedTuple):
    purchase_order_id: Id
    supplier: str
    supplier_name: str
    status: str
    expected_arrival_date: date | None
    placed_at: datetime | None
    created_at: datetime
    created_by: str
    lines: int
    units: int
    received: int
    open: int


class PurchaseOrdersDueRow(NamedTuple):
    today: int
    late: int


class SupplierHeadRow(NamedTuple):
    code: str
    name: str
    active: bool
    reorders: str
    products: int
    under_way: int


class ProductOfSupplierRow(NamedTuple):
    sku: str
    name: str
    supplier_sku: str | None
    lead_time_days: int
    minimum_order: int
    pack_size: int
    unit_cost: str | None
    priority: int


LIST_REPLENISHMENT = Query("list_replenishment", ReplenishmentRow)
LIST_PURCHASE_ORDER_HEADS = Query("list_purchase_order_heads", PurchaseOrderHeadRow)
COUNT_PURCHASE_ORDERS_DUE = Query("count_purchase_orders_due", PurchaseOrdersDueRow)
LIST_SUPPLIER_HEADS = Query("list_supplier_heads", SupplierHeadRow)
LIST_PRODUCTS_OF_SUPPLIER = Query("list_products_of_supplier", ProductOfSupplierRow)
DELETE_SUPPLIER_PRODUCT = Statement("delete_supplier_product")
