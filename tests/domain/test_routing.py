"""From which warehouses an order ships."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onhand.domain.commands import ShipTo
from onhand.domain.routing import Wanted, Warehouse, distance_km, distance_to, plan, preference
from support.worlds import EAST, NORTH, WAREHOUSES, WEST, A, B

BERLIN, TOKYO = (52.52, 13.405), (35.6762, 139.6503)
degrees = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def test_known_distances() -> None:
    assert distance_km(*BERLIN, *TOKYO) == pytest.approx(8917, abs=10)
    assert distance_km(0, 0, 0, 180) == pytest.approx(20015.1, abs=0.1)
    assert distance_km(90, 0, -90, 77) == pytest.approx(20015.1, abs=0.1)


@given(degrees, degrees)
def test_distance_is_a_distance(here: tuple[float, float], there: tuple[float, float]) -> None:
    assert 0 <= distance_km(*here, *there) <= 20015.2
    assert distance_km(*here, *there) == pytest.approx(distance_km(*there, *here))
    assert distance_km(*here, *here) == 0


def test_without_coordinates_there_is_no_distance() -> None:
    assert distance_to(WAREHOUSES[EAST], None) is None
    assert distance_to(WAREHOUSES[EAST], ShipTo(country="DE")) is None


def codes(ship_to: ShipTo | None) -> list[str]:
    return [warehouse.code for warehouse in preference(WAREHOUSES.values(), ship_to)]


def test_the_nearest_then_the_same_country_then_the_code() -> None:
    assert codes(None) == ["EAST", "NORTH", "WEST"]
    assert codes(ShipTo(country="US")) == ["WEST", "EAST", "NORTH"]
    assert codes(ShipTo(latitude=58, longitude=17, country="US")) == ["NORTH", "EAST", "WEST"]


def test_closed_warehouses_are_not_preferred() -> None:
    assert preference([Warehouse(EAST, "E", 0, 0, active=False)], None) == []


def routed(stock: dict[tuple[object, object], int], *units: int, split: bool = True) -> tuple[list[object], int]:
    wanted = [Wanted(index, A, n) for index, n in enumerate(units)]
    picks, left = plan(wanted, stock, preference(WAREHOUSES.values(), None), allow_split=split)
    return [(pick.line, pick.warehouse, pick.quantity) for pick in picks], sum(want.quantity for want in left)


def test_one_parcel_from_afar_beats_two_from_nearby() -> None:
    assert routed({(A, EAST): 2, (A, NORTH): 2, (A, WEST): 3}, 3) == ([(0, WEST, 3)], 0)


def test_two_lines_of_one_product_do_not_take_the_same_units() -> None:
    assert routed({(A, EAST): 3}, 2, 2) == ([(0, EAST, 2), (1, EAST, 1)], 1)


def test_what_may_not_be_split_is_not() -> None:
    assert routed({(A, EAST): 2, (A, WEST): 2}, 3, split=False) == ([], 3)
    assert routed({(A, EAST): 2, (A, WEST): 3}, 3, split=False) == ([(0, WEST, 3)], 0)


def test_a_level_below_zero_gives_nothing() -> None:
    assert routed({(A, EAST): -5, (A, NORTH): 1}, 2) == ([(0, NORTH, 1)], 1)


stocks = st.dictionaries(st.tuples(st.sampled_from([A, B]), st.sampled_from([EAST, NORTH, WEST])), st.integers(-5, 9))
lines = st.lists(st.tuples(st.sampled_from([A, B]), st.integers(1, 9)), min_size=1, max_size=5)


@given(stocks, lines, st.booleans())
def test_a_plan_takes_what_there_is_and_nothing_twice(
    stock: dict[tuple[object, object], int], lines: list[tuple[object, int]], split: bool
) -> None:
    wanted = [Wanted(index, product, units) for index, (product, units) in enumerate(lines)]
    preferred = preference(WAREHOUSES.values(), None)
    picks, left = plan(wanted, stock, preferred, allow_split=split)
    for key, units in stock.items():
        assert sum(p.quantity for p in picks if (p.product, p.warehouse) == key) <= max(0, units)
    for index, (product, units) in enumerate(lines):
        placed = sum(p.quantity for p in picks if p.line == index)
        assert placed + sum(want.quantity for want in left if want.line == index) == units
        assert all(p.product == product for p in picks if p.line == index)
    if split:
        for product in (A, B):
            supply = sum(max(0, units) for (key, _), units in stock.items() if key == product)
            demand = sum(units for key, units in lines if key == product)
            assert sum(p.quantity for p in picks if p.product == product) == min(supply, demand)
    else:
        assert len({p.warehouse for p in picks}) <= 1
        assert not picks or not left
    assert plan(wanted, stock, preferred, allow_split=split)[0] == picks, "the same question, the same answer"
