"""From where an order would ship, and why, reserving nothing."""

from collections.abc import Iterable
from typing import Any

import msgspec

from onhand.db import queries_level as q
from onhand.db import queries_routing as qr
from onhand.domain import routing
from onhand.domain.commands import Reserve, ReserveLine
from onhand.domain.errors import InsufficientStock
from onhand.domain.ids import Id
from onhand.domain.level import Level
from onhand.domain.placing import Placement, place, shortages
from onhand.domain.world import World
from onhand.engine.engine import new_id
from onhand.services import geo, rendering
from onhand.services.context import CELL, Onhand
from onhand.services.names import Labels, labels, products_of, warehouses_of
from onhand.services.requests import NewQuote
from onhand.services.submitting import header


class QuotedAllocation(msgspec.Struct):
    warehouse: str
    quantity: int


class QuotedLine(msgspec.Struct):
    """missing: units without a place; only with allow_partial."""

    line: int
    sku: str
    quantity: int
    missing: int
    allocations: list[QuotedAllocation]


class Quote(msgspec.Struct):
    """route as a reservation would carry it; null when every line names its warehouse."""

    lines: list[QuotedLine]
    route: dict[str, Any] | None


async def quote(onhand: Onhand, request: NewQuote) -> Quote:
    """Raises DomainError just as the reservation would: Invalid, Unknown, InsufficientStock, NoActiveWarehouse."""
    products = await products_of(onhand, request.lines)
    places = await warehouses_of(onhand, request.lines, required=False)
    command = Reserve(
        header("quote"),
        tuple(map(ReserveLine, products, [line.quantity for line in request.lines], places)),
        ship_to=await geo.locate(onhand, request.ship_to),
        allow_split=request.allow_split,
        allow_partial=request.allow_partial,
    )
    async with onhand.pool.connection() as connection:
        wanted = sorted(set(products))
        rows = await qr.READ_LEVELS_OF_PRODUCTS.all(connection, cell=CELL, product_ids=wanted)
        limits = await q.READ_BACKORDER_LIMITS.all(connection, product_ids=wanted)
    await onhand.directory.warehouses()
    ranker, levels = onhand.directory.ranker, [level_of(row) for row in rows]
    world = World(now=onhand.now(), new_id=new_id, ranker=ranker, levels=levels, limits=dict(limits))
    world.safety = safety_of(rows)
    placement = place(world, command)
    if placement.short and not (request.allow_partial and placement.picks):
        raise InsufficientStock(shortages(world, command, placement.short), len(command.lines))
    names = await labels(onhand, products, [pick.warehouse for pick in placement.picks])
    return Quote(
        [
            QuotedLine(
                index,
                names.sku[line.product],
                line.quantity,
                line.quantity - sum(pick.quantity for pick in placement.picks if pick.line == index),
                [
                    QuotedAllocation(names.warehouse[pick.warehouse], pick.quantity)
                    for pick in placement.picks
                    if pick.line == index
                ],
            )
            for index, line in enumerate(command.lines)
        ],
        None if placement.ranking is None else _route(placement, placement.ranking, names),
    )


def level_of(row: qr.UnlockedLevelRow) -> Level:
    return Level(*row[:-1])


def safety_of(rows: Iterable[qr.UnlockedLevelRow]) -> dict[Id, dict[Id, int]]:
    """Safety stock by product and warehouse, where there is some."""
    safety: dict[Id, dict[Id, int]] = {}
    for row in rows:
        if row.safety_stock:
            safety.setdefault(row.product_id, {})[row.warehouse_id] = row.safety_stock
    return safety


def _route(placement: Placement, ranking: routing.Ranking, names: Labels) -> dict[str, Any]:
    used = {pick.warehouse for pick in placement.picks}
    kept = routing.route(ranking, used, placement.rule)
    return rendering.route(kept, {names.warehouse[each] for each in used})
