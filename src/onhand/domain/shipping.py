"""When a warehouse ships: its working days, its cut-off, and what it needs to take in and to pack."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

CLOSED_MAX_DAYS = 366  # longer without a working day is no calendar
PURCHASE_ORDER_SPREAD_DAYS = 2  # working days by which a purchase order may be late, where nothing is measured
TRANSFER_SPREAD_DAYS = 1
LEAD_TIME_SPREAD_SHARE = 5  # an order not placed yet may be late by a fifth of its lead time
OVERDUE_SPREAD_MAX_DAYS = 30
TRANSFER_KM_A_DAY = 500

Holiday = Callable[[date], bool]


class NoWorkingDayError(ValueError):
    """A calendar without a working day within CLOSED_MAX_DAYS."""


class Window(NamedTuple):
    """The first and the last day on which something ships."""

    first: date
    last: date

    def after(self, other: "Window") -> "Window":
        """When both have shipped."""
        return Window(max(self.first, other.first), max(self.last, other.last))


class Calendar(NamedTuple):
    """Of one warehouse. Days are its local days, counted in working days; weekdays as date.weekday(), 0 = Monday.

    cutoff: orders before it are begun on the same day. handling_days: from then until they ship. receiving_days: from
    the arrival of stock until it can be packed.
    """

    weekdays: frozenset[int]
    cutoff: time
    handling_days: int
    receiving_days: int
    is_holiday: Holiday

    def works(self, day: date) -> bool:
        return day.weekday() in self.weekdays and not self.is_holiday(day)

    def on_or_after(self, day: date) -> date:
        """The first working day from this one on. Raises NoWorkingDayError."""
        for _ in range(CLOSED_MAX_DAYS):
            if self.works(day):
                return day
            day += timedelta(days=1)
        raise NoWorkingDayError(day)

    def plus(self, day: date, working_days: int) -> date:
        """So many working days later; with 0 the first one from this day on. Raises NoWorkingDayError."""
        day = self.on_or_after(day)
        for _ in range(working_days):
            day = self.on_or_after(day + timedelta(days=1))
        return day

    def from_stock(self, local: datetime) -> date:
        """The day on which an order ships that comes at this local time, when all of it is on the shelf."""
        begun = local.date() if local.time() < self.cutoff else local.date() + timedelta(days=1)
        return self.plus(begun, self.handling_days)

    def from_arrival(self, arrival: date, spread_days: int, local: datetime) -> Window:
        """When what arrives on that day, or up to spread_days working days later, ships to an order of this time."""
        ready = self.plus(arrival, self.receiving_days + self.handling_days)
        first = max(ready, self.from_stock(local))
        return Window(first, self.plus(first, spread_days))


def expected_now(expected: date, today: date, spread_days: int) -> tuple[date, int]:
    """The day on which to reckon with an arrival, and its spread. What is overdue may be late for as long again."""
    if expected >= today:
        return expected, spread_days
    return today, max(spread_days, min(OVERDUE_SPREAD_MAX_DAYS, (today - expected).days))


def lead_time_spread_days(lead_time_days: int) -> int:
    """Of an order that is not placed yet."""
    return max(PURCHASE_ORDER_SPREAD_DAYS, -(-lead_time_days // LEAD_TIME_SPREAD_SHARE))


def transit_days(km: float) -> int:
    """Of a transfer between warehouses so far apart: a day to load, and one for every 500 km begun."""
    return 1 + -(-round(km) // TRANSFER_KM_A_DAY)
