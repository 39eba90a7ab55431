"""Capacity: what fits, what is refused, what is only warned of. The bound is never below the truth."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onhand.domain.admitting import RoomUnknown
from onhand.domain.commands import (
    Adjust,
    AdjustLine,
    ArrivalLine,
    CancelTransfer,
    ChangeState,
    Command,
    CreatePurchaseOrder,
    Dispatch,
    Fulfill,
    PlacePurchaseOrder,
    Receive,
    ReceivePurchaseOrder,
    ReceiveTransfer,
    ReturnLine,
    StateLine,
    TakeBack,
    TransferLineWanted,
)
from onhand.domain.decide import decide
from onhand.domain.errors import CapacityExceeded, DomainError
from onhand.domain.ids import Id
from onhand.domain.outcomes import OperationDone
from onhand.domain.room import MM3_PER_LITRE, Room
from onhand.domain.world import MissingFactsError, World
from support.worlds import (
    EAST,
    NORTH,
    A,
    B,
    a_world,
    an_id,
    broken,
    header,
    line,
    moved,
    posted,
    refused,
    reserved,
    stock,
    verdict,
)


def roomy(capacity: int | None, *, policy: str = "refuse", capacity_in: str = "units", warehouse: Id = EAST) -> World:
    world = a_world()
    world.rooms[warehouse] = Room(warehouse, capacity, capacity_in, policy, 0, 0)
    return world


def delivery(*units: int, measured: bool = True, product: Id = A, warehouse: Id = EAST) -> Receive:
    return Receive(header(measured=measured), tuple(stock(each, product, warehouse) for each in units))


def test_what_does_not_fit_is_refused_line_by_line_and_nothing_moves() -> None:
    world = roomy(10)
    posted(world, delivery(4))
    error = refused(world, delivery(3, 5, 3, 1), CapacityExceeded)
    assert [(x.line, x.requested, x.free, x.capacity_in) for x in error.excesses] == [
        (1, 5, 3, "units"),
        (3, 1, 0, "units"),
    ]
    assert (world.levels[A, EAST].on_hand, world.rooms[EAST].free) == (4, 6)
    posted(world, delivery(3, 3))
    assert world.rooms[EAST].free == 0


def test_other_warehouses_and_those_without_an_end_take_all() -> None:
    world = roomy(1)
    posted(world, delivery(50, warehouse=NORTH))
    world.rooms[NORTH] = Room(NORTH, None, "units", "refuse", None, 0)
    posted(world, delivery(50, warehouse=NORTH))
    assert world.levels[A, NORTH].on_hand == 100


@pytest.mark.parametrize("base", [None, 8])
def test_without_a_measurement_it_is_not_refused_but_asked_again(base: int | None) -> None:
    world = roomy(10)
    world.rooms[EAST].base = base
    assert refused(world, delivery(3, measured=False), RoomUnknown).warehouses == [EAST]
    assert not world.operations
    if base is None:
        refused(world, delivery(3), RoomUnknown)


def test_warned_of_and_taken_in_all_the_same() -> None:
    world = roomy(10, policy="warn")
    assert posted(world, delivery(10)).warnings == []
    refused(world, delivery(1, measured=False), RoomUnknown)
    [warning] = posted(world, delivery(2, 1)).warnings
    assert (warning.warehouse, warning.capacity, warning.used, warning.capacity_in) == (EAST, 10, 13, "units")


def test_litres_are_those_of_the_dimensions_and_what_has_none_takes_none() -> None:
    world = roomy(2, capacity_in="litres")
    with pytest.raises(MissingFactsError) as missing:
        decide(world, [delivery(1)])
    assert missing.value.volumes == {A}
    world.volumes = {A: 900_000, B: 0}
    posted(world, delivery(2))
    assert world.rooms[EAST].added == 1_800_000
    error = refused(world, delivery(1), CapacityExceeded)
    assert [(x.requested, x.free) for x in error.excesses] == [(1, 0)]
    posted(world, delivery(10**6, product=B))


def test_transfers_are_judged_where_they_arrive() -> None:
    world = roomy(5)
    posted(world, delivery(20, warehouse=NORTH))
    wanted = (TransferLineWanted(A, 6),)
    refused(world, Dispatch(header(measured=True), NORTH, EAST, wanted), CapacityExceeded)
    under_way = moved(world, Dispatch(header(), NORTH, EAST, wanted, immediate=False)).transfer_id
    refused(world, ReceiveTransfer(header(measured=True), under_way), CapacityExceeded)
    moved(world, ReceiveTransfer(header(), under_way, (TransferLineWanted(A, 5),)))
    assert world.rooms[EAST].free == 0
    world.rooms[NORTH] = Room(NORTH, 14, "units", "refuse", 14, 0)
    refused(world, CancelTransfer(header(measured=True), under_way), CapacityExceeded)
    world.rooms[NORTH].base = 13
    moved(world, CancelTransfer(header(), under_way))
    assert broken(world) == []


def test_what_does_not_fit_is_named_by_its_line_of_the_request_and_not_of_the_order() -> None:
    world = roomy(5)
    lines = (stock(3, A, EAST), stock(9, B, EAST))
    order = CreatePurchaseOrder(header(), an_id("supplier", 1), lines)
    for command in (order, PlacePurchaseOrder(header(), order.header.operation_id, date(2026, 3, 6))):
        assert not isinstance(verdict(world, command), DomainError)
    subject = order.header.operation_id
    part = ReceivePurchaseOrder(header(measured=True), subject, (ArrivalLine(B, 6),))
    assert [x.line for x in refused(world, part, CapacityExceeded).excesses] == [0]
    whole = ReceivePurchaseOrder(header(measured=True), subject)
    assert [x.line for x in refused(world, whole, CapacityExceeded).excesses] == [1]
    posted(world, delivery(9, product=A, warehouse=NORTH))
    posted(world, delivery(9, product=B, warehouse=NORTH))
    wanted = (TransferLineWanted(A, 9), TransferLineWanted(B, 9))
    under_way = moved(world, Dispatch(header(), NORTH, EAST, wanted, immediate=False)).transfer_id
    arrival = ReceiveTransfer(header(measured=True), under_way, (TransferLineWanted(B, 6),))
    assert [x.line for x in refused(world, arrival, CapacityExceeded).excesses] == [0]


def test_returns_are_judged_and_refused_units_take_no_room() -> None:
    world = roomy(10)
    posted(world, delivery(10))
    held = reserved(world, line(4)).reservation_id
    verdict(world, Fulfill(header(), held))
    back = TakeBack(header(measured=True), (held,), (ReturnLine(A, 1, "restock"), ReturnLine(A, 1, "refuse")))
    refused(world, back, CapacityExceeded)  # Sales are not counted down; a measurement finds them.
    world.rooms[EAST].base = -4
    assert not isinstance(verdict(world, back), DomainError)
    assert world.rooms[EAST].free == 3


def test_a_count_is_never_refused_and_counts() -> None:
    world = roomy(10)
    line_ = AdjustLine(A, EAST, "count", counted_quantity=12)
    assert posted(world, Adjust(header(), (line_,))).warnings == []
    assert world.rooms[EAST].free == -2
    posted(world, ChangeState(header(), (StateLine(A, EAST, 2, "available", "damaged", "fell"),)))
    assert world.rooms[EAST].free == -2


MOVES = st.one_of(
    st.tuples(st.just("receive"), st.lists(st.integers(1, 6), min_size=1, max_size=3)),
    st.tuples(st.just("sell"), st.integers(1, 6)),
    st.tuples(st.just("count"), st.integers(0, 8)),
    st.tuples(st.just("scrap"), st.integers(1, 3)),
    st.tuples(st.just("measure"), st.just(0)),
)


@given(moves=st.lists(MOVES, max_size=20))
def test_the_bound_is_never_below_the_truth_and_deliveries_never_fill_beyond_the_end(
    moves: Sequence[tuple[str, Any]],
) -> None:
    world = roomy(10)
    for kind, value in moves:
        before = _there(world)
        if kind == "measure":
            world.rooms[EAST].base = before - world.rooms[EAST].added
            continue
        done = verdict(world, _command(world, kind, value))
        there, room = _there(world), world.rooms[EAST]
        assert there <= (room.base or 0) + room.added
        if kind == "receive" and isinstance(done, OperationDone):
            assert there <= 10
        if kind == "receive" and isinstance(done, CapacityExceeded):
            assert there == before


def _there(world: World) -> int:
    return sum(level.on_hand + level.damaged for level in world.levels.values())


def _command(world: World, kind: str, value: Any) -> Command:
    if kind == "receive":
        return delivery(*value)
    if kind == "count":
        return Adjust(header(), (AdjustLine(A, EAST, "count", counted_quantity=value),))
    if kind == "scrap":
        return ChangeState(header(), (StateLine(A, EAST, value, "available", "scrapped", "old"),))
    level = world.levels.get((A, EAST))
    if level is None or level.available < value:
        return delivery(1)
    return Fulfill(header(), reserved(world, line(value)).reservation_id)


def test_litres_in_a_litre() -> None:
    assert MM3_PER_LITRE == 100 * 100 * 100
