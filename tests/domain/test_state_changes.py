"""Units that are damaged or looked at: beside the shelf, never sold, never lost from the books."""

from collections import Counter
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from onhand.domain.commands import (
    ArrivalLine,
    ChangeState,
    Command,
    CreatePurchaseOrder,
    PlacePurchaseOrder,
    Receive,
    ReceivePurchaseOrder,
    StateLine,
    StockLine,
)
from onhand.domain.errors import DomainError, InsufficientStock, LevelOverflow, QuantityExceedsOpen, WarehouseInactive
from onhand.domain.ids import Id
from onhand.domain.level import Level
from onhand.domain.limits import QUANTITY_MAX_UNITS
from onhand.domain.outcomes import PurchaseOrderDone
from onhand.domain.purchase_order import PurchaseOrder
from onhand.domain.routing import Warehouse
from onhand.domain.states import State
from onhand.domain.world import World
from support.worlds import EAST, A, B, a_world, an_id, broken, header, line, posted, refused, reserved, stock, verdict

STATES = "available", "damaged", "quality_control", "safety_stock"
SOURCE, TARGET = st.sampled_from(STATES), st.sampled_from([*STATES, "scrapped"])


def states(world: World, product: Id = A) -> tuple[int, int, int]:
    """on_hand, damaged, quality_control."""
    level = world.levels[product, EAST]
    return level.on_hand, level.damaged, level.quality_control


def came(units: int, damaged: int = 0, inspected: int = 0) -> Receive:
    return Receive(header(), (StockLine(A, EAST, units, damaged, inspected),))


def moved(*lines: tuple[int, str, str]) -> ChangeState:
    return ChangeState(header(), tuple(StateLine(A, EAST, units, *ends, "seen") for units, *ends in lines))


def ordered(world: World, command: Command) -> PurchaseOrder:
    done = verdict(world, command)
    assert isinstance(done, PurchaseOrderDone), done
    return done.purchase_order


def placed(world: World, *lines: StockLine) -> Id:
    order = ordered(world, CreatePurchaseOrder(header(), an_id("supplier", 1), lines)).purchase_order_id
    return ordered(world, PlacePurchaseOrder(header(), order, date(2026, 3, 6))).purchase_order_id


def test_what_came_damaged_is_not_sold_and_covers_nothing() -> None:
    world = a_world(Level(A, EAST, backorder_limit=None))
    reserved(world, line(9))
    done = posted(world, came(10, 2, 3))
    assert [(x.quantity, x.on_hand, x.backordered, x.damaged, x.quality_control) for x in done.lines] == [
        (5, 5, 4, 2, 3)
    ]
    assert posted(world, moved((3, "quality_control", "available"))).lines[0].backordered == 1
    assert broken(world) == []


def test_a_delivery_may_be_damaged_as_a_whole() -> None:
    world = a_world()
    assert posted(world, came(4, 4)).lines[0].quantity == 0
    assert states(world) == (0, 4, 0)
    assert broken(world) == []


def test_taking_reserved_units_off_the_shelf_leaves_the_youngest_short() -> None:
    world = a_world()
    posted(world, came(5))
    _, young = reserved(world, line(3)), reserved(world, line(2))
    done = posted(world, moved((1, "available", "damaged")))
    assert [(x.reservation, x.quantity) for x in done.short] == [(young.reservation_id, 1)]
    assert broken(world) == []


def test_two_lines_of_one_state_are_judged_together() -> None:
    world = a_world()
    posted(world, came(5, 3))
    error = refused(world, moved((2, "damaged", "scrapped"), (2, "damaged", "available")), InsufficientStock)
    assert [(x.line, x.requested, x.available) for x in error.shortages] == [(1, 2, 1)]
    assert (states(world), len(world.entries)) == ((2, 3, 0), 1)


def test_nothing_comes_onto_the_shelf_of_a_closed_warehouse_but_may_leave_it() -> None:
    world = a_world(Level(A, EAST), warehouses={EAST: Warehouse(EAST, "EAST", 0, 0, "DE", active=True)})
    posted(world, came(3, 2))
    world.warehouses = {EAST: Warehouse(EAST, "EAST", 0, 0, "DE", active=False)}
    refused(world, moved((1, "damaged", "available")), WarehouseInactive)
    posted(world, moved((1, "damaged", "scrapped")))


def test_all_states_together_stay_countable() -> None:
    world = a_world(Level(A, EAST, on_hand=QUANTITY_MAX_UNITS - 3, damaged=2, quality_control=1))
    refused(world, came(1, 1), LevelOverflow)
    assert posted(world, moved((2, "damaged", "available"))).lines[0].on_hand == QUANTITY_MAX_UNITS - 1


def test_an_order_is_received_with_damaged_ones_over_its_lines() -> None:
    world = a_world()
    order = placed(world, stock(4), stock(6), stock(2, B))
    arrivals = ArrivalLine(A, 7, None, 5, 1), ArrivalLine(B, 2, None, 0, 2)
    done = ordered(world, ReceivePurchaseOrder(header(), order, arrivals))
    assert [(x.received, x.damaged, x.quality_control) for x in done.lines] == [(4, 4, 0), (3, 1, 1), (2, 0, 2)]
    assert (states(world), states(world, B), world.levels[A, EAST].incoming) == ((1, 5, 1), (0, 0, 2), 3)
    assert broken(world) == []


def test_damaged_units_do_not_make_room_for_more_than_was_ordered() -> None:
    world = a_world()
    order = placed(world, stock(4))
    refused(world, ReceivePurchaseOrder(header(), order, (ArrivalLine(A, 5, None, 1),)), QuantityExceedsOpen)
    assert broken(world) == []


def test_what_cannot_be_sold_is_ordered_again_and_what_is_looked_at_is_not() -> None:
    world = a_world(Level(A, EAST, reorder_threshold=5))
    order = placed(world, stock(8))
    ordered(world, ReceivePurchaseOrder(header(), order, (ArrivalLine(A, 4, None, 0, 4),)))
    assert (world.levels[A, EAST].position, list(world.notes)) == (8, [])
    ordered(world, ReceivePurchaseOrder(header(), order, (ArrivalLine(A, 4, None, 4),)))
    assert (world.levels[A, EAST].position, list(world.notes)) == (4, [(A, EAST)])


@given(
    st.lists(
        st.one_of(
            st.tuples(st.integers(1, 6), st.integers(0, 3), st.integers(0, 3)).map(
                lambda x: came(max(x[0], x[1] + x[2]), *x[1:])
            ),
            st.lists(st.tuples(st.integers(1, 5), SOURCE, TARGET), min_size=1, max_size=3)
            .map(lambda lines: [x for x in lines if x[1] != x[2]])
            .filter(bool)
            .map(lambda lines: moved(*lines)),
        ),
        max_size=12,
    )
)
def test_units_are_where_they_were_put(commands: list[Command]) -> None:
    """Against a plain count of units per state. A refusal moves nothing and means that too much was asked."""
    world = a_world()
    there: Counter[str] = Counter()
    for command in commands:
        after = Counter(there)
        asked: Counter[str] = Counter()
        if isinstance(command, Receive):
            [x] = command.lines
            after += Counter({"damaged": x.damaged, "quality_control": x.quality_control})
            after["available"] += x.quantity - x.damaged - x.quality_control
        else:
            assert isinstance(command, ChangeState)
            for each in command.lines:
                after[each.source] -= each.quantity
                after[each.target] += each.quantity
                asked[each.source] += each.quantity
        if isinstance(verdict(world, command), DomainError):
            assert any(units > there[state] for state, units in asked.items())
        else:
            assert all(units <= there[state] for state, units in asked.items())
            there = after
        if (A, EAST) in world.levels:
            assert states(world) == tuple(there[state] for state in STATES[:3])
            assert world.levels[A, EAST].set_aside == there["safety_stock"]
        assert broken(world) == []


def test_states_are_what_the_api_calls_them() -> None:
    """What is lost on its way is a state of the ledger's rows alone: no command moves units into it."""
    assert {*State} == {*STATES, "scrapped", "lost"}
