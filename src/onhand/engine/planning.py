"""Where routed orders would go, by a look at the stock without locks.

Only the levels of these plans are locked. A plan stands when its units still lie there under the lock; otherwise the
order is planned anew, and where that leads to levels that are not locked yet, the batch begins again with them.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from onhand.domain.commands import Command, Reserve
from onhand.domain.ids import Id
from onhand.domain.level import LevelKey
from onhand.domain.routing import Ranker
from onhand.domain.sourcing import Foreseen, Plan, Stock, Wanted, plan

ID_BYTES = 16
WAREHOUSE_LISTS_KEPT_MAX = 1_024


class Foresight(msgspec.Struct):
    """seen: free units of the products of routed orders; safety: what of them a rule wants left; keys: of the levels
    to be locked; plans: by operation.
    """

    seen: Stock = {}
    safety: Stock = {}
    keys: set[LevelKey] = set()
    plans: dict[Id, Foreseen] = {}


def foresee(commands: Iterable[Command], seen: Stock, safety: Stock, ranker: Ranker) -> Foresight:
    """Plan the routed orders. Each takes what those before it left; one that is short wants all levels."""
    foresight = Foresight(seen, safety)
    left = _Left(seen)
    for command in commands:
        if not isinstance(command, Reserve):
            continue
        wanted = [
            Wanted(index, line.product, line.quantity)
            for index, line in enumerate(command.lines)
            if line.warehouse is None
        ]
        if not wanted:
            continue
        for line in command.lines:
            if line.warehouse is not None:
                left.take(line.product, line.warehouse, line.quantity)
        ranking = ranker.rank(command.ship_to)
        planned = plan(wanted, left.stock, ranking, allow_split=command.allow_split, safety=safety)
        if planned.left:
            foresight.keys.update((want.product, place) for want in wanted for place in seen.get(want.product, ()))
            continue
        units = _taken(planned, left)
        foresight.keys.update(units)
        if len(wanted) == len(command.lines):
            foresight.plans[command.header.operation_id] = Foreseen(planned, units)
    return foresight


class _Left:
    """What earlier orders of the batch leave of what was seen."""

    def __init__(self, seen: Stock) -> None:
        self.stock: dict[Id, Mapping[Id, int]] = dict(seen)
        self._own: dict[Id, dict[Id, int]] = {}

    def take(self, product: Id, warehouse: Id, units: int) -> None:
        own = self._own.get(product)
        if own is None:
            own = self._own[product] = self.stock[product] = dict(self.stock.get(product, {}))
        own[warehouse] = own.get(warehouse, 0) - units


def _taken(planned: Plan, left: _Left) -> dict[LevelKey, int]:
    units: dict[LevelKey, int] = {}
    for pick in planned.picks:
        key = pick.product, pick.warehouse
        units[key] = units.get(key, 0) + pick.quantity
        left.take(pick.product, pick.warehouse, pick.quantity)
    return units


def shelves(rows: Iterable[tuple[Any, ...]]) -> Stock:
    """Rows of READ_SHELVES as stock."""
    return {product: dict(zip(_ids(warehouses), free, strict=True)) for product, warehouses, free in rows}


def shelves_and_safety(rows: Iterable[tuple[Any, ...]]) -> tuple[Stock, Stock]:
    """Rows of READ_SHELVES_AND_SAFETY as stock, and the part of it that is safety stock."""
    stock: dict[Id, dict[Id, int]] = {}
    safety: dict[Id, dict[Id, int]] = {}
    for product, warehouses, free, kept in rows:
        places = _ids(warehouses)
        stock[product] = dict(zip(places, free, strict=True))
        if any(kept):
            safety[product] = dict(zip(places, kept, strict=True))
    return stock, safety


@lru_cache(maxsize=WAREHOUSE_LISTS_KEPT_MAX)
def _ids(packed: bytes) -> tuple[Id, ...]:
    """Most products lie in the same warehouses."""
    return tuple(Id(packed[at : at + ID_BYTES]) for at in range(0, len(packed), ID_BYTES))
