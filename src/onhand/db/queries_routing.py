"""Queries of routing and promises, with the type of their rows."""

from datetime import datetime
from typing import NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class PlaceRow(NamedTuple):
    latitude: float
    longitude: float


class ShelfRow(NamedTuple):
    """Warehouses as their ids of 16 bytes one after the other, and the free units in each."""

    product_id: Id
    warehouses: bytes
    free: list[int]


class SafeShelfRow(NamedTuple):
    """As ShelfRow, and the safety stock in each."""

    product_id: Id
    warehouses: bytes
    free: list[int]
    safety: list[int]


class UnlockedLevelRow(NamedTuple):
    """The fields of LockedLevelRow, and what routing may be told to leave."""

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
    safety_stock: int


class RoutingSettingRow(NamedTuple):
    rules: list[str]
    updated_at: datetime
    updated_by: str


class RevisionRow(NamedTuple):
    revision: int


READ_ROUTING_SETTING = Query("read_routing_setting", RoutingSettingRow)
PUT_ROUTING_SETTING = Statement("put_routing_setting")
SET_WAREHOUSE_PRIORITY = Statement("set_warehouse_priority")
READ_SHELVES_AND_SAFETY = Query("read_shelves_and_safety", SafeShelfRow)
READ_SHELVES = Query("read_shelves", ShelfRow)
READ_LEVELS_OF_PRODUCTS = Query("read_levels_of_products", UnlockedLevelRow)
FIND_POSTAL_CODE = Query("find_postal_code", PlaceRow)
PUT_POSTAL_CODES = Statement("put_postal_codes")
READ_WAREHOUSE_REVISION = Query("read_warehouse_revision", RevisionRow)
MOVE_WAREHOUSE_REVISION = Statement("move_warehouse_revision")
