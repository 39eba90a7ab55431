"""The queries of reservations with the types of their rows."""

from datetime import datetime
from typing import Any, NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


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


class EndedHoldRow(NamedTuple):
    ended_at: datetime
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
FIND_ENDED_HOLDS = Query("find_ended_holds", EndedHoldRow)
FIND_RESERVATIONS_OF_ORDER = Query("find_reservations_of_order", ReservationIdRow)
FIND_RESERVATIONS = Query("find_reservations", ReservationIdRow)
READ_OPEN_LINES_OF_PRODUCT = Query("read_open_lines_of_product", OpenLineRow)
