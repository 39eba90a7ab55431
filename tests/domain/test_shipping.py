"""Cut-offs, weekends, holidays: the days on which a warehouse ships."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onhand.domain.shipping import Calendar, NoWorkingDayError, Window, expected_now, transit_days

WEEK = frozenset(range(5))
GOOD_FRIDAY = date(2026, 4, 3)
EASTER_MONDAY = date(2026, 4, 6)
times = st.integers(0, 334 * 24 * 60).map(lambda minutes: at(2026, 1, 1) + timedelta(minutes=minutes))


def at(*local: int) -> datetime:
    return datetime(*local, tzinfo=UTC)


def calendar(*, cutoff: time = time(14), handling: int = 0, receiving: int = 1, weekdays: frozenset[int] = WEEK):
    return Calendar(weekdays, cutoff, handling, receiving, {GOOD_FRIDAY, EASTER_MONDAY}.__contains__)


@pytest.mark.parametrize(
    ("local", "handling", "ships"),
    [
        (at(2026, 3, 2, 13, 59), 0, date(2026, 3, 2)),
        (at(2026, 3, 2, 14, 0), 0, date(2026, 3, 3)),  # The cut-off itself is too late.
        (at(2026, 3, 6, 15, 0), 0, date(2026, 3, 9)),  # Friday afternoon
        (at(2026, 3, 7, 9, 0), 1, date(2026, 3, 10)),  # Saturday: begun on Monday
        (at(2026, 4, 2, 15, 0), 0, date(2026, 4, 7)),  # Over Easter
        (at(2026, 4, 2, 10, 0), 1, date(2026, 4, 7)),
    ],
)
def test_what_is_on_the_shelf_ships(local, handling, ships):
    assert calendar(handling=handling).from_stock(local) == ships


def test_what_arrives_is_taken_in_first():
    """The example of the contract: asked on a Sunday, expected on Tuesday, ships from Wednesday to Friday."""
    asked = at(2026, 3, 1, 10)
    assert calendar().from_arrival(date(2026, 3, 3), 2, asked) == Window(date(2026, 3, 4), date(2026, 3, 6))
    assert calendar(handling=1).from_arrival(date(2026, 3, 3), 0, asked) == Window(date(2026, 3, 5), date(2026, 3, 5))
    assert calendar().from_arrival(date(2026, 3, 7), 0, asked).first == date(2026, 3, 10)  # Saturday's is Monday's.
    assert calendar(receiving=0).from_arrival(date(2026, 2, 1), 0, asked).first == date(2026, 3, 2)  # Not before today.


def test_what_is_overdue_may_be_late_for_as_long_again():
    today = date(2026, 3, 20)
    assert expected_now(date(2026, 3, 20), today, 2) == (today, 2)
    assert expected_now(date(2026, 3, 19), today, 2) == (today, 2)
    assert expected_now(date(2026, 3, 10), today, 2) == (today, 10)
    assert expected_now(date(2025, 3, 10), today, 2) == (today, 30)


def test_a_transfer_takes_a_day_and_one_more_for_500_km():
    assert [transit_days(km) for km in (0, 1, 500, 501, 1000)] == [1, 2, 2, 3, 3]


def test_a_calendar_without_a_working_day_ends():
    with pytest.raises(NoWorkingDayError):
        Calendar(WEEK, time(14), 0, 1, lambda _: True).from_stock(at(2026, 3, 2, 9))


@given(
    times,
    st.integers(0, 5),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.timedeltas(timedelta(0), timedelta(days=9)),
)
def test_who_orders_later_is_never_served_sooner_and_only_on_working_days(local, handling, weekdays, later):
    place = calendar(handling=handling, weekdays=weekdays)
    ships = place.from_stock(local)
    assert place.works(ships)
    assert ships >= local.date()
    assert ships <= place.from_stock(local + later)
    window = place.from_arrival(local.date() + later, 2, local)
    assert place.works(window.first)
    assert place.works(window.last)
    assert ships <= window.first <= window.last
