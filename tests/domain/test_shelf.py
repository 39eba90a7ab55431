"""RECEIVE and ADJUST: what lies on the shelf."""

import pytest

from onhand.domain.commands import Adjust, AdjustLine, Receive
from onhand.domain.errors import BelowZero, LevelOverflow, StaleExpectation, Unknown, WarehouseInactive
from onhand.domain.level import Level
from onhand.domain.limits import QUANTITY_MAX_UNITS
from onhand.domain.routing import Warehouse
from onhand.domain.world import MissingFactsError
from support.worlds import EAST, WEST, A, B, a_world, broken, header, posted, quantities, refused, stock


def adjust(*lines: AdjustLine) -> Adjust:
    return Adjust(header(reason="stocktaking"), lines)


def change(units: int, **fields: int) -> AdjustLine:
    return AdjustLine(A, EAST, "damage", quantity_change=units, **fields)


def count(units: int, **fields: int) -> AdjustLine:
    return AdjustLine(A, EAST, "count", counted_quantity=units, **fields)


def test_a_receipt_of_several_lines() -> None:
    world = a_world()
    done = posted(
        world, Receive(header(reason="delivery", reference_type="po", reference_id="7"), (stock(3), stock(4)))
    )
    assert [(x.quantity, x.on_hand) for x in done.lines] == [(3, 3), (4, 7)]
    assert (done.type, done.reason, done.reference_type, done.reference_id) == ("RECEIVE", "delivery", "po", "7")
    assert [(e.type, e.quantity, e.version, e.reason) for e in world.entries] == [
        ("RECEIVE", 3, 1, "delivery"),
        ("RECEIVE", 4, 2, "delivery"),
    ]
    assert broken(world) == []


def test_a_level_is_made_with_the_limit_of_its_product() -> None:
    world = a_world(limits={A: 7})
    posted(world, Receive(header(), (stock(1),)))
    level = world.levels[A, EAST]
    assert (level.exists, level.touched, level.backorder_limit) == (False, True, 7)


def test_the_limit_is_asked_for_when_it_is_not_known() -> None:
    with pytest.raises(MissingFactsError) as missing:
        posted(a_world(limits={}), Receive(header(), (stock(1),)))
    assert missing.value.products == {A}


def test_a_product_that_was_looked_for_and_not_found_is_refused() -> None:
    world = a_world(limits={B: 0})
    world.unknown_products = {A}
    error = refused(world, Receive(header(), (stock(1, B), stock(1))), Unknown)
    assert (error.kind, error.name) == ("product", str(A))
    assert world.entries == world.operations == []


def test_a_closed_warehouse_takes_no_stock() -> None:
    warehouses = {EAST: Warehouse(EAST, "EAST", 0, 0, active=False)}
    error = refused(a_world(warehouses=warehouses), Receive(header(), (stock(1, A, WEST), stock(1))), WarehouseInactive)
    assert (error.line, error.warehouse) == (1, EAST)


@pytest.mark.parametrize("units", [(2,), (1, 1)])
def test_no_level_counts_beyond_an_integer(units: tuple[int, ...]) -> None:
    world = a_world(Level(A, EAST, on_hand=QUANTITY_MAX_UNITS - 2, incoming=1))
    error = refused(world, Receive(header(), tuple(stock(n) for n in units)), LevelOverflow)
    assert error.line == len(units) - 1
    posted(world, Receive(header(), (stock(1),)))


def test_a_count_beyond_an_integer_is_refused() -> None:
    world = a_world(Level(A, EAST, incoming=1))
    refused(world, adjust(count(QUANTITY_MAX_UNITS)), LevelOverflow)
    posted(world, adjust(count(QUANTITY_MAX_UNITS - 1)))


def test_an_adjustment_says_why() -> None:
    world = a_world(Level(A, EAST, on_hand=5))
    done = posted(world, adjust(change(-2)))
    assert (done.lines[0].quantity, done.lines[0].on_hand, done.lines[0].reason) == (-2, 3, "damage")
    assert (world.entries[0].type, world.entries[0].reason) == ("ADJUST", "damage")


def test_nothing_can_be_taken_that_is_not_there() -> None:
    world = a_world(Level(A, EAST, on_hand=5))
    error = refused(world, adjust(change(-3), change(-3)), BelowZero)
    assert (error.line, error.quantity_change, error.on_hand) == (1, -3, 2)
    assert quantities(world) == (5, 0, 0)
    posted(world, adjust(change(-5)))


def test_a_count_says_how_many_there_are() -> None:
    world = a_world(Level(A, EAST, on_hand=5))
    assert posted(world, adjust(count(8))).lines[0].quantity == 3
    assert posted(world, adjust(count(0))).lines[0].quantity == -8
    assert posted(world, adjust(count(0))).lines[0].quantity == 0


def test_an_expectation_makes_it_compare_and_set() -> None:
    world = a_world(Level(A, EAST, on_hand=5))
    error = refused(world, adjust(change(1, expected_on_hand=4)), StaleExpectation)
    assert (error.line, error.expected_on_hand, error.on_hand) == (0, 4, 5)
    posted(world, adjust(change(1, expected_on_hand=5), count(9, expected_on_hand=6)))
    assert quantities(world) == (9, 0, 0)
    assert refused(world, adjust(count(1), count(2, expected_on_hand=9)), StaleExpectation).on_hand == 1
