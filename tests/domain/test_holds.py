"""RELEASE, FULFILL, and the life of a hold."""

from datetime import timedelta

import pytest

from onhand.domain.commands import Expire, Extend, Fulfill, Receive, Release, Reserve
from onhand.domain.decide import decide
from onhand.domain.errors import NotCovered, QuantityExceedsOpen, ReservationClosed, Unknown
from onhand.domain.level import Level
from onhand.domain.outcomes import Nothing, ReservationDone
from onhand.domain.reservation import Reservation
from onhand.domain.world import World
from support.worlds import (
    EAST,
    NOW,
    WEST,
    A,
    B,
    a_world,
    broken,
    header,
    held,
    line,
    new_operation,
    part,
    places,
    posted,
    quantities,
    refused,
    reserved,
    stock,
    verdict,
)


def held_in_two(limit: int | None = None) -> tuple[World, Reservation]:
    """A line of 5, of which 2 lie in EAST and 3 wait in WEST."""
    world = a_world(limits={A: limit, B: 0})
    posted(world, Receive(header(), (stock(2),)))
    done = reserved(world, line(2), line(3, A, WEST))
    assert places(done) == [(0, EAST, 2, 0), (1, WEST, 3, 3)]
    return world, done


@pytest.mark.parametrize("command", [Release, Fulfill, lambda head, id_: Extend(head, id_, 60)])
def test_what_does_not_exist_is_unknown(command: type[Release]) -> None:
    error = refused(a_world(), command(header(), new_operation()), Unknown)
    assert error.kind == "reservation"


def test_everything_is_released() -> None:
    world, done = held_in_two()
    released = held(world, Release(header(), done.reservation_id))
    assert released.status == "released"
    assert [a.released for a in released.allocations] == [2, 3]
    assert quantities(world) == (2, 0, 0)
    assert quantities(world, A, WEST) == (0, 0, 0)
    assert [entry.quantity for entry in world.entries if entry.type == "RELEASE"] == [2, 3]
    assert broken(world) == []


def test_of_units_given_back_those_that_wait_go_first() -> None:
    world, done = held_in_two()
    held(world, Release(header(), done.reservation_id, (part(2),)))
    assert quantities(world) == (2, 2, 0)
    assert quantities(world, A, WEST) == (0, 1, 1)
    held(world, Release(header(), done.reservation_id, (part(2),)))
    assert quantities(world) == (2, 1, 0)
    assert quantities(world, A, WEST) == (0, 0, 0)


def test_a_named_warehouse_gives_back_its_own() -> None:
    world, done = held_in_two()
    held(world, Release(header(), done.reservation_id, (part(1, A, EAST),)))
    assert quantities(world) == (2, 1, 0)
    error = refused(world, Release(header(), done.reservation_id, (part(2, A, EAST),)), QuantityExceedsOpen)
    assert (error.line, error.requested, error.open) == (0, 2, 1)


def test_more_than_is_open_is_refused_over_all_lines_together() -> None:
    world, done = held_in_two()
    command = Release(header(), done.reservation_id, (part(3), part(3)))
    error = refused(world, command, QuantityExceedsOpen)
    assert (error.line, error.requested, error.open) == (1, 3, 2)
    error = refused(world, Fulfill(header(), done.reservation_id, (part(1, B),)), QuantityExceedsOpen)
    assert error.open == 0
    assert quantities(world) == (2, 2, 0)


def test_only_covered_units_can_be_shipped() -> None:
    world, done = held_in_two()
    error = refused(world, Fulfill(header(), done.reservation_id), NotCovered)
    assert [(s.line, s.warehouse, s.requested, s.available) for s in error.shortages] == [(1, WEST, 3, 0)]
    assert quantities(world) == (2, 2, 0)
    shipped = held(world, Fulfill(header(), done.reservation_id, (part(2),)))
    assert shipped.status == "partially_fulfilled"
    assert quantities(world) == (0, 0, 0)
    refused(world, Fulfill(header(), done.reservation_id, (part(1),)), NotCovered)
    assert broken(world) == []


def test_covered_units_are_shipped_first_wherever_they_stand_in_the_order() -> None:
    world = a_world(limits={A: None})
    posted(world, Receive(header(), (stock(2, A, WEST),)))
    done = reserved(world, line(3), line(2, A, WEST))
    assert places(done) == [(0, EAST, 3, 3), (1, WEST, 2, 0)]
    shipped = held(world, Fulfill(header(), done.reservation_id, (part(2),)))
    assert [allocation.fulfilled for allocation in shipped.allocations] == [0, 2]


def test_all_of_a_covered_reservation_ships() -> None:
    world = a_world(Level(A, EAST, on_hand=5))
    done = reserved(world, line(3))
    assert held(world, Fulfill(header(), done.reservation_id)).status == "fulfilled"
    assert quantities(world) == (2, 0, 0)
    entry = world.entries[-1]
    assert (entry.type, entry.quantity, entry.on_hand, entry.reserved) == ("FULFILL", -3, 2, 0)


def test_the_rest_released_after_a_shipment_leaves_it_fulfilled() -> None:
    world = a_world(Level(A, EAST, on_hand=5))
    done = reserved(world, line(3))
    assert held(world, Fulfill(header(), done.reservation_id, (part(1),))).status == "partially_fulfilled"
    assert held(world, Release(header(), done.reservation_id)).status == "fulfilled"
    assert quantities(world) == (4, 0, 0)


def test_a_closed_reservation_stays_closed() -> None:
    world = a_world(Level(A, EAST, on_hand=5))
    done = reserved(world, line(3))
    held(world, Release(header(), done.reservation_id))
    for command in (
        Release(header(), done.reservation_id),
        Fulfill(header(), done.reservation_id),
        Extend(header(), done.reservation_id, 60),
    ):
        assert refused(world, command, ReservationClosed).status == "released"
    assert isinstance(verdict(world, Expire(header(), done.reservation_id)), Nothing)


def overdue() -> tuple[World, Reservation]:
    world = a_world(Level(A, EAST, on_hand=5))
    done = reserved(world, line(3), expires_in_s=60)
    world.now = NOW + timedelta(seconds=60)
    return world, done


def test_a_hold_that_has_run_out_holds_nothing_even_before_the_sweep() -> None:
    world, done = overdue()
    for command in (Fulfill(header(), done.reservation_id), Extend(header(), done.reservation_id, 60)):
        assert refused(world, command, ReservationClosed).status == "expired"
    assert quantities(world) == (5, 3, 0)


def test_an_overdue_hold_expires_once() -> None:
    world, done = overdue()
    expired = verdict(world, Expire(header(), done.reservation_id))
    assert isinstance(expired, ReservationDone)
    assert expired.reservation.status == "expired"
    assert quantities(world) == (5, 0, 0)
    assert [event.type for event in world.events] == ["reservation.expired"]
    assert world.entries[-1].type == "RELEASE"
    assert isinstance(verdict(world, Expire(header(), done.reservation_id)), Nothing)


def test_a_hold_that_has_not_run_out_does_not_expire() -> None:
    world, done = overdue()
    world.now = NOW + timedelta(seconds=59)
    assert isinstance(verdict(world, Expire(header(), done.reservation_id)), Nothing)
    assert isinstance(verdict(world, Expire(header(), new_operation())), Nothing)
    assert quantities(world) == (5, 3, 0)


def test_a_hold_is_extended_from_now() -> None:
    world, done = overdue()
    world.now = NOW + timedelta(seconds=30)
    assert held(world, Extend(header(), done.reservation_id, 90)).expires_at == NOW + timedelta(seconds=120)
    assert held(world, Extend(header(), done.reservation_id, None)).expires_at is None
    world.now = NOW + timedelta(days=99)
    assert isinstance(verdict(world, Expire(header(), done.reservation_id)), Nothing)


def test_commands_of_one_batch_see_each_other_and_keep_their_own_answers() -> None:
    world = a_world(Level(A, EAST, on_hand=5))
    operation = new_operation()
    made, shipped = decide(world, [Reserve(header(operation), (line(5),)), Fulfill(header(), operation, (part(2),))])
    assert isinstance(made, ReservationDone)
    assert isinstance(shipped, ReservationDone)
    assert (made.reservation.status, made.reservation.allocations[0].fulfilled) == ("active", 0)
    assert (shipped.reservation.status, shipped.reservation.allocations[0].fulfilled) == ("partially_fulfilled", 2)
