"""When each warehouse ships: its settings, the public holidays of its country, its local time. Kept in the process."""

import time as clock
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays as library
from psycopg_pool import AsyncConnectionPool

from onhand.db import queries_promise as q
from onhand.db.query import Connection
from onhand.domain.errors import FieldProblem, Invalid
from onhand.domain.ids import Id
from onhand.domain.shipping import Calendar, NoWorkingDayError
from onhand.services.requests import WEEKDAYS, ShippingCalendar

CALENDARS_KEPT_S = 5.0
MIDNIGHT = time.max


class Place(NamedTuple):
    """A warehouse as a promise sees it."""

    code: str
    calendar: Calendar
    zone: ZoneInfo

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)


class Calendars:
    """Of all warehouses. A change is known at once in the process that made it, in others within CALENDARS_KEPT_S."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool
        self._places: dict[Id, Place] = {}
        self._read_s = float("-inf")
        self._rows: list[q.CalendarRow] = []
        self.changes = 0

    @property
    def at_hand(self) -> dict[Id, Place] | None:
        """By warehouse, without waiting; None when it is time to read them anew."""
        return self._places if clock.monotonic() - self._read_s <= CALENDARS_KEPT_S else None

    async def places(self) -> dict[Id, Place]:
        """By warehouse. Raises psycopg.Error."""
        before = self._read_s
        if (held := self.at_hand) is not None:
            return held
        if before > float("-inf"):
            self._read_s = clock.monotonic()  # One reads; the others go on with what is at hand meanwhile.
        try:
            return await self.read()
        except BaseException:
            self._read_s = before
            raise

    async def read(self, on: Connection | None = None) -> dict[Id, Place]:
        """Read them anew, after a change; on a connection, or one of the pool. Raises psycopg.Error."""
        began_s = clock.monotonic()
        async with nullcontext(on) if on is not None else self._pool.connection() as connection:
            rows = await q.READ_CALENDARS.all(connection)
        if rows != self._rows:
            self._places = {row.warehouse_id: place_of(row) for row in rows}
            self._rows = rows
            self.changes += 1
        self._read_s = began_s
        return self._places

    async def days_until_shipped(self, connection: Connection, now: datetime) -> dict[Id, int]:
        """By warehouse, its local days from now until what lies on its shelf ships. Raises psycopg.Error."""
        places = self.at_hand or await self.read(connection)
        locals_ = {warehouse: (place.calendar, place.local(now)) for warehouse, place in places.items()}
        return {id_: (calendar.from_stock(local) - local.date()).days for id_, (calendar, local) in locals_.items()}


def place_of(row: q.CalendarRow) -> Place:
    holidays = public_holidays(row.country, row.holiday_region) if row.holidays else frozenset[date]()
    closed = frozenset(row.closed_on)
    return Place(
        row.code,
        Calendar(
            weekdays=frozenset(day - 1 for day in row.working_days),
            cutoff=row.cutoff_time or MIDNIGHT,
            handling_days=row.handling_days,
            receiving_days=row.receiving_days,
            is_holiday=lambda day: day in closed or day in holidays,
        ),
        ZoneInfo(row.time_zone),
    )


@cache
def public_holidays(country: str | None, region: str | None) -> library.HolidayBase | frozenset[date]:
    """By the library of that name; none without a country, nor for one that it does not know."""
    if country is None:
        return frozenset()
    try:
        return library.country_holidays(country, subdiv=region)
    except NotImplementedError:  # The region may be one of the country that the warehouse was in before.
        return public_holidays(country, None) if region is not None else frozenset()


def columns(given: ShippingCalendar, country: str | None, today: date) -> dict[str, object]:
    """The settings as columns. Raises Invalid for a region without holidays, and where nothing would ever ship."""
    if given.holiday_region is not None:
        must_have_holidays(country, given.holiday_region, "calendar.holiday_region")
    row = q.CalendarRow(
        warehouse_id=Id(bytes(16)),
        code="",
        country=country,
        time_zone="UTC",
        cutoff_time=time.fromisoformat(given.cutoff_time) if given.cutoff_time is not None else None,
        handling_days=given.handling_days,
        receiving_days=given.receiving_days,
        working_days=sorted({WEEKDAYS.index(day) + 1 for day in given.working_days}),
        holidays=given.holidays,
        holiday_region=given.holiday_region,
        closed_on=sorted(set(given.closed_on)),
        active=True,
    )
    try:
        place_of(row).calendar.plus(today, 0)
        place_of(row).calendar.plus(today + timedelta(days=200), 0)
    except NoWorkingDayError:
        detail = "With these days nothing would ship for a year."
        raise Invalid([FieldProblem("calendar.closed_on", "INVALID_VALUE", detail)]) from None
    names = ("cutoff_time", "handling_days", "receiving_days", "working_days", "holidays", "holiday_region")
    return {name: getattr(row, name) for name in (*names, "closed_on")}


def must_have_holidays(country: str | None, region: str, path: str) -> None:
    """Raises Invalid."""
    if country is None:
        detail = "A region needs the country of the location."
        raise Invalid([FieldProblem(path, "INVALID_VALUE", detail)])
    try:
        library.country_holidays(country, subdiv=region)
    except NotImplementedError:
        detail = f"{country} has no region {region!r} with holidays of its own."
        raise Invalid([FieldProblem(path, "INVALID_VALUE", detail)]) from None


async def shown(connection: Connection, warehouses: Sequence[Id]) -> dict[Id, ShippingCalendar]:
    """The settings of these, as callers give them. Raises psycopg.Error."""
    rows = await q.READ_CALENDARS_OF.all(connection, warehouse_ids=list(warehouses))
    return {
        row.warehouse_id: ShippingCalendar(
            cutoff_time=f"{row.cutoff_time:%H:%M}" if row.cutoff_time is not None else None,
            handling_days=row.handling_days,
            receiving_days=row.receiving_days,
            working_days=[WEEKDAYS[day - 1] for day in row.working_days],
            holidays=row.holidays,
            holiday_region=row.holiday_region,
            closed_on=row.closed_on,
        )
        for row in rows
    }
