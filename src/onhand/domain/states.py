"""States of units that lie in a warehouse.

available units are on_hand: on the shelf, to be sold. damaged ones, those in quality_control and those set aside as
safety_stock are counted beside it. scrapped ones are gone, and lost ones never came.
"""

from enum import StrEnum

from onhand.domain.backorders import settle
from onhand.domain.commands import Header
from onhand.domain.level import Level
from onhand.domain.outcomes import Short
from onhand.domain.world import World


class State(StrEnum):
    AVAILABLE = "available"
    DAMAGED = "damaged"
    QUALITY_CONTROL = "quality_control"
    SAFETY_STOCK = "safety_stock"
    SCRAPPED = "scrapped"
    LOST = "lost"


BESIDE_THE_SHELF = frozenset({State.DAMAGED, State.QUALITY_CONTROL, State.SAFETY_STOCK})


def units_in(level: Level, state: str) -> int:
    """Of a state that units can be taken out of."""
    if state == State.AVAILABLE:
        return level.on_hand
    if state == State.SAFETY_STOCK:
        return level.set_aside
    return level.damaged if state == State.DAMAGED else level.quality_control


def take_in(
    world: World,
    level: Level,
    header: Header,
    quantity: int,
    damaged: int,
    quality_control: int,
    reason: str | None = None,
) -> int:
    """A RECEIVE of quantity units, of which so many are damaged and so many are to be looked at.

    The rest goes onto the shelf, covers backorders first, and is returned. reason None: the header's.
    """
    good = quantity - damaged - quality_control
    world.post(level, header, "RECEIVE", good, on_hand=good, reason=reason)
    for state, units in ((State.DAMAGED, damaged), (State.QUALITY_CONTROL, quality_control)):
        if units:
            world.shift(level, state, units)
    settle(world, level)
    return good


def move(world: World, level: Level, header: Header, units: int, ends: tuple[str, str], reason: str) -> list[Short]:
    """An ADJUST that moves units between two states, as far as they are on the shelf; what that leaves short."""
    source, target = ends
    change = units * ((target == State.AVAILABLE) - (source == State.AVAILABLE))
    before = level.position
    world.post(level, header, "ADJUST", change, on_hand=change, reason=reason)
    for state, sign in ((source, -1), (target, 1)):
        if state in BESIDE_THE_SHELF:
            world.shift(level, state, sign * units)
    short = settle(world, level)
    world.watch(level, before)
    return short
