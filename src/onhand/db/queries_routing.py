"""Queries of routing and promises, with the type of their rows."""

from typing import NamedTuple

from onhand.db.queries import LockedLevelRow
from onhand.db.query import Query, Statement


class PlaceRow(NamedTuple):
    latitude: float
    longitude: float


READ_LEVELS_OF_PRODUCTS = Query("read_levels_of_products", LockedLevelRow)
FIND_POSTAL_CODE = Query("find_postal_code", PlaceRow)
PUT_POSTAL_CODES = Statement("put_postal_codes")
