"""The queries behind promises, with the types of their rows."""

from datetime import date, datetime, time
from typing import NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class CalendarRow(NamedTuple):
    """working_days: ISO 8601 weekdays, 1 = Monday."""

    warehouse_id: Id
    code: str
    country: str | None
    time_zone: str
    cutoff_time: time | None
    handling_days: int
    receiving_days: int
    working_days: list[int]
    holidays: bool
    holiday_region: str | None
    closed_on: list[date]
    active: bool


class SellingRow(NamedTuple):
    """supplier and its terms are null where nobody sells the product to us."""

    product_id: Id
    sku: str
    selling_mode: str
    selling_limit: int | None
    release_date: date | None
    supplier: str | None
    lead_time_days: int | None
    lead_time_in: str | None
    country: str | None
    holiday_region: str | None


class IncomingRow(NamedTuple):
    """origin: the supplier or the warehouse it comes from. expected is null for transfers."""

    product_id: Id
    warehouse_id: Id
    type: str
    source_id: Id
    line: int
    units: int
    expected: date | None
    origin: str
    from_warehouse_id: Id | None
    created_at: datetime


READ_CALENDARS = Query("read_calendars", CalendarRow)
READ_CALENDARS_OF = Query("read_calendars_of", CalendarRow)
SET_CALENDAR = Statement("set_calendar")
READ_SELLING = Query("read_selling", SellingRow)
READ_INCOMING = Query("read_incoming", IncomingRow)
