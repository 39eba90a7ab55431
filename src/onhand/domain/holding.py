"""Operations on what is promised: RESERVE, RELEASE, FULFILL, and the life of a hold."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from onhand.domain import routing
from onhand.domain.backorders import settle
from onhand.domain.commands import (
    USUAL_PRIORITY,
    Expire,
    Extend,
    Fulfill,
    Header,
    OpenLine,
    Prioritize,
    Release,
    Reserve,
)
from onhand.domain.errors import (
    InsufficientStock,
    NotCovered,
    QuantityExceedsOpen,
    ReservationClosed,
    Shortage,
    Unknown,
)
from onhand.domain.ids import Id
from onhand.domain.outcomes import Nothing, ReservationDone
from onhand.domain.placing import Placement, place, shortages
from onhand.domain.reservation import OPEN, Allocation, Reservation, Status, status_of
from onhand.domain.sourcing import Pick
from onhand.domain.world import World


def reserve(world: World, command: Reserve) -> ReservationDone:
    """Hold stock for an order: all lines or none, unless allow_partial."""
    placement = place(world, command)
    if placement.short and not (command.allow_partial and placement.picks):
        raise InsufficientStock(shortages(world, command, placement.short), len(command.lines))
    world.open_operation(command.header, "RESERVE")
    reservation = Reservation(
        reservation_id=command.header.operation_id,
        status=Status.ACTIVE,
        order_id=command.order_id,
        created_at=world.now,
        expires_at=_ends(world, command.expires_in_s),
        allocations=[_hold(world, command.header, pick) for pick in placement.picks],
        route=_route(placement),
        requested={str(index): command.lines[index].quantity for index in placement.short} or None,
        new=True,
        touched=True,
    )
    world.add_reservation(reservation)
    if command.priority != USUAL_PRIORITY:
        _set_priority(world, reservation, command.priority)
    return _done(reservation)


def prioritize(world: World, command: Prioritize) -> ReservationDone:
    """Let the units that wait, now or after a count, be covered before or after those of other orders."""
    reservation = _open(world, command.reservation)
    _must_still_hold(world, reservation)
    _set_priority(world, reservation, command.priority)
    reservation.touched = True
    return _done(reservation)


def _set_priority(world: World, reservation: Reservation, priority: int) -> None:
    for allocation in reservation.allocations:
        allocation.priority = priority
        world.prioritized[allocation.reservation, allocation.line, allocation.warehouse] = allocation


def _hold(world: World, header: Header, pick: Pick) -> Allocation:
    level = world.level(pick.product, pick.warehouse)
    backordered = pick.quantity - min(pick.quantity, max(0, level.free))
    world.owe(level, backordered)
    world.post(level, header, "RESERVE", -pick.quantity, reserved=pick.quantity)
    return Allocation(
        header.operation_id,
        pick.line,
        pick.product,
        pick.warehouse,
        pick.quantity,
        backordered=backordered,
        new=True,
        touched=True,
    )


def _route(placement: Placement) -> dict[str, Any] | None:
    if placement.ranking is None:
        return None
    return routing.route(placement.ranking, {pick.warehouse for pick in placement.picks}, placement.rule)


def _ends(world: World, expires_in_s: int | None) -> datetime | None:
    return None if expires_in_s is None else world.now + timedelta(seconds=expires_in_s)


def release(world: World, command: Release) -> ReservationDone:
    """Give units back; those still waiting for stock go first."""
    reservation = _open(world, command.reservation)
    parts = _parts(reservation, command.lines, first=lambda allocation: allocation.backordered)
    _release(world, command.header, parts)
    return _closed(reservation, status_of(reservation.allocations))


def _release(world: World, header: Header, parts: Sequence[tuple[Allocation, int]]) -> None:
    world.open_operation(header, "RELEASE")
    for allocation, units in parts:
        level = world.level(allocation.product, allocation.warehouse)
        waiting = min(units, allocation.backordered)
        allocation.backordered -= waiting
        world.owe(level, -waiting)
        allocation.released += units
        allocation.touched = True
        world.post(level, header, "RELEASE", units, reserved=-units)
    for product, warehouse in dict.fromkeys(allocation.key for allocation, _ in parts):
        settle(world, world.level(product, warehouse))


def fulfill(world: World, command: Fulfill) -> ReservationDone:
    """Ship units: they leave the shelf and the promise at once. Only covered units can be shipped."""
    reservation = _open(world, command.reservation)
    _must_still_hold(world, reservation)
    parts = _parts(reservation, command.lines, first=lambda allocation: allocation.covered)
    waiting = [
        Shortage(
            _asked_for_by(command.lines, allocation),
            allocation.product,
            allocation.warehouse,
            units,
            allocation.covered,
        )
        for allocation, units in parts
        if units > allocation.covered
    ]
    if waiting:
        raise NotCovered(waiting)
    world.open_operation(command.header, "FULFILL")
    for allocation, units in parts:
        allocation.fulfilled += units
        allocation.touched = True
        level = world.level(allocation.product, allocation.warehouse)
        before = level.position
        world.post(level, command.header, "FULFILL", -units, on_hand=-units, reserved=-units)
        world.watch(level, before)
    return _closed(reservation, status_of(reservation.allocations))


def _asked_for_by(lines: Sequence[OpenLine] | None, allocation: Allocation) -> int:
    """The first line of the request that speaks of it; where none do, all that is open is meant: its own line."""
    for index, line in enumerate(lines or ()):
        if line.product == allocation.product and line.warehouse in (None, allocation.warehouse):
            return index
    return allocation.line


def extend(world: World, command: Extend) -> ReservationDone:
    """Move the end of the hold, counted from now; None = never."""
    reservation = _open(world, command.reservation)
    _must_still_hold(world, reservation)
    reservation.expires_at = _ends(world, command.expires_in_s)
    reservation.touched = True
    return _done(reservation)


def expire(world: World, command: Expire) -> ReservationDone | Nothing:
    """Release what is open if the hold has run out. It may be asked early, late or twice."""
    reservation = world.reservations.get(command.reservation)
    if reservation is None or reservation.status not in OPEN or not _overdue(world, reservation):
        return Nothing()
    _release(world, command.header, _parts(reservation))
    world.tell("reservation.expired", str(reservation.reservation_id), {"order_id": reservation.order_id})
    return _closed(reservation, Status.EXPIRED)


def _open(world: World, reservation_id: Id) -> Reservation:
    reservation = world.reservations.get(reservation_id)
    if reservation is None:
        raise Unknown("reservation", str(reservation_id))
    if reservation.status not in OPEN:
        raise ReservationClosed(reservation_id, reservation.status)
    return reservation


def _must_still_hold(world: World, reservation: Reservation) -> None:
    """A hold that has run out holds nothing, even before the sweep has come by."""
    if _overdue(world, reservation):
        raise ReservationClosed(reservation.reservation_id, Status.EXPIRED)


def _overdue(world: World, reservation: Reservation) -> bool:
    return reservation.expires_at is not None and reservation.expires_at <= world.now


def _parts(
    reservation: Reservation,
    lines: Sequence[OpenLine] | None = None,
    *,
    first: Callable[[Allocation], int] = lambda allocation: allocation.open,
) -> list[tuple[Allocation, int]]:
    """Which allocations, and how many units of each. Each allocation comes at most once.

    first: how many of an allocation's units are to be taken before any others.
    """
    if lines is None:
        return [(allocation, allocation.open) for allocation in reservation.allocations if allocation.open]
    taken: Counter[tuple[int, Id]] = Counter()
    for index, line in enumerate(lines):
        mine = [
            allocation
            for allocation in reservation.allocations
            if allocation.product == line.product and line.warehouse in (None, allocation.warehouse)
        ]
        still_open = sum(allocation.open - taken[allocation.line, allocation.warehouse] for allocation in mine)
        if line.quantity > still_open:
            raise QuantityExceedsOpen(index, line.product, line.quantity, still_open)
        units = _assign(mine, line.quantity, taken, first)
        _assign(mine, units, taken, lambda allocation: allocation.open)
    return [(a, taken[a.line, a.warehouse]) for a in reservation.allocations if taken[a.line, a.warehouse]]


def _assign(
    allocations: Sequence[Allocation],
    units: int,
    taken: Counter[tuple[int, Id]],
    limit: Callable[[Allocation], int],
) -> int:
    """Take units from the allocations in order, up to each one's limit; return what is left to take."""
    for allocation in allocations:
        place_of = allocation.line, allocation.warehouse
        part = max(0, min(units, limit(allocation) - taken[place_of]))
        taken[place_of] += part
        units -= part
    return units


def _closed(reservation: Reservation, status: Status) -> ReservationDone:
    reservation.status = status
    reservation.touched = True
    return _done(reservation)


def _done(reservation: Reservation) -> ReservationDone:
    """A copy: a later command of the same batch may change the reservation."""
    return ReservationDone(
        Reservation(
            reservation.reservation_id,
            reservation.status,
            reservation.order_id,
            reservation.created_at,
            reservation.expires_at,
            [
                Allocation(
                    a.reservation,
                    a.line,
                    a.product,
                    a.warehouse,
                    a.quantity,
                    a.fulfilled,
                    a.released,
                    a.backordered,
                    priority=a.priority,
                )
                for a in reservation.allocations
            ],
            reservation.route,
            reservation.requested,
        )
    )
