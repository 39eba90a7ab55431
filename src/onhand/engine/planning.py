"""Which levels routed orders will want, by a look at the stock without locks.

Only these are locked. What changes until then is found under the lock: the order is planned anew, and where that leads
to levels that are not locked yet, the batch begins again with them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from onhand.domain.commands import Command, Reserve
from onhand.domain.errors import DomainError
from onhand.domain.ids import Id, NewId
from onhand.domain.level import Level, LevelKey
from onhand.domain.placing import place
from onhand.domain.routing import Warehouse
from onhand.domain.world import MissingFactsError, World


def planned(
    commands: Sequence[Command],
    levels: Sequence[Level],
    warehouses: Mapping[Id, Warehouse],
    now: datetime,
    new_id: NewId,
) -> set[LevelKey]:
    """Each order takes what those before it left; one that is short or must wait wants all levels of its products."""
    world = World(now=now, new_id=new_id, warehouses=warehouses, levels=levels)
    keys: set[LevelKey] = set()
    for command in commands:
        if isinstance(command, Reserve) and any(line.warehouse is None for line in command.lines):
            keys |= _taken(world, command) or _everywhere(world, command)
    return keys


def _taken(world: World, command: Reserve) -> set[LevelKey]:
    try:
        placement = place(world, command)
    except (DomainError, MissingFactsError):
        return set()
    if placement.short:
        return set()
    for pick in placement.picks:
        world.levels[pick.product, pick.warehouse].reserved += pick.quantity
    if any(world.levels[pick.product, pick.warehouse].free < 0 for pick in placement.picks):
        return set()
    return {(pick.product, pick.warehouse) for pick in placement.picks}


def _everywhere(world: World, command: Reserve) -> set[LevelKey]:
    products = {line.product for line in command.lines if line.warehouse is None}
    return {level.key for product in products for level in world.by_product.get(product, ())}
