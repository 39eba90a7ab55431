"""The queries of levels with the types of their rows."""

from typing import NamedTuple

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


class LevelSettingsRow(NamedTuple):
    product_id: Id
    warehouse_id: Id
    reorder_threshold: int | None
    reorder_quantity: int | None
    backorder_limit: int | None
    safety_stock: int


FIND_LEVELS_OF_RESERVATIONS = Query("find_levels_of_reservations", LevelKeyRow)
FIND_LEVELS_OF_TRANSFERS = Query("find_levels_of_transfers", LevelKeyRow)
LOCK_LEVELS = Query("lock_levels", LockedLevelRow)
READ_BACKORDER_LIMITS = Query("read_backorder_limits", BackorderLimitRow)
UPDATE_LEVELS = Statement("update_levels")
INSERT_LEVELS = Statement("insert_levels")
LIST_LEVELS = Query("list_levels", LevelRow)
READ_LEVEL_SETTINGS = Query("read_level_settings", LevelSettingsRow)
SET_LEVEL = Query("set_level", LevelKeyRow)
LOCK_LEVELS_OF_PRODUCT = Query("lock_levels_of_product", LevelKeyRow)
FOLLOW_SELLING_MODE = Statement("follow_selling_mode")
