"""Every query of onhand with the type of its rows, in the order of the files under sql/."""

from datetime import date, datetime
from typing import Any, NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class LevelKeyRow(NamedTuple):
    product_id: Id
    warehouse_id: Id


class LockedLevelRow(NamedTuple):
    product_id: Id
    warehouse_id: Id
    on_hand: int
    reserved: int
    backordered: int
    damaged: int
    quality_control: int
    incoming: int
    version: int
    backorder_limit: int | None
    reorder_threshold: int | None
    set_aside: int


class BackorderLimitRow(NamedTuple):
    product_id: Id
    backorder_limit: int | None


class LevelRow(NamedTuple):
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
    product_id: Id
    warehouse_id: Id


FIND_LEVELS_OF_RESERVATIONS = Query("find_levels_of_reservations", LevelKeyRow)
FIND_LEVELS_OF_TRANSFERS = Query("find_levels_of_transfers", LevelKeyRow)
LOCK_LEVELS = Query("lock_levels", LockedLevelRow)
READ_BACKORDER_LIMITS = Query("read_backorder_limits", BackorderLimitRow)
UPDATE_LEVELS = Statement("update_levels")
INSERT_LEVELS = Statement("insert_levels")
LIST_LEVELS = Query("list_levels", LevelRow)
SET_LEVEL = Query("set_level", LevelKeyRow)
LOCK_LEVELS_OF_PRODUCT = Query("lock_levels_of_product", LevelKeyRow)
FOLLOW_SELLING_MODE = Statement("follow_selling_mode")


class OperationIdRow(NamedTuple):
    operation_id: Id


class LedgerRow(NamedTuple):
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
    states: dict[str, int] | None


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


INSERT_OPERATIONS = Statement("insert_operations")
FIND_OPERATIONS = Query("find_operations", OperationIdRow)
INSERT_LEDGER = Statement("insert_ledger")
LIST_LEDGER = Query("list_ledger", LedgerRow)
LIST_LEDGER_OF_PRODUCT = Query("list_ledger_of_product", LedgerRow)
INSERT_EVENTS = Statement("insert_events")


class ReservationRow(NamedTuple):
    reservation_id: Id
    status: str
    order_id: str | None
    created_at: datetime
    expires_at: datetime | None
    route: dict[str, Any] | None
    requested: dict[str, int] | None


class ReservationLineRow(NamedTuple):
    reservation_id: Id
    line: int
    product_id: Id
    warehouse_id: Id
    quantity: int
    fulfilled: int
    released: int
    backordered: int
    priority: int


class TimerRow(NamedTuple):
    expires_at: datetime
    reservation_id: Id


class ReservationIdRow(NamedTuple):
    reservation_id: Id


class OpenLineRow(NamedTuple):
    reservation_id: Id
    order_id: str | None
    status: str
    created_at: datetime
    expires_at: datetime | None
    warehouse: str
    line: int
    open: int
    backordered: int


READ_RESERVATIONS = Query("read_reservations", ReservationRow)
READ_RESERVATION_LINES = Query("read_reservation_lines", ReservationLineRow)
READ_WAITING_LINES = Query("read_waiting_lines", ReservationLineRow)
READ_YOUNGEST_LINES = Query("read_youngest_lines", ReservationLineRow)
INSERT_RESERVATIONS = Statement("insert_reservations")
UPDATE_RESERVATIONS = Statement("update_reservations")
INSERT_RESERVATION_LINES = Statement("insert_reservation_lines")
UPDATE_RESERVATION_LINES = Statement("update_reservation_lines")
SET_PRIORITIES = Statement("set_priorities")
INSERT_TIMERS = Statement("insert_timers")
READ_DUE_TIMERS = Query("read_due_timers", TimerRow)
DELETE_TIMERS = Statement("delete_timers")
FIND_RESERVATIONS_OF_ORDER = Query("find_reservations_of_order", ReservationIdRow)
FIND_RESERVATIONS = Query("find_reservations", ReservationIdRow)
READ_OPEN_LINES_OF_PRODUCT = Query("read_open_lines_of_product", OpenLineRow)


class TransferRow(NamedTuple):
    transfer_id: Id
    from_warehouse_id: Id
    to_warehouse_id: Id
    status: str
    created_at: datetime
    created_by: str


class TransferLineRow(NamedTuple):
    transfer_id: Id
    line: int
    product_id: Id
    quantity: int
    received: int
    cancelled: int
    lost: int


class TransferIdRow(NamedTuple):
    transfer_id: Id


READ_TRANSFERS = Query("read_transfers", TransferRow)
READ_TRANSFER_LINES = Query("read_transfer_lines", TransferLineRow)
INSERT_TRANSFERS = Statement("insert_transfers")
UPDATE_TRANSFERS = Statement("update_transfers")
INSERT_TRANSFER_LINES = Statement("insert_transfer_lines")
UPDATE_TRANSFER_LINES = Statement("update_transfer_lines")
FIND_TRANSFERS = Query("find_transfers", TransferIdRow)


class IdempotencyRow(NamedTuple):
    digest: Id
    request_digest: Id
    outcome: bytes


class KeptRow(NamedTuple):
    digest: Id


READ_IDEMPOTENCY = Query("read_idempotency", IdempotencyRow)
INSERT_IDEMPOTENCY = Statement("insert_idempotency")
KEEP_REFUSALS = Query("keep_refusals", KeptRow)
DELETE_OLD_IDEMPOTENCY = Statement("delete_old_idempotency")


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


class ApiKeyRow(NamedTuple):
    name: str
    scopes: list[str]


class ApiKeyInfoRow(NamedTuple):
    key_id: Id
    name: str
    scopes: list[str]
    created_at: datetime
    revoked_at: datetime | None


FIND_API_KEY = Query("find_api_key", ApiKeyRow)
INSERT_API_KEY = Statement("insert_api_key")
PUT_API_KEY = Statement("put_api_key")
LIST_API_KEYS = Query("list_api_keys", ApiKeyInfoRow)
REVOKE_API_KEY = Statement("revoke_api_key")


INSERT_PRODUCTS = Query("insert_products", ProductRefRow)
READ_DUE_PREORDERS = Query("read_due_preorders", ProductIdRow)


class LedgerDifferenceRow(NamedTuple):
    product_id: Id
    warehouse_id: Id
    level_on_hand: int
    ledger_on_hand: int
    level_reserved: int
    ledger_reserved: int
    level_version: int
    ledger_version: int


class ReservationDifferenceRow(NamedTuple):
    product_id: Id
    warehouse_id: Id
    level_reserved: int
    open_reserved: int
    level_backordered: int
    open_backordered: int


class StatusDifferenceRow(NamedTuple):
    reservation_id: Id
    status: str
    open: int


class ChainBreakRow(NamedTuple):
    product_id: Id
    warehouse_id: Id
    version: int
    type: str
    quantity: int
    on_hand: int
    reserved: int
    before_version: int
    before_on_hand: int
    before_reserved: int


class LimitBreakRow(NamedTuple):
    product_id: Id
    warehouse_id: Id
    on_hand: int
    reserved: int
    backordered: int
    backorder_limit: int | None


class OrphanRow(NamedTuple):
    operation_id: Id
    entries: int


class ProvedRow(NamedTuple):
    levels: int
    ledger_rows: int
    reservations: int
    on_hand: int
    reserved: int
    backordered: int


class LastEntryRow(NamedTuple):
    txn_id: Id
    operation_id: Id
    type: str
    quantity: int
    on_hand: int
    reserved: int
    version: int
    reason: str | None
    created_at: datetime
    created_by: str


class LevelSumsRow(NamedTuple):
    ledger_on_hand: int
    ledger_reserved: int
    ledger_version: int
    open_reserved: int
    open_backordered: int
    ledger_damaged: int
    ledger_quality_control: int
    ledger_set_aside: int


class GuardRow(NamedTuple):
    guards: int


class ReportRow(NamedTuple):
    report: dict[str, Any]


FIND_LEDGER_DIFFERENCES = Query("find_ledger_differences", LedgerDifferenceRow)
FIND_RESERVATION_DIFFERENCES = Query("find_reservation_differences", ReservationDifferenceRow)
FIND_STATUS_DIFFERENCES = Query("find_status_differences", StatusDifferenceRow)
FIND_CHAIN_BREAKS = Query("find_chain_breaks", ChainBreakRow)
FIND_LIMIT_BREAKS = Query("find_limit_breaks", LimitBreakRow)
FIND_ORPHANED_LEDGER = Query("find_orphaned_ledger", OrphanRow)
COUNT_PROVED = Query("count_proved", ProvedRow)
READ_LAST_ENTRIES = Query("read_last_entries", LastEntryRow)
SUM_LEVEL = Query("sum_level", LevelSumsRow)
READ_LEDGER_GUARD = Query("read_ledger_guard", GuardRow)
INSERT_RECONCILIATION = Statement("insert_reconciliation")
READ_LAST_RECONCILIATION = Query("read_last_reconciliation", ReportRow)


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
EXPORT_STOCK = Query("export_stock", StockExportRow)
EXPORT_LEVELS = Query("export_levels", LevelExportRow)
EXPORT_LEDGER = Query("export_ledger", ExportedLedgerRow)
EXPORT_RESERVATIONS = Query("export_reservations", ReservationExportRow)
READ_SERVER_HEALTH = Query("read_server_health", ServerHealthRow)
READ_LEDGER_RIGHTS = Query("read_ledger_rights", LedgerRightsRow)
