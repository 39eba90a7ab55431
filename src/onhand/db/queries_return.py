"""The queries of returns with the types of their rows."""

from datetime import datetime
from typing import NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class ReturnedLineRow(NamedTuple):
    return_id: Id
    line: int
    reservation_id: Id
    reservation_line: int
    from_warehouse_id: Id
    product_id: Id
    to_warehouse_id: Id | None
    quantity: int
    disposition: str
    reason: str | None
    order_id: str | None
    head_reason: str | None
    created_at: datetime
    created_by: str


class ReturnIdRow(NamedTuple):
    return_id: Id


class ExportedReturnRow(NamedTuple):
    return_id: Id
    line: int
    order_id: str | None
    reservation_id: Id
    reservation_line: int
    sku: str
    quantity: int
    disposition: str
    warehouse: str | None
    shipped_from: str
    reason: str | None
    created_at: datetime
    created_by: str


class ReturnDifferenceRow(NamedTuple):
    reservation_id: Id
    line: int
    product_id: Id
    warehouse_id: Id
    fulfilled: int
    returned: int


class UnbookedReturnRow(NamedTuple):
    return_id: Id
    returned: int
    booked: int


READ_RETURNED_LINES = Query("read_returned_lines", ReturnedLineRow)
READ_RETURN_LINES = Query("read_return_lines", ReturnedLineRow)
INSERT_RETURNS = Statement("insert_returns")
INSERT_RETURN_LINES = Statement("insert_return_lines")
FIND_RETURNS = Query("find_returns", ReturnIdRow)
FIND_RETURNS_OF_RESERVATIONS = Query("find_returns_of_reservations", ReturnIdRow)
EXPORT_RETURNS = Query("export_returns", ExportedReturnRow)
FIND_RETURN_DIFFERENCES = Query("find_return_differences", ReturnDifferenceRow)
FIND_UNBOOKED_RETURNS = Query("find_unbooked_returns", UnbookedReturnRow)
