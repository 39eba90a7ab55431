"""How many to order, and when they come. Pure arithmetic."""

from collections.abc import Container
from datetime import date, timedelta

SATURDAY = 5


def arrival_date(
    placed: date, lead_time_days: int, *, working_days: bool, holidays: Container[date] = frozenset()
) -> date:
    """The day on which an order arrives. Working days are Monday to Friday without the holidays."""
    if not working_days:
        return placed + timedelta(days=lead_time_days)
    arrival, left = placed, lead_time_days
    while left:
        arrival = working_day(arrival + timedelta(days=1), holidays)
        left -= 1
    return arrival


def working_day(day: date, holidays: Container[date]) -> date:
    """That day, or the next one that is neither on a weekend nor a holiday."""
    while day.weekday() >= SATURDAY or day in holidays:
        day += timedelta(days=1)
    return day


def order_quantity(
    position: int, threshold: int, reorder_quantity: int | None, *, minimum_order: int = 1, pack_size: int = 1
) -> int:
    """Units to order so that the position is at its threshold again; 0 when it is.

    position: units on hand, less those owed to backorders, plus those on order. Without a reorder_quantity the level is
    filled to twice its threshold. Never below minimum_order, always a multiple of pack_size.
    """
    if position >= threshold:
        return 0
    usual = 2 * threshold - position if reorder_quantity is None else reorder_quantity
    wanted = max(usual, threshold - position, minimum_order)
    return -(-wanted // pack_size) * pack_size
