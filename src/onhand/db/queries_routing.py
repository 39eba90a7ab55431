"""Queries of routing and promises, with the type of their rows."""

from typing import NamedTuple

from onhand.db.queries import LockedLevelRow
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


class RevisionRow(NamedTuple):
    revision: int


READ_SHELVES = Query("read_shelves", ShelfRow)
READ_LEVELS_OF_PRODUCTS = Query("read_levels_of_products", LockedLevelRow)
FIND_POSTAL_CODE = Query("find_postal_code", PlaceRow)
PUT_POSTAL_CODES = Statement("put_postal_codes")
READ_WAREHOUSE_REVISION = Query("read_warehouse_revision", RevisionRow)
MOVE_WAREHOUSE_REVISION = Statement("move_warehouse_revision")
