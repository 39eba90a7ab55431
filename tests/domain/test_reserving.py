"""RESERVE: all lines or none, within what may be promised."""

from datetime import timedelta

import pytest

from onhand.domain.commands import Reserve, ShipTo
from onhand.domain.errors import InsufficientStock, LevelOverflow, WarehouseInactive
from onhand.domain.level import Level
from onhand.domain.limits import QUANTITY_MAX_UNITS
from onhand.domain.routing import Warehouse
from support.worlds import (
    EAST,
    NORTH,
    NOW,
    WEST,
    A,
    B,
    a_world,
    broken,
    header,
    line,
    new_operation,
    places,
    quantities,
    refused,
    reserved,
)


def test_the_last_unit_goes_once() -> None:
    world = a_world(Level(A, EAST, on_hand=1))
    assert places(reserved(world, line(1))) == [(0, EAST, 1, 0)]
    error = refused(world, Reserve(header(), (line(1),)), InsufficientStock)
    [shortage] = error.shortages
    assert (shortage.line, shortage.product, shortage.warehouse) == (0, A, EAST)
    assert (shortage.requested, shortage.available) == (1, 0)
    assert quantities(world) == (1, 1, 0)


def test_a_reservation_is_written_down() -> None:
    world = a_world(Level(A, EAST, on_hand=5, version=7))
    operation = new_operation()
    done = reserved(world, line(2), operation_id=operation, order_id="SO-1", expires_in_s=900)
    assert (done.reservation_id, done.status, done.order_id) == (operation, "active", "SO-1")
    assert (done.created_at, done.expires_at) == (NOW, NOW + timedelta(seconds=900))
    [entry] = world.entries
    assert (entry.type, entry.quantity, entry.on_hand, entry.reserved, entry.version) == ("RESERVE", -2, 5, 2, 8)
    assert [operation.type for operation in world.operations] == ["RESERVE"]


def test_a_hold_without_end_never_ends() -> None:
    assert reserved(a_world(Level(A, EAST, on_hand=1)), line(1)).expires_at is None


def test_two_lines_of_one_product_are_judged_together() -> None:
    world = a_world(Level(A, EAST, on_hand=5))
    error = refused(world, Reserve(header(), (line(3), line(3))), InsufficientStock)
    assert [(s.line, s.requested, s.available) for s in error.shortages] == [(0, 6, 5), (1, 6, 5)]
    assert error.lines == 2
    assert places(reserved(world, line(3), line(2))) == [(0, EAST, 3, 0), (1, EAST, 2, 0)]
    assert quantities(world) == (5, 5, 0)


def test_one_short_line_refuses_all_and_only_it_is_named() -> None:
    world = a_world(Level(A, EAST, on_hand=5), Level(B, EAST, on_hand=1))
    error = refused(world, Reserve(header(), (line(1), line(2, B))), InsufficientStock)
    assert [(s.line, s.product) for s in error.shortages] == [(1, B)]
    assert quantities(world) == (5, 0, 0)
    assert world.entries == world.operations == []


@pytest.mark.parametrize(
    ("limit", "units", "waiting"),
    [(0, 3, 0), (2, 4, 1), (2, 5, 2), (None, 1_000_000, 999_997)],
)
def test_backorders_are_taken_up_to_the_limit(limit: int | None, units: int, waiting: int) -> None:
    world = a_world(Level(A, EAST, on_hand=3, backorder_limit=limit))
    assert places(reserved(world, line(units))) == [(0, EAST, units, waiting)]
    assert quantities(world) == (3, units, waiting)


@pytest.mark.parametrize(("limit", "units"), [(0, 4), (2, 6)])
def test_backorders_beyond_the_limit_are_refused(limit: int, units: int) -> None:
    world = a_world(Level(A, EAST, on_hand=3, backorder_limit=limit))
    refused(world, Reserve(header(), (line(units),)), InsufficientStock)


def test_the_limit_counts_what_waits_already() -> None:
    world = a_world(Level(A, EAST, on_hand=0, reserved=2, backordered=2, backorder_limit=3))
    refused(world, Reserve(header(), (line(2),)), InsufficientStock)
    assert places(reserved(world, line(1))) == [(0, EAST, 1, 1)]


def test_after_a_count_below_what_is_reserved_nothing_can_be_promised() -> None:
    world = a_world(Level(A, EAST, on_hand=1, reserved=4, backordered=3))
    error = refused(world, Reserve(header(), (line(1),)), InsufficientStock)
    assert error.shortages[0].available == 0


def test_partial_takes_what_there_is_and_says_what_was_asked() -> None:
    world = a_world(Level(A, EAST, on_hand=2), Level(B, EAST, on_hand=5))
    done = reserved(world, line(3), line(4, B), allow_partial=True)
    assert places(done) == [(0, EAST, 2, 0), (1, EAST, 4, 0)]
    assert done.requested == {"0": 3}


def test_partial_of_nothing_is_refused() -> None:
    world = a_world(Level(A, EAST))
    refused(world, Reserve(header(), (line(3),), allow_partial=True), InsufficientStock)


def test_an_order_is_split_only_when_no_warehouse_has_it_all() -> None:
    world = a_world(Level(A, EAST, on_hand=2), Level(A, WEST, on_hand=3), Level(B, WEST, on_hand=1))
    done = reserved(world, line(2, A, None), line(1, B, None))
    assert [(place[0], place[1]) for place in places(done)] == [(0, WEST), (1, WEST)]
    assert done.route == {
        "rule": "fewest_shipments",
        "shipments": 1,
        "ship_to_precision": None,
        "candidates": ["EAST", "WEST"],
        "distances_m": None,
    }
    split = reserved(world, line(3, A, None))
    assert places(split) == [(0, EAST, 2, 0), (0, WEST, 1, 0)]
    assert split.route is not None
    assert split.route["shipments"] == 2


def test_an_order_that_may_not_be_split_is_refused_rather_than_split() -> None:
    world = a_world(Level(A, EAST, on_hand=2), Level(A, WEST, on_hand=2))
    refused(world, Reserve(header(), (line(3, A, None),), allow_split=False), InsufficientStock)
    assert places(reserved(world, line(2, A, None), allow_split=False)) == [(0, EAST, 2, 0)]


def test_an_order_that_may_not_be_split_may_wait_where_most_is_promised() -> None:
    world = a_world(Level(A, EAST, on_hand=2), Level(A, WEST, on_hand=2, backorder_limit=5))
    assert places(reserved(world, line(3, A, None), allow_split=False)) == [(0, WEST, 3, 1)]


def test_stock_anywhere_comes_before_a_backorder() -> None:
    world = a_world(Level(A, EAST, on_hand=1, backorder_limit=9), Level(A, WEST, on_hand=1))
    done = reserved(world, line(4, A, None))
    assert places(done) == [(0, EAST, 3, 2), (0, WEST, 1, 0)]


def test_named_warehouses_come_first_and_the_rest_share_what_is_left() -> None:
    world = a_world(Level(A, EAST, on_hand=3), Level(A, WEST, on_hand=3))
    done = reserved(world, line(3, A, None), line(3))
    assert places(done) == [(0, WEST, 3, 0), (1, EAST, 3, 0)]


def test_the_nearest_warehouse_is_preferred() -> None:
    world = a_world(Level(A, EAST, on_hand=1), Level(A, NORTH, on_hand=1), Level(A, WEST, on_hand=1))
    done = reserved(world, line(1, A, None), ship_to=ShipTo(latitude=60.0, longitude=18.0))
    assert places(done) == [(0, NORTH, 1, 0)]
    assert done.route is not None
    assert done.route["candidates"] == ["NORTH", "EAST", "WEST"]
    assert done.route["distances_m"][0] == pytest.approx(111_195, abs=10)


def test_a_closed_warehouse_takes_no_orders() -> None:
    warehouses = {EAST: Warehouse(EAST, "EAST", 0, 0, active=False), WEST: Warehouse(WEST, "WEST", 0, 0)}
    world = a_world(Level(A, EAST, on_hand=9), Level(A, WEST, on_hand=1), warehouses=warehouses)
    assert refused(world, Reserve(header(), (line(1, A, WEST), line(1))), WarehouseInactive).line == 1
    assert places(reserved(world, line(1, A, None))) == [(0, WEST, 1, 0)]
    error = refused(world, Reserve(header(), (line(1, A, None),)), InsufficientStock)
    assert error.shortages[0].available == 0, "what lies in a closed warehouse is not offered"


def test_a_warehouse_younger_than_the_list_can_be_named_beside_routed_lines() -> None:
    """The list of warehouses is up to a second old."""
    world = a_world(Level(A, EAST, on_hand=1), Level(B, WEST, on_hand=1), warehouses={EAST: Warehouse(EAST, "E", 0, 0)})
    done = reserved(world, line(1, A, None), line(1, B, WEST), ship_to=ShipTo(latitude=0, longitude=0))
    assert places(done) == [(0, EAST, 1, 0), (1, WEST, 1, 0)]


def test_reserved_units_can_be_counted() -> None:
    full = QUANTITY_MAX_UNITS
    world = a_world(Level(A, EAST, reserved=full - 1, backordered=full - 1, backorder_limit=None))
    assert refused(world, Reserve(header(), (line(2),)), LevelOverflow).quantity == 2
    refused(world, Reserve(header(), (line(1), line(1))), LevelOverflow)
    assert places(reserved(world, line(1))) == [(0, EAST, 1, 1)]
    assert quantities(world) == (0, full, full)


def test_a_level_that_does_not_exist_is_one_of_zeros_with_the_products_limit() -> None:
    world = a_world(limits={A: 2, B: 0})
    assert places(reserved(world, line(2))) == [(0, EAST, 2, 2)]
    refused(world, Reserve(header(), (line(1, B),)), InsufficientStock)
    assert broken(world) == []


@pytest.mark.parametrize(("units", "split"), [(2, True), (4, True), (2, False)])
def test_a_backorder_waits_where_stock_is_on_its_way(units: int, split: bool) -> None:
    """Not at the first warehouse by name, to which nothing may ever come."""
    waiting = Level(A, WEST, reserved=3, backordered=3, incoming=5, backorder_limit=9)
    world = a_world(Level(A, EAST, backorder_limit=9), waiting)
    assert places(reserved(world, line(units, A, None), allow_split=split)) == [(0, WEST, units, units)]


def test_a_backorder_waits_where_enough_is_on_its_way() -> None:
    world = a_world(Level(A, EAST, incoming=1, backorder_limit=9), Level(A, WEST, incoming=5, backorder_limit=9))
    assert places(reserved(world, line(4, A, None))) == [(0, WEST, 4, 4)]
    assert places(reserved(world, line(1, A, None))) == [(0, EAST, 1, 1)]


def test_a_backorder_waits_where_the_product_is_kept() -> None:
    world = a_world(Level(A, WEST, backorder_limit=9), limits={A: 9})
    assert places(reserved(world, line(2, A, None))) == [(0, WEST, 2, 2)]
