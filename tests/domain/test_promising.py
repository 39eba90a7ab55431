"""Dated ATP and pegging: no unit twice, more supply never later, and no matter in which order things are told."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onhand.domain.promising import Demand, Peg, Queue, Schedule, Supply, in_order

DAY = date(2026, 3, 1)
days = st.integers(0, 12).map(lambda n: DAY + timedelta(days=n))
quantities = st.integers(1, 20)
supplies = st.lists(st.tuples(days, st.integers(0, 9).map(str), quantities).map(lambda x: Supply(*x)), max_size=6)
demands = st.lists(st.builds(Demand, days, quantities), max_size=6)
stocks = st.integers(0, 30)


def day(n: int) -> date:
    return DAY + timedelta(days=n)


def test_a_later_promise_is_not_eaten_by_an_earlier_one():
    """10 on the shelf, 10 more on day 5, and 15 promised for day 5: only 5 may go today, though 10 lie there."""
    schedule = Schedule(10, [Supply(day(5), "PO", 10)], [Demand(day(5), 15)])
    assert [schedule.available(day(n)) for n in (0, 4, 5, 9)] == [5, 5, 5, 5]
    assert schedule.earliest(5, DAY) == DAY
    assert schedule.earliest(6, DAY) is None


def test_the_first_day_that_has_enough_is_promised():
    schedule = Schedule(2, [Supply(day(3), "A", 4), Supply(day(7), "B", 10)], [Demand(DAY, 3)])
    assert [schedule.available(day(n)) for n in (0, 2, 3, 6, 7, 40)] == [-1, -1, 3, 3, 13, 13]
    assert [schedule.earliest(n, DAY) for n in (1, 3, 4, 13, 14)] == [day(3), day(3), day(7), day(7), None]
    assert schedule.earliest(1, day(8)) == day(8)


@given(stocks, supplies, demands, st.lists(st.tuples(quantities, days), max_size=8))
def test_no_unit_is_promised_twice(stock, coming, promised, asking):
    """Promise to one after the other; by every day no more is due than is there, unless it was so before."""
    demands_then = list(promised)

    def worst(due: list[Demand]) -> int:
        return min(Schedule(stock, coming, due).available(day(n)) for n in range(14))

    before = min(0, worst(demands_then))
    for units, since in asking:
        found = Schedule(stock, coming, demands_then).earliest(units, since)
        if found is not None:
            assert found >= since
            demands_then.append(Demand(found, units))
            for n in range(14):
                there = stock + sum(s.units for s in coming if s.day <= day(n))
                due = sum(d.units for d in demands_then if d.day <= day(n))
                owed_before = sum(d.units for d in promised if d.day <= day(n))
                assert due <= max(there, owed_before)
    assert worst(demands_then) >= before


@given(stocks, supplies, demands, quantities, days)
def test_it_is_the_earliest_day_by_brute_force(stock, coming, promised, units, since):
    def left(on: date) -> int:
        there = stock + sum(s.units for s in coming if s.day <= on)
        return there - sum(d.units for d in promised if d.day <= on)

    horizon = [day(n) for n in range(14)]
    can = [d for d in horizon if d >= since and min(left(later) for later in horizon if later >= d) >= units]
    assert Schedule(stock, coming, promised).earliest(units, since) == (can[0] if can else None)


@given(stocks, supplies, demands, quantities, st.builds(Supply, days, st.just("more"), quantities))
def test_more_supply_never_means_later(stock, coming, promised, units, more):
    before = Schedule(stock, coming, promised).earliest(units, DAY)
    after = Schedule(stock, [*coming, more], promised).earliest(units, DAY)
    assert before is None or (after is not None and after <= before)


@given(stocks, supplies, demands, quantities, st.integers(1, 5))
def test_supply_that_slips_never_means_earlier(stock, coming, promised, units, later):
    slipped = [supply._replace(day=supply.day + timedelta(days=later)) for supply in coming]
    before = Schedule(stock, coming, promised).earliest(units, DAY)
    after = Schedule(stock, slipped, promised).earliest(units, DAY)
    assert after is None or (before is not None and before <= after)


@given(stocks, supplies, demands, quantities, st.randoms(use_true_random=False))
def test_the_order_of_what_is_told_does_not_matter(stock, coming, promised, units, random):
    shuffled, shuffled_demands = list(coming), list(promised)
    random.shuffle(shuffled)
    random.shuffle(shuffled_demands)
    ours, theirs = Schedule(stock, coming, promised), Schedule(stock, shuffled, shuffled_demands)
    assert ours.steps == theirs.steps
    assert ours.earliest(units, DAY) == theirs.earliest(units, DAY)
    assert Queue(stock, in_order(coming)).pegs(3, units) == Queue(stock, in_order(shuffled)).pegs(3, units)


@given(stocks, supplies, st.lists(quantities, max_size=10))
def test_pegs_give_each_unit_once_and_in_turn(stock, coming, waiting):
    queue = Queue(stock, in_order(coming))
    ahead, given_out = 0, []
    for units in waiting:
        pegs = queue.pegs(ahead, units)
        covered = sum(peg.units for peg in pegs)
        assert covered == max(0, min(units, queue.units - ahead))
        given_out += pegs
        ahead += units
    assert [peg.supply or Supply(date.min, "", 0) for peg in given_out] == sorted(
        peg.supply or Supply(date.min, "", 0) for peg in given_out
    )
    of: dict[Supply | None, int] = {}
    for peg in given_out:
        of[peg.supply] = of.get(peg.supply, 0) + peg.units
    assert all(units <= (stock if s is None else s.units * coming.count(s)) for s, units in of.items())


@given(stocks, supplies, st.integers(0, 40), quantities)
def test_the_last_peg_and_the_schedule_name_one_day(stock, coming, ahead, units):
    """When all that is promised is due at once, first in first out and ATP are the same rule."""
    pegs = Queue(stock, in_order(coming)).pegs(ahead, units)
    found = Schedule(stock, coming, [Demand(DAY, ahead)]).earliest(units, DAY)
    if sum(peg.units for peg in pegs) < units:
        assert found is None
    else:
        assert found == (DAY if pegs[-1].supply is None else pegs[-1].supply.day)


@pytest.mark.parametrize(
    ("ahead", "units", "pegs"),
    [
        (0, 2, [Peg(None, 2)]),
        (1, 3, [Peg(None, 1), Peg(Supply(day(3), "A", 4), 2)]),
        (2, 4, [Peg(Supply(day(3), "A", 4), 4)]),
        (6, 20, [Peg(Supply(day(7), "B", 10), 10)]),
        (16, 1, []),
    ],
)
def test_who_is_covered_by_what(ahead, units, pegs):
    assert Queue(2, [Supply(day(3), "A", 4), Supply(day(7), "B", 10)]).pegs(ahead, units) == pegs
