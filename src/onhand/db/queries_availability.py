"""The reads behind displayed availability."""

from datetime import date
from struct import Struct
from typing import NamedTuple

from onhand.db.query import Query
from onhand.domain.ids import Id

LEVEL = Struct("!16sqii")  # warehouse, version, available, backorder limit (-1: none)


class StockRow(NamedTuple):
    """One product; levels as LEVEL packs them, one after the other; null where it has none."""

    product_id: Id
    sku: str
    selling_mode: str
    release_date: date | None
    levels: bytes | None


READ_STOCK = Query("read_stock", StockRow)
