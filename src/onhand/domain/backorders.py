"""Who is covered when stock comes and goes (law 1).

New stock covers those who wait by priority, of one priority the oldest first; a count that finds too little uncovers
the youngest.
"""

from collections.abc import Sequence
from typing import Any

from onhand.domain.level import Level
from onhand.domain.outcomes import Short
from onhand.domain.reservation import Allocation
from onhand.domain.world import Fetched, MissingFactsError, World

FIRST_ASKED = 1_000  # allocations


def settle(world: World, level: Level) -> list[Short]:
    """Make covered units fit the shelf again; return what was uncovered. Units."""
    free = level.free
    if free > 0 and level.backordered:
        _cover(world, level, min(free, level.backordered))
    elif free < 0:
        return _uncover(world, level, -free)
    return []


def _cover(world: World, level: Level, units: int) -> None:
    for allocation in _waiting_in_turn(world, level, units):
        covered = min(units, allocation.backordered)
        allocation.backordered -= covered
        allocation.touched = True
        world.owe(level, -covered)
        units -= covered
        world.tell("reservation.covered", str(allocation.reservation), _facts(allocation, covered))
        if not units:
            break


def _uncover(world: World, level: Level, units: int) -> list[Short]:
    short = []
    for allocation in _youngest_covered(world, level, units):
        uncovered = min(units, allocation.covered)
        allocation.backordered += uncovered
        allocation.touched = True
        world.owe(level, uncovered)
        units -= uncovered
        short.append(Short(allocation.reservation, allocation.product, allocation.warehouse, uncovered))
        world.tell("reservation.short", str(allocation.reservation), _facts(allocation, uncovered))
        if not units:
            break
    # What is left: only where law 2 is broken already. A count is never refused, reconcile tells the rest.
    world.owe(level, units)
    return short


def _waiting_in_turn(world: World, level: Level, units: int) -> Sequence[Allocation]:
    known = sorted((a for a in world.by_level.get(level.key, ()) if a.backordered), key=lambda a: a.turn)
    if sum(allocation.backordered for allocation in known) == level.backordered:
        return known
    fetched = world.waiting.get(level.key)
    usable = [a for a in known if fetched and (fetched.horizon is None or a.turn <= fetched.horizon)]
    there = sum(allocation.backordered for allocation in usable)
    if there < units and not _read_to_end(fetched):
        raise MissingFactsError(waiting={level.key: _ask_for(units, there, fetched)})
    return usable


def _youngest_covered(world: World, level: Level, units: int) -> Sequence[Allocation]:
    known = sorted((a for a in world.by_level.get(level.key, ()) if a.covered), key=lambda a: a.age, reverse=True)
    if sum(allocation.covered for allocation in known) == level.covered:
        return known
    fetched = world.youngest.get(level.key)
    usable = [a for a in known if fetched and (fetched.horizon is None or a.age >= fetched.horizon)]
    there = sum(allocation.covered for allocation in usable)
    if there < units and not _read_to_end(fetched):
        raise MissingFactsError(youngest={level.key: _ask_for(units, there, fetched)})
    return usable


def _read_to_end(fetched: Fetched | None) -> bool:
    return fetched is not None and fetched.horizon is None


def _ask_for(units: int, there: int, fetched: Fetched | None) -> int:
    """How many allocations. Each has a unit at least, so as many as units will do; from 1,000 on as many as the first
    ones let expect, and a quarter more, but at least twice as many as before.
    """
    if fetched is None:
        return min(units, FIRST_ASKED)
    expected = fetched.limit * units * 5 // (4 * there) if there else units
    return max(min(units, expected), 2 * fetched.limit)


def _facts(allocation: Allocation, units: int) -> dict[str, Any]:
    return {
        "reservation_id": str(allocation.reservation),
        "line": allocation.line,
        "product_id": str(allocation.product),
        "warehouse_id": str(allocation.warehouse),
        "quantity": units,
    }
