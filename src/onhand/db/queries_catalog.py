"""The queries of products and warehouses with the types of their rows."""

from datetime import date, datetime
from typing import NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class ProductRefRow(NamedTuple):
    sku: str
    product_id: Id


class WarehouseRefRow(NamedTuple):
    warehouse_id: Id
    code: str
    latitude: float
    longitude: float
    country: str | None
    active: bool
    priority: int
    rules: list[str] | None  # of routing, the same in every row; null: nobody has set them


class ProductRow(NamedTuple):
    product_id: Id
    sku: str
    name: str
    category: str | None
    weight_g: int | None
    length_mm: int | None
    width_mm: int | None
    height_mm: int | None
    selling_mode: str
    selling_limit: int | None
    release_date: date | None
    created_at: datetime
    updated_at: datetime


class ProductIdRow(NamedTuple):
    product_id: Id


class WarehouseRow(NamedTuple):
    warehouse_id: Id
    code: str
    name: str
    latitude: float
    longitude: float
    country: str | None
    postal_code: str | None
    time_zone: str
    capacity: int | None
    active: bool
    created_at: datetime
    updated_at: datetime
    capacity_in: str
    capacity_policy: str
    priority: int


class WarehouseIdRow(NamedTuple):
    warehouse_id: Id


FIND_PRODUCTS_BY_SKU = Query("find_products_by_sku", ProductRefRow)
FIND_PRODUCTS = Query("find_products", ProductRefRow)
READ_WAREHOUSES = Query("read_warehouses", WarehouseRefRow)
READ_PRODUCT = Query("read_product", ProductRow)
LIST_PRODUCTS = Query("list_products", ProductRow)
INSERT_PRODUCT = Statement("insert_product")
UPDATE_PRODUCT = Statement("update_product")
LOCK_PRODUCT = Query("lock_product", ProductIdRow)
READ_WAREHOUSE = Query("read_warehouse", WarehouseRow)
LOCK_WAREHOUSE = Query("lock_warehouse", WarehouseIdRow)
LIST_WAREHOUSES = Query("list_warehouses", WarehouseRow)
INSERT_WAREHOUSE = Statement("insert_warehouse")
UPDATE_WAREHOUSE = Statement("update_warehouse")
INSERT_PRODUCTS = Query("insert_products", ProductRefRow)
READ_DUE_PREORDERS = Query("read_due_preorders", ProductIdRow)
