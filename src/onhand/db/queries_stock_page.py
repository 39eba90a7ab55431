"""The queries of the stock page, with the types of their rows."""

from typing import NamedTuple

from onhand.db.query import Query
from onhand.domain.ids import Id


class FoundProductRow(NamedTuple):
    product_id: Id
    sku: str
    name: str


class StockRow(NamedTuple):
    sku: str
    name: str
    category: str | None
    on_hand: int
    reserved: int
    backordered: int
    available: int
    incoming: int
    below_threshold: bool


PAGE_PRODUCTS_BY_SKU = Query("page_products_by_sku", FoundProductRow)
PAGE_PRODUCTS_BY_NAME = Query("page_products_by_name", FoundProductRow)
PAGE_PRODUCTS_BY_AGE = Query("page_products_by_age", FoundProductRow)
PAGE_PRODUCTS_OF_ALERT = Query("page_products_of_alert", FoundProductRow)
PAGE_PRODUCTS_OF_ALERT_ANYWHERE = Query("page_products_of_alert_anywhere", FoundProductRow)
FIND_PRODUCTS_BY_PREFIX = Query("find_products_by_prefix", FoundProductRow)
FIND_ALERTS_BY_PREFIX = Query("find_alerts_by_prefix", FoundProductRow)
WALK_PRODUCTS_BY_WORDS = Query("walk_products_by_words", FoundProductRow)
WALK_ALERTS_BY_WORDS = Query("walk_alerts_by_words", FoundProductRow)
FIND_PRODUCTS_BY_WORDS = Query("find_products_by_words", FoundProductRow)
READ_STOCK_OF_PRODUCTS = Query("read_stock_of_products", StockRow)
