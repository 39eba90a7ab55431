"""Whether what comes into a warehouse fits."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from onhand.domain.commands import Header
from onhand.domain.errors import CapacityExceeded, DomainError, Excess
from onhand.domain.ids import Id
from onhand.domain.outcomes import CapacityWarning
from onhand.domain.room import CapacityIn, CapacityPolicy, Room
from onhand.domain.world import MissingFactsError, World


@dataclass(eq=False)
class RoomUnknown(DomainError):
    """What was sold since the last measurement may have made room: measure these warehouses, then ask again.

    No answer for a caller, and never kept as one: who submits the command sees to it.
    """

    code: ClassVar[str] = "ROOM_UNKNOWN"
    warehouses: list[Id]


class Incoming(NamedTuple):
    """Units that come into a warehouse; line is the index of the line that says so."""

    line: int
    product: Id
    warehouse: Id
    units: int


def admit(world: World, header: Header, incoming: Iterable[Incoming]) -> list[CapacityWarning]:
    """Judge what comes in, and count it in. The last of the judgements: nothing may be refused after it.

    Lines are taken in their order, those that fit. Raises CapacityExceeded with all that do not; RoomUnknown where only
    a measurement can tell, and header.measured does not say that there was one.
    """
    coming = [each for each in incoming if each.warehouse in world.rooms]
    if not coming:
        return []
    sizes = _sizes(world, coming)
    taken: Counter[Id] = Counter()
    over: Counter[Id] = Counter()
    excesses = []
    for each, size in zip(coming, sizes, strict=True):
        room = world.rooms[each.warehouse]
        free = room.free
        if room.capacity is not None and size and (free is None or taken[each.warehouse] + size > free):
            if free is None or not header.measured:
                raise RoomUnknown(sorted({x.warehouse for x in coming}))
            over[each.warehouse] += size
            if room.policy == CapacityPolicy.REFUSE:
                left = max(0, free - taken[each.warehouse]) // room.scale
                requested = -(-size // room.scale)
                excesses.append(Excess(each.line, each.product, each.warehouse, requested, left, room.capacity_in))
                continue
        taken[each.warehouse] += size
    if excesses:
        raise CapacityExceeded(excesses)
    for warehouse, size in taken.items():
        world.rooms[warehouse].added += size
        world.rooms[warehouse].touched = True
    return [_warning(world.rooms[warehouse]) for warehouse in over]


def _warning(room: Room) -> CapacityWarning:
    used = -(-((room.base or 0) + room.added) // room.scale)
    return CapacityWarning(room.warehouse, room.capacity or 0, used, room.capacity_in)


def count_in(world: World, found: Iterable[Incoming]) -> None:
    """What a count or an adjustment has found lies there, whether it fits or not."""
    coming = [each for each in found if each.units > 0 and each.warehouse in world.rooms]
    for each, size in zip(coming, _sizes(world, coming), strict=True):
        world.rooms[each.warehouse].added += size
        world.rooms[each.warehouse].touched = True


def _sizes(world: World, coming: Sequence[Incoming]) -> list[int]:
    """Units, or mm³. Raises MissingFactsError."""
    by_volume = {x.product for x in coming if world.rooms[x.warehouse].capacity_in == CapacityIn.LITRES}
    if missing := by_volume - world.volumes.keys():
        raise MissingFactsError(volumes=missing)
    return [
        x.units * (world.volumes[x.product] if world.rooms[x.warehouse].capacity_in == CapacityIn.LITRES else 1)
        for x in coming
    ]
