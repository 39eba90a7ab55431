"""Returns: never more than was shipped, each part where it belongs, the books in order."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from onhand.domain.commands import Command, Fulfill, Receive, ReturnLine, TakeBack
from onhand.domain.customer_return import CustomerReturn
from onhand.domain.errors import DomainError, LevelOverflow, QuantityExceedsFulfilled, Unknown, WarehouseInactive
from onhand.domain.ids import Id
from onhand.domain.level import Level
from onhand.domain.limits import QUANTITY_MAX_UNITS
from onhand.domain.outcomes import ReturnDone
from onhand.domain.routing import Warehouse
from onhand.domain.world import World
from support.worlds import (
    EAST,
    NORTH,
    WEST,
    A,
    B,
    a_world,
    an_id,
    broken,
    header,
    line,
    part,
    posted,
    refused,
    reserved,
    stock,
    verdict,
)

DISPOSITIONS = "restock", "quality_control", "damaged", "refuse"


def shipped(world: World, *wanted: Any) -> Id:
    reservation = reserved(world, *wanted).reservation_id
    assert not isinstance(verdict(world, Fulfill(header(), reservation)), DomainError)
    return reservation


def back(quantity: int, disposition: str = "restock", product: Id = A, **fields: Any) -> ReturnLine:
    return ReturnLine(product, quantity, disposition, **fields)


def taken(world: World, command: Command) -> CustomerReturn:
    done = verdict(world, command)
    assert isinstance(done, ReturnDone), done
    return done.customer_return


def states(world: World, warehouse: Id = EAST, product: Id = A) -> tuple[int, int, int]:
    level = world.levels[product, warehouse]
    return level.on_hand, level.damaged, level.quality_control


def stocked(**fields: Any) -> World:
    world = a_world(**fields)
    posted(world, Receive(header(), tuple(stock(10, p, w) for p in (A, B) for w in (EAST, NORTH))))
    return world


def test_each_disposition_goes_its_way_and_the_ledger_row_names_the_reservation() -> None:
    world = stocked()
    reservation = shipped(world, line(8))
    lines = tuple(back(units, to) for units, to in zip((1, 2, 3, 2), DISPOSITIONS, strict=True))
    made = taken(world, TakeBack(header(reason="broken box"), (reservation,), lines))
    assert states(world) == (3, 3, 2)
    assert [(x.quantity, x.disposition, x.warehouse) for x in made.parts] == [
        *((units, to, EAST) for units, to in ((1, "restock"), (2, "quality_control"), (3, "damaged"))),
        (2, "refuse", None),
    ]
    entries = world.entries[-3:]
    assert [(x.type, x.quantity, x.reason) for x in entries] == [("RECEIVE", x, "broken box") for x in (1, 0, 0)]
    assert {(x.header.reference_type, x.header.reference_id) for x in entries} == {("reservation", str(reservation))}
    assert broken(world) == []


def test_no_more_comes_back_than_was_shipped_and_two_lines_are_judged_together() -> None:
    world = stocked()
    reservation = shipped(world, line(5))
    taken(world, TakeBack(header(), (reservation,), (back(3),)))
    error = refused(world, TakeBack(header(), (reservation,), (back(1), back(2))), QuantityExceedsFulfilled)
    assert (error.line, error.requested, error.fulfilled, error.returned) == (1, 2, 5, 4)
    taken(world, TakeBack(header(), (reservation,), (back(1), back(1))))
    refused(world, TakeBack(header(), (reservation,), (back(1, "refuse"),)), QuantityExceedsFulfilled)
    assert states(world) == (10, 0, 0)


def test_what_was_held_or_released_and_never_shipped_does_not_come_back() -> None:
    world = stocked()
    reservation = reserved(world, line(5)).reservation_id
    refused(world, TakeBack(header(), (reservation,), (back(1),)), QuantityExceedsFulfilled)
    assert not isinstance(verdict(world, Fulfill(header(), reservation, (part(2),))), DomainError)
    taken(world, TakeBack(header(), (reservation,), (back(2),)))
    refused(world, TakeBack(header(), (reservation,), (back(1),)), QuantityExceedsFulfilled)


def test_refused_units_may_come_again() -> None:
    world = stocked()
    reservation = shipped(world, line(2))
    before = len(world.operations)
    for _ in range(2):
        taken(world, TakeBack(header(), (reservation,), (back(2, "refuse"),)))
    assert (len(world.operations), states(world)) == (before, (8, 0, 0))
    taken(world, TakeBack(header(), (reservation,), (back(2),)))
    assert states(world) == (10, 0, 0)


def test_parts_go_back_to_where_they_were_shipped_from_unless_told_otherwise() -> None:
    world = stocked()
    reservation = shipped(world, line(4, A, EAST), line(4, A, NORTH))
    made = taken(world, TakeBack(header(), (reservation,), (back(6),)))
    assert [(x.reservation_line, x.shipped_from, x.warehouse, x.quantity) for x in made.parts] == [
        (0, EAST, EAST, 4),
        (1, NORTH, NORTH, 2),
    ]
    made = taken(world, TakeBack(header(), (reservation,), (back(1, line=1, warehouse=WEST),)))
    assert [(x.shipped_from, x.warehouse) for x in made.parts] == [(NORTH, WEST)]
    assert (states(world, WEST), broken(world)) == ((1, 0, 0), [])


def test_what_is_where_it_was_shipped_from_is_that_first() -> None:
    world = stocked()
    reservation = shipped(world, line(4, A, EAST), line(4, A, NORTH))
    made = taken(world, TakeBack(header(), (reservation,), (back(3, warehouse=NORTH),)))
    assert [(x.shipped_from, x.warehouse) for x in made.parts] == [(NORTH, NORTH)]


def test_an_order_of_several_reservations_gives_back_the_oldest_first() -> None:
    world = stocked()
    first, second = shipped(world, line(2)), shipped(world, line(3))
    made = taken(world, TakeBack(header(), (first, second), (back(4),)))
    assert [(x.reservation, x.quantity) for x in made.parts] == [(first, 2), (second, 2)]
    error = refused(world, TakeBack(header(), (first,), (back(1),)), QuantityExceedsFulfilled)
    assert (error.fulfilled, error.returned) == (2, 2)


def test_what_comes_back_covers_who_waits() -> None:
    world = a_world(limits={A: None, B: 0})
    posted(world, Receive(header(), (stock(2),)))
    reservation = shipped(world, line(2))
    waiting = reserved(world, line(3)).reservation_id
    taken(world, TakeBack(header(), (reservation,), (back(1), back(1, "damaged"))))
    assert world.reservations[waiting].allocations[0].covered == 1
    assert broken(world) == []


def test_it_is_refused_where_it_cannot_be() -> None:
    places = {
        EAST: Warehouse(EAST, "EAST", 51.0, 12.0, "DE"),
        NORTH: Warehouse(NORTH, "NORTH", 59.0, 18.0, "SE", active=False),
    }
    world = a_world(Level(A, EAST, 2), Level(A, NORTH, QUANTITY_MAX_UNITS), warehouses=places)
    reservation = shipped(world, line(2))
    closed = refused(world, TakeBack(header(), (reservation,), (back(1), back(1, warehouse=NORTH))), WarehouseInactive)
    assert closed.line == 1
    assert not world.returns
    world.warehouses[NORTH] = Warehouse(NORTH, "NORTH", 59.0, 18.0, "SE")  # type: ignore[index]
    refused(world, TakeBack(header(), (reservation,), (back(1, warehouse=NORTH),)), LevelOverflow)
    refused(world, TakeBack(header(), (an_id("reservation", 1),), (back(1),)), Unknown)


def test_the_same_id_again_changes_nothing() -> None:
    world = stocked()
    reservation = shipped(world, line(5))
    once = TakeBack(header(), (reservation,), (back(3),))
    assert taken(world, once) == taken(world, once)
    assert states(world) == (8, 0, 0)


@given(
    orders=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3), st.sampled_from([A, B])), min_size=1, max_size=3),
    returns=st.lists(
        st.tuples(
            st.integers(0, 2),
            st.lists(
                st.tuples(
                    st.integers(1, 4),
                    st.sampled_from(DISPOSITIONS),
                    st.sampled_from([A, B]),
                    st.sampled_from([None, EAST, NORTH, WEST]),
                ),
                min_size=1,
                max_size=3,
            ),
        ),
        max_size=6,
    ),
)
def test_whatever_comes_back_the_books_are_in_order(
    orders: list[tuple[int, int, Id]], returns: list[tuple[int, list[tuple[int, str, Id, Id | None]]]]
) -> None:
    world = stocked()
    ids, fulfilled = [], Counter[tuple[Id, Id]]()
    for units, ship, product in orders:
        reservation = reserved(world, line(units, product)).reservation_id
        ids.append(reservation)
        if ship := min(ship, units):
            verdict(world, Fulfill(header(), reservation, (part(ship, product),)))
            fulfilled[reservation, product] += ship
    there = sum(sum(states(world, *key[::-1])) for key in world.levels)
    came: Counter[tuple[Id, Id]] = Counter()
    for which, lines in returns:
        reservation = ids[which % len(ids)]
        asked: Counter[Id] = Counter()
        for units, _, product, _ in lines:
            asked[product] += units
        fits = all(came[reservation, p] + n <= fulfilled[reservation, p] for p, n in asked.items())
        command = TakeBack(header(), (reservation,), tuple(back(u, d, p, warehouse=w) for u, d, p, w in lines))
        accepted = not isinstance(verdict(world, command), DomainError)
        assert accepted == fits
        event("accepted" if accepted else "refused")
        if accepted:
            for units, disposition, product, _ in lines:
                came[reservation, product] += units if disposition != "refuse" else 0
    assert sum(sum(states(world, *key[::-1])) for key in world.levels) == there + sum(came.values())
    assert broken(world) == []


@pytest.mark.parametrize("disposition", DISPOSITIONS)
def test_every_disposition_counts_towards_what_one_request_may_name(disposition: str) -> None:
    world = stocked()
    reservation = shipped(world, line(2))
    lines = (back(2, disposition), back(1, disposition))
    refused(world, TakeBack(header(), (reservation,), lines), QuantityExceedsFulfilled)
