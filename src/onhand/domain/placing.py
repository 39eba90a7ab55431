"""Where the units of an order are held: named warehouses as asked, the rest by routing, then backorders."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from onhand.domain import routing
from onhand.domain.commands import Reserve, ReserveLine
from onhand.domain.errors import LevelOverflow, NoActiveWarehouse, Shortage
from onhand.domain.ids import Id
from onhand.domain.level import LevelKey
from onhand.domain.routing import Ranking
from onhand.domain.sourcing import Foreseen, Pick, Plan, Wanted, plan
from onhand.domain.world import MissingFactsError, World, must_be_active, reservable


class Placement(msgspec.Struct):
    """picks: what is held where, one per line and warehouse; short: the lines that did not find all they want.

    ranking: whom routing chose from, where it had to, and the rule that decided.
    """

    picks: list[Pick]
    short: list[int]
    ranking: Ranking | None = None
    rule: str = routing.ONLY_PLAN


class _Placing:
    """One order finding its place. taken: units that its earlier lines took already."""

    def __init__(self, world: World, command: Reserve) -> None:
        self.world = world
        self.command = command
        self.taken: dict[LevelKey, int] = {}
        self.picks: list[Pick] = []

    def take(self, line: int, product: Id, warehouse: Id, units: int) -> None:
        if units:
            self.taken[product, warehouse] = self.taken.get((product, warehouse), 0) + units
            self.picks.append(Pick(line, product, warehouse, units))

    def room(self, product: Id, warehouse: Id, wanted: int) -> int:
        """How many of the wanted units may still be reserved there, backorders included."""
        sellable = self.world.level(product, warehouse).sellable()
        return wanted if sellable is None else min(wanted, max(0, sellable - self.taken.get((product, warehouse), 0)))


def place(world: World, command: Reserve) -> Placement:
    """Find a place for each line. Lines that name a warehouse come first, the others share what is left."""
    if len(command.lines) == 1 and command.lines[0].warehouse is not None:
        return _place_one(world, command.lines[0], command.lines[0].warehouse)
    foreseen = world.foreseen.get(command.header.operation_id)
    if foreseen is not None and _is_there(world, foreseen):
        planned = foreseen.plan
        return Placement(planned.picks, [], planned.ranking, planned.rule)
    routed = [
        Wanted(index, line.product, line.quantity) for index, line in enumerate(command.lines) if line.warehouse is None
    ]
    placing = _Placing(world, command)
    short, ranking, rule = _place_named(placing), None, routing.ONLY_PLAN
    if routed:
        without_place, ranking, rule = _place_routed(placing, routed)
        short += without_place
    _must_be_countable(placing)
    return Placement(_merged(placing.picks), sorted(short), ranking, rule)


def _is_there(world: World, foreseen: Foreseen) -> bool:
    """Whether all that the plan takes still lies free on locked levels. Then it stands."""
    for key, units in foreseen.units.items():
        level = world.levels.get(key)
        kept = world.safety.get(key[0], {}).get(key[1], 0) if foreseen.plan.spares else 0
        if level is None or level.free - kept < units or not reservable(level, units):
            return False
    return True


def _place_one(world: World, line: ReserveLine, warehouse: Id) -> Placement:
    """The commonest order of all, without the machinery: one line, its warehouse named."""
    must_be_active(world, 0, warehouse)
    level = world.level(line.product, warehouse)
    sellable = level.sellable()
    units = line.quantity if sellable is None else min(line.quantity, sellable)
    if not reservable(level, units):
        raise LevelOverflow(0, line.product, warehouse, units)
    picks = [Pick(0, line.product, warehouse, units)] if units else []
    return Placement(picks, [0] if units < line.quantity else [])


def shortages(world: World, command: Reserve, short: Sequence[int]) -> list[Shortage]:
    """What each short line asked for and could have had. Two lines of one SKU are judged together: by their sum."""
    demand: Counter[tuple[Id, Id | None]] = Counter()
    for line in command.lines:
        demand[line.product, line.warehouse] += line.quantity
    keys = {(command.lines[index].product, command.lines[index].warehouse) for index in short}
    return [
        Shortage(
            index,
            line.product,
            line.warehouse,
            demand[line.product, line.warehouse],
            _available(world, line.product, line.warehouse),
        )
        for index, line in enumerate(command.lines)
        if (line.product, line.warehouse) in keys
    ]


def _available(world: World, product: Id, warehouse: Id | None) -> int:
    if warehouse is not None:
        return max(0, world.level(product, warehouse).available)
    levels = world.by_product.get(product, ())
    return sum(max(0, level.available) for level in levels if level.warehouse in world.ranker.is_active)


def _place_named(placing: _Placing) -> list[int]:
    short = []
    for index, line in enumerate(placing.command.lines):
        if line.warehouse is None:
            continue
        must_be_active(placing.world, index, line.warehouse)
        units = placing.room(line.product, line.warehouse, line.quantity)
        placing.take(index, line.product, line.warehouse, units)
        if units < line.quantity:
            short.append(index)
    return short


def _place_routed(placing: _Placing, wanted: list[Wanted]) -> tuple[list[int], Ranking, str]:
    """Lines without a place, whom routing chose from, and the rule that decided."""
    world, ship_to, split = placing.world, placing.command.ship_to, placing.command.allow_split
    if not world.ranker.active:
        raise NoActiveWarehouse
    everywhere = world.ranker.rank(ship_to)
    free = _free(placing, {want.product for want in wanted})
    planned = plan(wanted, free, everywhere, allow_split=split, safety=world.safety)
    _must_be_locked(world, planned)
    for pick in planned.picks:
        placing.take(pick.line, pick.product, pick.warehouse, pick.quantity)
    if not planned.left:
        return [], planned.ranking, planned.rule
    candidates = [candidate.warehouse for candidate in everywhere.candidates]
    short = (_place_waiting if split else _place_whole)(placing, planned.left, candidates)
    used = {candidate.warehouse for candidate in planned.ranking.candidates}
    used.update(pick.warehouse for pick in placing.picks)
    return short, everywhere.among(used), planned.rule


def _must_be_locked(world: World, planned: Plan) -> None:
    """A plan stands on locked levels. Raises MissingFactsError for others that it uses, or that might spare a wait."""
    keys = {(pick.product, pick.warehouse) for pick in planned.picks}
    keys |= {(want.product, warehouse) for want in planned.left for warehouse in world.seen.get(want.product, ())}
    if not keys <= world.levels.keys():
        raise MissingFactsError(levels=keys - world.levels.keys())


def _free(placing: _Placing, products: set[Id]) -> dict[Id, dict[Id, int]]:
    """Units by product and warehouse that nobody is promised, nor this order's named lines: as locked, else as seen."""
    world = placing.world
    free = {product: dict(world.seen.get(product, {})) for product in products}
    for product, shelf in free.items():
        for level in world.by_product.get(product, ()):
            shelf[level.warehouse] = level.free - placing.taken.get(level.key, 0)
    return free


def _place_waiting(placing: _Placing, left: list[Wanted], candidates: Sequence[Id]) -> list[int]:
    """No stock covers these: they wait where more is on its way than others wait for, as far as limits allow it."""
    for want in left:
        for warehouse in _sooner_first(placing, [want], candidates):
            units = placing.room(want.product, warehouse, want.quantity)
            placing.take(want.line, want.product, warehouse, units)
            want.quantity -= units
            if not want.quantity:
                break
    return [want.line for want in left if want.quantity]


def _sooner_first(placing: _Placing, wanted: Sequence[Wanted], candidates: Sequence[Id]) -> list[Id]:
    """Where enough is on its way, where some of it is, where the product is kept, and elsewhere; else as preferred."""

    def lack(warehouse: Id) -> tuple[bool, bool, bool]:
        levels = [(want, placing.world.levels.get((want.product, warehouse))) for want in wanted]
        kept = [(want, level) for want, level in levels if level is not None and level.exists]
        spare = [
            (want.quantity, level.available + level.incoming - placing.taken.get(level.key, 0)) for want, level in kept
        ]
        enough = len(spare) == len(wanted) and all(units >= quantity for quantity, units in spare)
        return not enough, not any(units > 0 for _, units in spare), not kept

    return sorted(candidates, key=lack)


def _place_whole(placing: _Placing, wanted: list[Wanted], candidates: Sequence[Id]) -> list[int]:
    """An order that may not be split goes to the warehouse that can promise most of it, backorders included."""
    best, best_rooms = None, [0] * len(wanted)
    for warehouse in _sooner_first(placing, wanted, candidates):
        rooms = _rooms(placing, wanted, warehouse)
        if sum(rooms) > sum(best_rooms):
            best, best_rooms = warehouse, rooms
    if best is not None:
        for want, units in zip(wanted, best_rooms, strict=True):
            placing.take(want.line, want.product, best, units)
    return [want.line for want, units in zip(wanted, best_rooms, strict=True) if units < want.quantity]


def _rooms(placing: _Placing, wanted: list[Wanted], warehouse: Id) -> list[int]:
    before, rooms = placing.taken.copy(), []
    for want in wanted:
        units = placing.room(want.product, warehouse, want.quantity)
        placing.taken[want.product, warehouse] = placing.taken.get((want.product, warehouse), 0) + units
        rooms.append(units)
    placing.taken = before
    return rooms


def _must_be_countable(placing: _Placing) -> None:
    for pick in placing.picks:
        level = placing.world.level(pick.product, pick.warehouse)
        if not reservable(level, placing.taken[level.key]):
            raise LevelOverflow(pick.line, pick.product, pick.warehouse, pick.quantity)


def _merged(picks: list[Pick]) -> list[Pick]:
    """One allocation per line and warehouse, in the order of the lines."""
    if len(picks) == 1:
        return picks
    units: Counter[tuple[int, Id, Id]] = Counter()
    for pick in picks:
        units[pick.line, pick.product, pick.warehouse] += pick.quantity
    merged = [Pick(line, product, warehouse, n) for (line, product, warehouse), n in units.items()]
    return sorted(merged, key=lambda pick: pick.line)
