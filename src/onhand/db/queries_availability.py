"""The reads behind displayed availability."""

from datetime import date
from typing import NamedTuple

from onhand.db.query import Query
from onhand.domain.ids import Id


class StockRow(NamedTuple):
    """One product; the arrays run in parallel and are null where it has no level."""

    product_id: Id
    sku: str
    selling_mode: str
    release_date: date | None
    warehouse_ids: list[Id] | None
    versions: list[int] | None
    availables: list[int] | None
    backorder_limits: list[int | None] | None


READ_STOCK = Query("read_stock", StockRow)
