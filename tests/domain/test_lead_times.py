"""Lead times: what was agreed, what receipts took, and which of the two a date goes by."""

import statistics
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onhand.domain.commands import ArrivalLine, CreatePurchaseOrder, PlacePurchaseOrder, ReceivePurchaseOrder
from onhand.domain.lead_time import LeadTime, days_taken
from support.worlds import EAST, WEST, A, B, a_world, an_id, header, stock, verdict

MONDAY, FRIDAY = date(2026, 3, 2), date(2026, 3, 6)


def test_the_agreed_lead_time_counts_until_there_are_enough_receipts() -> None:
    few = LeadTime(5, measured_after_receipts=3, took_days=(9, 9))
    enough = LeadTime(5, measured_after_receipts=3, took_days=(9, 8, 9))
    assert (few.source, few.arrival(MONDAY)) == ("agreed", MONDAY + timedelta(days=5))
    assert (enough.source, enough.arrival(MONDAY)) == ("measured", MONDAY + timedelta(days=9))
    assert (enough.receipts, enough.mean_days) == (3, pytest.approx(26 / 3))
    assert LeadTime(5, measured_after_receipts=0, took_days=(9,) * 20).source == "agreed"
    assert (LeadTime(5).mean_days, LeadTime(5).spread_days, LeadTime(5, took_days=(4,)).spread_days) == (None,) * 3


def test_who_counts_working_days_delivers_on_no_weekend() -> None:
    measured = {"measured_after_receipts": 1, "took_days": (8,)}
    assert LeadTime(3, working_days=True, **measured).arrival(FRIDAY) == date(2026, 3, 16)  # Saturday the 14th: Monday
    assert LeadTime(3, working_days=False, **measured).arrival(FRIDAY) == date(2026, 3, 14)
    assert LeadTime(3, working_days=True).arrival(FRIDAY) == date(2026, 3, 11)


def test_holidays_are_no_working_days() -> None:
    closed = {date(2026, 3, 9), date(2026, 3, 17)}
    assert LeadTime(3, working_days=True, holidays=closed).arrival(FRIDAY) == date(2026, 3, 12)  # Not Monday the 9th
    assert LeadTime(3, working_days=False, holidays=closed).arrival(FRIDAY) == date(2026, 3, 9)
    measured = {"measured_after_receipts": 1, "took_days": (11,), "holidays": closed}
    assert LeadTime(3, working_days=True, **measured).arrival(FRIDAY) == date(2026, 3, 18)
    assert LeadTime(0, working_days=True, holidays=closed).arrival(FRIDAY) == FRIDAY


@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=20), st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.booleans()
)
def test_a_measured_date_is_the_mean_rounded_up(took: list[int], placed: date, working: bool) -> None:
    time = LeadTime(7, working, measured_after_receipts=1, took_days=took)
    waited = (time.arrival(placed) - placed).days
    assert statistics.mean(took) <= waited < statistics.mean(took) + (3 if working else 1)
    assert not working or time.arrival(placed).weekday() < 5


def test_each_delivery_counts_once_per_product() -> None:
    world = a_world()
    supplier, lines = an_id("supplier", 1), (stock(5, A, EAST), stock(5, A, WEST), stock(5, B, EAST))
    written = CreatePurchaseOrder(header(), supplier, lines)
    order = written.header.operation_id
    for command in (written, PlacePurchaseOrder(header(), order, FRIDAY)):
        verdict(world, command)
    world.now += timedelta(days=4)
    verdict(world, ReceivePurchaseOrder(header(), order, (ArrivalLine(A, 8),)))
    world.now += timedelta(days=2)
    verdict(world, ReceivePurchaseOrder(header(), order))
    assert world.lead_times == [(supplier, A, 4), (supplier, A, 6), (supplier, B, 6)]
    refused = verdict(world, ReceivePurchaseOrder(header(), order))
    assert (type(refused).__name__, len(world.lead_times)) == ("PurchaseOrderClosed", 3)


def test_clocks_that_disagree_measure_nothing_below_zero() -> None:
    assert days_taken(FRIDAY, MONDAY) == 0
