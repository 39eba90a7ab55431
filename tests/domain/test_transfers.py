"""TRANSFER: from one warehouse to another, at once or by way of a lorry."""

import pytest

from onhand.domain.commands import (
    CancelTransfer,
    Dispatch,
    Receive,
    ReceiveTransfer,
    TransferLineWanted,
    WriteOffTransfer,
)
from onhand.domain.errors import (
    InsufficientStock,
    LevelOverflow,
    QuantityExceedsOpen,
    TransferClosed,
    Unknown,
    WarehouseInactive,
)
from onhand.domain.level import Level
from onhand.domain.limits import QUANTITY_MAX_UNITS
from onhand.domain.routing import Warehouse
from onhand.domain.transfer import Transfer
from onhand.domain.world import World
from support.worlds import (
    EAST,
    WEST,
    A,
    B,
    a_world,
    broken,
    header,
    line,
    moved,
    new_operation,
    posted,
    quantities,
    refused,
    reserved,
    stock,
)


def wanted(units: int) -> TransferLineWanted:
    return TransferLineWanted(A, units)


def dispatch(*units: int, immediate: bool = False) -> Dispatch:
    return Dispatch(header(), EAST, WEST, tuple(wanted(n) for n in units), immediate)


def under_way(*units: int, stocked: int = 10) -> tuple[World, Transfer]:
    world = a_world(limits={A: None, B: 0})
    posted(world, Receive(header(), (stock(stocked),)))
    return world, moved(world, dispatch(*units))


def test_an_immediate_transfer_arrives_in_the_same_moment() -> None:
    world = a_world()
    posted(world, Receive(header(), (stock(5),)))
    done = moved(world, dispatch(3, immediate=True))
    assert (done.status, [(x.quantity, x.received) for x in done.lines]) == ("received", [(3, 3)])
    assert (quantities(world), quantities(world, A, WEST)) == ((2, 0, 0), (3, 0, 0))
    assert [(e.warehouse, e.quantity) for e in world.entries[1:]] == [(EAST, -3), (WEST, 3)]
    assert broken(world) == []


def test_what_is_under_way_is_incoming() -> None:
    world, transfer = under_way(3, 4)
    assert transfer.status == "in_transit"
    assert quantities(world) == (3, 0, 0)
    assert (world.levels[A, WEST].on_hand, world.levels[A, WEST].incoming) == (0, 7)
    assert broken(world) == []


def test_it_can_be_received_in_parts() -> None:
    world, transfer = under_way(3, 4)
    part = moved(world, ReceiveTransfer(header(), transfer.transfer_id, (wanted(5),)))
    assert (part.status, [x.received for x in part.lines]) == ("partially_received", [3, 2])
    error = refused(world, ReceiveTransfer(header(), transfer.transfer_id, (wanted(1), wanted(2))), QuantityExceedsOpen)
    assert (error.line, error.requested, error.open) == (1, 2, 1)
    rest = moved(world, ReceiveTransfer(header(), transfer.transfer_id))
    assert rest.status == "received"
    assert quantities(world, A, WEST) == (7, 0, 0)
    assert world.levels[A, WEST].incoming == 0
    refused(world, ReceiveTransfer(header(), transfer.transfer_id), TransferClosed)
    assert broken(world) == []


def test_what_was_not_sent_cannot_arrive() -> None:
    world, transfer = under_way(3)
    command = ReceiveTransfer(header(), transfer.transfer_id, (TransferLineWanted(B, 1),))
    assert refused(world, command, QuantityExceedsOpen).open == 0


def test_what_is_cancelled_goes_back() -> None:
    world, transfer = under_way(3, 4)
    assert moved(world, CancelTransfer(header(), transfer.transfer_id)).status == "cancelled"
    assert quantities(world) == (10, 0, 0)
    assert world.levels[A, WEST].incoming == 0
    assert refused(world, CancelTransfer(header(), transfer.transfer_id), TransferClosed).status == "cancelled"
    assert broken(world) == []


def test_what_had_arrived_stays_when_the_rest_is_cancelled() -> None:
    world, transfer = under_way(5)
    moved(world, ReceiveTransfer(header(), transfer.transfer_id, (wanted(2),)))
    done = moved(world, CancelTransfer(header(), transfer.transfer_id))
    assert (done.status, done.lines[0].received, done.lines[0].cancelled) == ("received", 2, 3)
    assert (quantities(world), quantities(world, A, WEST)) == ((8, 0, 0), (2, 0, 0))
    assert broken(world) == []


def test_promised_units_do_not_leave() -> None:
    world = a_world()
    posted(world, Receive(header(), (stock(5),)))
    reserved(world, line(3))
    error = refused(world, dispatch(2, 1), InsufficientStock)
    assert [(s.line, s.requested, s.available) for s in error.shortages] == [(0, 3, 2), (1, 3, 2)]
    moved(world, dispatch(1, 1))
    assert broken(world) == []


@pytest.mark.parametrize("immediate", [True, False])
def test_what_arrives_covers_those_who_wait(immediate: bool) -> None:
    world = a_world(limits={A: None})
    waiter = reserved(world, line(4, A, WEST)).reservation_id
    posted(world, Receive(header(), (stock(5),)))
    transfer = moved(world, dispatch(3, immediate=immediate))
    if not immediate:
        assert quantities(world, A, WEST) == (0, 4, 4)
        moved(world, ReceiveTransfer(header(), transfer.transfer_id))
    assert quantities(world, A, WEST) == (3, 4, 1)
    assert world.events[-1].subject == str(waiter)
    assert broken(world) == []


def test_what_comes_back_covers_those_who_wait() -> None:
    world, transfer = under_way(10)
    reserved(world, line(4))
    assert quantities(world) == (0, 4, 4)
    moved(world, CancelTransfer(header(), transfer.transfer_id))
    assert quantities(world) == (10, 4, 0)


def test_a_closed_warehouse_can_be_emptied_but_not_filled() -> None:
    world = a_world(warehouses={EAST: Warehouse(EAST, "E", 0, 0, active=False), WEST: Warehouse(WEST, "W", 0, 0)})
    world.level(A, EAST).on_hand = 5
    moved(world, dispatch(3, immediate=True))
    refused(world, Dispatch(header(), WEST, EAST, (wanted(1),)), WarehouseInactive)


def test_units_under_way_count_towards_the_greatest_number() -> None:
    full = QUANTITY_MAX_UNITS
    world = a_world(Level(A, EAST, on_hand=3), Level(A, WEST, on_hand=full - 2))
    refused(world, dispatch(3), LevelOverflow)
    refused(world, dispatch(1, 2), LevelOverflow)
    moved(world, dispatch(1, 1))
    refused(world, Receive(header(), (stock(1, A, WEST),)), LevelOverflow)


def test_lines_that_come_back_must_fit_together() -> None:
    world, transfer = under_way(3, 4)
    world.levels[A, EAST].on_hand = QUANTITY_MAX_UNITS - 5  # each would fit alone
    error = refused(world, CancelTransfer(header(), transfer.transfer_id), LevelOverflow)
    assert error.line == 1
    assert world.levels[A, WEST].incoming == 7


def test_a_transfer_that_does_not_exist_is_unknown() -> None:
    assert refused(a_world(), ReceiveTransfer(header(), new_operation()), Unknown).kind == "transfer"
    assert refused(a_world(), CancelTransfer(header(), new_operation()), Unknown).kind == "transfer"


def lost(transfer: Transfer, *units: int) -> WriteOffTransfer:
    lines = tuple(wanted(n) for n in units) or None
    return WriteOffTransfer(header(reason="fell off"), transfer.transfer_id, lines)


def test_what_is_lost_closes_the_rest_and_the_ledger_says_how_much() -> None:
    world, transfer = under_way(5, 2)
    moved(world, ReceiveTransfer(header(), transfer.transfer_id, (wanted(3),)))
    done = moved(world, lost(transfer, 3))
    assert [(x.received, x.cancelled, x.lost, x.open) for x in done.lines] == [(3, 2, 2, 0), (0, 1, 1, 1)]
    assert (done.status, world.levels[A, WEST].incoming) == ("partially_received", 1)
    entries = world.entries[-2:]
    assert [(x.type, x.quantity, x.on_hand, x.reason) for x in entries] == [("TRANSFER", 0, 3, "fell off")] * 2
    assert [(x.state, x.quantity) for x in world.state_entries] == [("lost", 2), ("lost", 1)]
    assert moved(world, lost(transfer)).status == "received"
    assert quantities(world, warehouse=WEST) == (3, 0, 0)
    refused(world, lost(transfer), TransferClosed)
    assert broken(world) == []


def test_all_of_it_lost_or_some_and_the_rest_sent_back() -> None:
    world, transfer = under_way(5)
    assert moved(world, lost(transfer)).status == "lost"
    world, transfer = under_way(5)
    refused(world, lost(transfer, 6), QuantityExceedsOpen)
    assert moved(world, lost(transfer, 2)).status == "in_transit"
    done = moved(world, CancelTransfer(header(), transfer.transfer_id))
    assert [(x.cancelled, x.lost) for x in done.lines] == [(5, 2)]
    assert (done.status, quantities(world)) == ("lost", (8, 0, 0))
    assert broken(world) == []


def test_a_loss_below_the_threshold_is_noted() -> None:
    world, transfer = under_way(5)
    world.levels[A, WEST].reorder_threshold = 4
    moved(world, lost(transfer, 1))
    assert not world.notes
    moved(world, lost(transfer, 1))
    assert set(world.notes) == {(A, WEST)}
