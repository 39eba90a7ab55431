"""The queries of the pages: users and sessions, and the reads that only pages need."""

from datetime import datetime
from typing import NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class WebUserRow(NamedTuple):
    user_id: Id
    name: str
    scopes: list[str]
    password_hash: str | None
    locked_until: datetime | None


class WebSessionRow(NamedTuple):
    user_id: Id
    name: str
    scopes: list[str]


class WebUserInfoRow(NamedTuple):
    name: str
    scopes: list[str]
    has_password: bool
    created_at: datetime
    disabled_at: datetime | None


class WebLinkRow(NamedTuple):
    user_id: Id
    expires_at: datetime


INSERT_WEB_USER = Statement("insert_web_user")
FIND_WEB_USER = Query("find_web_user", WebUserRow)
SET_WEB_PASSWORD = Statement("set_web_password")
CLAIM_WEB_ATTEMPT = Query("claim_web_attempt", WebUserRow)
CLEAR_WEB_FAILURES = Statement("clear_web_failures")
DISABLE_WEB_USER = Statement("disable_web_user")
ENABLE_WEB_USER = Statement("enable_web_user")
DELETE_WEB_USER = Statement("delete_web_user")
END_WEB_SESSIONS = Statement("end_web_sessions")
LIST_WEB_USERS = Query("list_web_users", WebUserInfoRow)
INSERT_WEB_SESSION = Statement("insert_web_session")
FIND_WEB_SESSION = Query("find_web_session", WebSessionRow)
DELETE_WEB_SESSION = Statement("delete_web_session")
INSERT_WEB_LINK = Statement("insert_web_link")
TAKE_WEB_LINK = Query("take_web_link", WebLinkRow)


class WarehouseSumRow(NamedTuple):
    code: str
    name: str
    latitude: float
    longitude: float
    active: bool
    levels: int
    on_hand: int
    reserved: int
    backordered: int
    incoming: int
    below_threshold: int
    stock_outs: int
    empty: int


class OperationCountRow(NamedTuple):
    at: datetime
    type: str
    operations: int


class RefusalCountRow(NamedTuple):
    at: datetime
    orders: int


class TimelineRow(NamedTuple):
    type: str
    warehouse: str
    sku: str
    quantity: int
    reason: str | None
    created_at: datetime
    created_by: str


SUM_WAREHOUSES = Query("sum_warehouses", WarehouseSumRow)
ADD_REFUSALS = Statement("add_refusals")
COUNT_REFUSALS = Query("count_refusals", RefusalCountRow)
DELETE_REFUSALS = Statement("delete_refusals")
COUNT_OPERATIONS = Query("count_operations", OperationCountRow)
LIST_OPERATIONS_OF_RESERVATION = Query("list_operations_of_reservation", TimelineRow)
