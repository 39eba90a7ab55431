"""The queries of settings that come and go by file, with the types of their rows."""

from typing import NamedTuple

from onhand.db.query import Query
from onhand.domain.ids import Id


class LevelSettingsRow(NamedTuple):
    product_id: Id
    warehouse_id: Id
    reorder_threshold: int | None
    reorder_quantity: int | None
    backorder_limit: int | None
    safety_stock: int


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


READ_LEVEL_SETTINGS = Query("read_level_settings", LevelSettingsRow)
EXPORT_WAREHOUSES = Query("export_warehouses", WarehouseExportRow)
