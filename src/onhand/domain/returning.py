"""Taking back what was shipped: a RECEIVE of what is not refused."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from onhand.domain.admitting import Incoming, admit
from onhand.domain.commands import Header, ReturnLine, TakeBack
from onhand.domain.customer_return import CustomerReturn, Disposition, ReturnedPart
from onhand.domain.errors import LevelOverflow, QuantityExceedsFulfilled, Unknown
from onhand.domain.ids import Id
from onhand.domain.level import LevelKey
from onhand.domain.outcomes import ReturnDone
from onhand.domain.reservation import Allocation, Reservation
from onhand.domain.states import take_in
from onhand.domain.world import World, fits, must_be_active

REASON = "return"


def take_back(world: World, command: TakeBack) -> ReturnDone:
    """Write a return down, and put on the shelf, or beside it, what is not refused; it covers backorders first.

    Never more than was shipped less what came back before. Refused units stay the customer's: they are written down and
    may come again.
    """
    done = world.returns.get(command.header.operation_id)
    if done is not None:  # An earlier attempt was committed, and its answer was lost.
        return ReturnDone(done)
    reservations = [_reservation(world, each) for each in command.reservations]
    parts = deal(command.lines, [a for each in reservations for a in each.allocations], world.returns.values())
    demand: Counter[LevelKey] = Counter()
    for index, part in parts:
        if part.warehouse is not None:
            must_be_active(world, index, part.warehouse)
            demand[part.product, part.warehouse] += part.quantity  # Two parts may go to one level: judge their sum.
            if not fits(world.level(part.product, part.warehouse), demand[part.product, part.warehouse]):
                raise LevelOverflow(index, part.product, part.warehouse, part.quantity)
    coming = [Incoming(n, x.product, x.warehouse, x.quantity) for n, x in parts if x.warehouse is not None]
    warnings = admit(world, command.header, coming)
    if demand:
        world.open_operation(command.header, "RECEIVE")
    for _, part in parts:
        _take_in(world, command.header, part)
    made = CustomerReturn(
        command.header.operation_id,
        reservations[0].order_id,
        command.header.reason,
        world.now,
        command.header.actor,
        [part for _, part in parts],
        new=True,
    )
    world.returns[made.return_id] = made
    return ReturnDone(made, warnings)


def _take_in(world: World, header: Header, part: ReturnedPart) -> None:
    if part.warehouse is None:
        return
    level = world.level(part.product, part.warehouse)
    damaged = part.quantity if part.disposition == Disposition.DAMAGED else 0
    inspected = part.quantity if part.disposition == Disposition.QUALITY_CONTROL else 0
    # Each row of the ledger belongs to its reservation: one look there tells what was held, shipped and came back.
    about = msgspec.structs.replace(header, reference_type="reservation", reference_id=str(part.reservation))
    take_in(world, level, about, part.quantity, damaged, inspected, part.reason or header.reason or REASON)


def deal(
    lines: Sequence[ReturnLine], allocations: Sequence[Allocation], before: Iterable[CustomerReturn]
) -> list[tuple[int, ReturnedPart]]:
    """What comes back of which allocation, with the index of the line that says so. before: what came back before.

    Raises QuantityExceedsFulfilled.
    """
    returned: Counter[tuple[Id, int, Id]] = Counter()
    for known in before:
        for part in known.parts:
            if part.disposition != Disposition.REFUSE:
                returned[part.allocation] += part.quantity
    parts: list[tuple[int, ReturnedPart]] = []
    for index, wanted in enumerate(lines):
        mine = [a for a in allocations if a.product == wanted.product and wanted.line in (None, a.line)]
        mine.sort(key=lambda a: a.warehouse != wanted.warehouse)  # First of what was shipped from where it is now.
        left = {_key(a): a.fulfilled - returned[_key(a)] for a in mine}
        if wanted.quantity > sum(left.values()):
            shipped = sum(a.fulfilled for a in mine)
            raise QuantityExceedsFulfilled(
                index, wanted.product, wanted.quantity, shipped, shipped - sum(left.values())
            )
        units = wanted.quantity
        for allocation in mine:
            taken = min(units, left[_key(allocation)])
            if taken > 0:
                parts.append((index, _part(len(parts), allocation, wanted, taken)))
                returned[_key(allocation)] += taken  # Of one request, what is refused counts too.
                units -= taken
    return parts


def _part(number: int, allocation: Allocation, wanted: ReturnLine, units: int) -> ReturnedPart:
    refused = wanted.disposition == Disposition.REFUSE
    return ReturnedPart(
        number,
        allocation.reservation,
        allocation.line,
        allocation.warehouse,
        allocation.product,
        None if refused else wanted.warehouse or allocation.warehouse,
        units,
        wanted.disposition,
        wanted.reason,
    )


def _key(allocation: Allocation) -> tuple[Id, int, Id]:
    return allocation.reservation, allocation.line, allocation.warehouse


def _reservation(world: World, reservation_id: Id) -> Reservation:
    reservation = world.reservations.get(reservation_id)
    if reservation is None:
        raise Unknown("reservation", str(reservation_id))
    return reservation
