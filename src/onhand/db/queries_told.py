"""The queries of promises that were told to those who wait, with the types of their rows."""

from datetime import date, datetime
from typing import Any, NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class WaitingProductRow(NamedTuple):
    product_id: Id


class TurnsRow(NamedTuple):
    product_id: Id
    turns: int


class HeldRow(NamedTuple):
    held: bool


class ToldRow(NamedTuple):
    """Somebody who waits; the rest is null where nothing was told yet."""

    priority: int
    reservation_id: Id
    line: int
    backordered: int
    told_at: datetime | None
    told_from: date | None
    told_to: date | None
    ships_from: date | None
    ships_to: date | None
    evidence: list[dict[str, Any]] | None


class PromiseRow(NamedTuple):
    reservation_id: Id
    order_id: str | None
    line: int
    sku: str
    warehouse: str
    quantity: int
    told_at: datetime
    told_from: date | None
    told_to: date | None
    ships_from: date | None
    ships_to: date | None
    at_risk: bool
    evidence: list[dict[str, Any]]
    changed_at: datetime
    warehouse_id: Id


READ_WAITING_PRODUCTS = Query("read_waiting_products", WaitingProductRow)
READ_OUT_OF_TURN = Query("read_out_of_turn", TurnsRow)
HOLD_PROMISES_OF = Query("hold_promises_of", HeldRow)
READ_TOLD_IN_TURN = Query("read_told_in_turn", ToldRow)
PUT_PROMISES = Statement("put_promises")
DELETE_KEPT_PROMISES = Statement("delete_kept_promises")
LIST_PROMISES = Query("list_promises", PromiseRow)
LIST_PROMISES_AT_RISK = Query("list_promises_at_risk", PromiseRow)
