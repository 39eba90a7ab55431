"""The queries of import and export, and of the server's health, with the types of their rows."""

from datetime import date, datetime
from typing import NamedTuple

from onhand.db.query import Query
from onhand.domain.ids import Id


class ExportedLedgerRow(NamedTuple):
    txn_id: Id
    operation_id: Id
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
    damaged_change: int
    quality_control_change: int
    set_aside_change: int


class ImportedChunkRow(NamedTuple):
    operation_id: Id
    created_at: datetime


class LockedRow(NamedTuple):
    locked: bool


class ProductExportRow(NamedTuple):
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


class WarehouseExportRow(NamedTuple):
    code: str
    name: str
    latitude: float
    longitude: float
    country: str | None
    postal_code: str | None
    time_zone: str
    capacity: int | None
    capacity_in: str
    capacity_policy: str
    active: bool
    priority: int
    cutoff_time: str | None
    handling_days: int
    receiving_days: int
    working_days: str
    holidays: bool
    holiday_region: str | None
    closed_on: str


class StockExportRow(NamedTuple):
    sku: str
    warehouse: str
    quantity: int


class LevelExportRow(NamedTuple):
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


class ReservationExportRow(NamedTuple):
    reservation_id: Id
    order_id: str | None
    status: str
    created_at: datetime
    expires_at: datetime | None
    line: int
    sku: str
    warehouse: str
    quantity: int
    open: int
    fulfilled: int
    released: int
    backordered: int


class ServerHealthRow(NamedTuple):
    version_number: int
    version: str
    fsync: str
    full_page_writes: str
    synchronous_commit: str
    now: datetime
    size_bytes: int


class LedgerRightsRow(NamedTuple):
    superuser: bool
    may_change: bool


FIND_IMPORTED_CHUNKS = Query("find_imported_chunks", ImportedChunkRow)
LOCK_IMPORT = Query("lock_import", LockedRow)
EXPORT_PRODUCTS = Query("export_products", ProductExportRow)
EXPORT_WAREHOUSES = Query("export_warehouses", WarehouseExportRow)
EXPORT_STOCK = Query("export_stock", StockExportRow)
EXPORT_LEVELS = Query("export_levels", LevelExportRow)
EXPORT_LEDGER = Query("export_ledger", ExportedLedgerRow)
EXPORT_RESERVATIONS = Query("export_reservations", ReservationExportRow)
READ_SERVER_HEALTH = Query("read_server_health", ServerHealthRow)
READ_LEDGER_RIGHTS = Query("read_ledger_rights", LedgerRightsRow)
