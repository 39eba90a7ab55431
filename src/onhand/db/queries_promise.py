"""The queries behind promises, with the types of their rows."""

from datetime import date, time
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


READ_CALENDARS = Query("read_calendars", CalendarRow)
READ_CALENDARS_OF = Query("read_calendars_of", CalendarRow)
SET_CALENDAR = Statement("set_calendar")
