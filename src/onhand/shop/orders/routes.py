"""From where the orders of a file would have shipped: by the router, by the nearest warehouse, by chance.

Each way lives through the same orders and deliveries with shelves of its own, kept in memory: what is measured is the
choice, and that is the same function as the engine's.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from random import Random

import msgspec

from onhand.domain.commands import ShipTo
from onhand.domain.ids import Id
from onhand.domain.routing import DEFAULT_RULES, Candidate, Ranker, Rule, Warehouse
from onhand.domain.sourcing import Pick, Stock, Wanted, plan
from onhand.services.geo import country_centre
from onhand.shop.orders import events as e
from onhand.shop.orders.places import WAREHOUSES, home_of
from onhand.shop.orders.plan import Plan

SEED = 20260301
Choose = Callable[[Sequence[Wanted], Stock, Sequence[Candidate]], list[Pick]]


class Way(msgspec.Struct):
    """What became of the orders when they were routed in one way. Units, kilometres by great circle.

    shipments: parcels, one per order and warehouse; abroad: those that crossed a border; near: units by warehouse and
    country of the ship-to. Distances are of the orders whose country is known.
    """

    name: str
    orders: int = 0
    orders_with_nothing: int = 0
    in_one_shipment: int = 0
    units_asked: int = 0
    units: int = 0
    shipments: int = 0
    abroad: int = 0
    located_shipments: int = 0
    located_orders: int = 0
    metres: int = 0
    parcels: dict[str, dict[str, int]] = {}

    @property
    def shipments_per_order(self) -> float:
        return self.shipments / max(1, self.orders - self.orders_with_nothing)

    @property
    def km_per_shipment(self) -> float:
        return self.metres / 1000 / max(1, self.located_shipments)

    @property
    def km_per_order(self) -> float:
        return self.metres / 1000 / max(1, self.located_orders)

    @property
    def fill_rate(self) -> float:
        return self.units / max(1, self.units_asked)


class _Ways:
    """The places of the replayed shop, and one way to choose among them."""

    def __init__(self, name: str, choose: Choose | None, rules: tuple[Rule, ...]) -> None:
        self.way = Way(name)
        self.choose = choose
        codes = {place.code: product(place.code) for place in WAREHOUSES}
        self.id_of = codes
        places = [
            Warehouse(codes[p.code], p.code, p.location.latitude, p.location.longitude, p.location.country)
            for p in WAREHOUSES
        ]
        self.ranker = Ranker(places, rules)
        self.country_of = {place.warehouse_id: place.country for place in places}
        self.code_of = {id_: code for code, id_ in codes.items()}
        self.stock: dict[Id, dict[Id, int]] = {}

    def put(self, sku: str, warehouse: str, units: int) -> None:
        shelf = self.stock.setdefault(product(sku), {})
        place = self.id_of[warehouse]
        shelf[place] = max(0, shelf.get(place, 0) + units)

    def order(self, placed: e.Place) -> None:
        centre = country_centre(placed.country) if placed.country else None
        ship_to = None if centre is None else ShipTo(*centre, placed.country, None, "country")
        ranking = self.ranker.rank(ship_to)
        wanted = [Wanted(number, product(line.sku), line.units) for number, line in enumerate(placed.lines)]
        if self.choose is None:
            picks = plan(wanted, self.stock, ranking, allow_split=True).picks
        else:
            picks = self.choose(wanted, self.stock, ranking.candidates)
        for pick in picks:
            self.stock[pick.product][pick.warehouse] -= pick.quantity
        self._count(placed, picks, {each.warehouse: each.distance_m for each in ranking.candidates})

    def _count(self, placed: e.Place, picks: Sequence[Pick], metres: Mapping[Id, int | None]) -> None:
        way, used = self.way, {pick.warehouse for pick in picks}
        way.orders += 1
        way.units_asked += sum(line.units for line in placed.lines)
        way.units += sum(pick.quantity for pick in picks)
        way.orders_with_nothing += not used
        way.in_one_shipment += len(used) == 1
        way.shipments += len(used)
        distances = [far for place in used if (far := metres[place]) is not None]
        way.metres += sum(distances)
        way.located_shipments += len(distances)
        way.located_orders += bool(distances)
        if placed.country is not None:
            way.abroad += sum(self.country_of[place] != placed.country for place in used)
            for place in used:
                parcels = way.parcels.setdefault(self.code_of[place], {})
                parcels[placed.country] = parcels.get(placed.country, 0) + 1


def product(sku: str) -> Id:
    """Any id will do that is the SKU's alone."""
    return Id(blake2b(sku.encode(), digest_size=16).digest())


def nearest_first(wanted: Sequence[Wanted], stock: Stock, candidates: Sequence[Candidate]) -> list[Pick]:
    """Each line from the nearest warehouse that has any of it, what it lacks from the next."""
    return [pick for want in wanted for pick in _taken(want, stock, candidates)]


def nearest_only(wanted: Sequence[Wanted], stock: Stock, candidates: Sequence[Candidate]) -> list[Pick]:
    """Everything from the nearest warehouse; what it lacks is not had."""
    return [pick for want in wanted for pick in _taken(want, stock, candidates[:1])]


def by_chance(random: Random) -> Choose:
    """Each line from any warehouse that has some of it, what it lacks from any other."""

    def choose(wanted: Sequence[Wanted], stock: Stock, candidates: Sequence[Candidate]) -> list[Pick]:
        in_order = sorted(candidates, key=lambda each: each.code)
        return [pick for want in wanted for pick in _taken(want, stock, random.sample(in_order, len(in_order)))]

    return choose


def _taken(want: Wanted, stock: Stock, candidates: Sequence[Candidate]) -> list[Pick]:
    """Two lines of one product: the first has taken already what it takes, which the caller sees to."""
    shelf, left, picks = stock.get(want.product, {}), want.quantity, []
    for candidate in candidates:
        units = min(left, shelf.get(candidate.warehouse, 0))
        if units > 0:
            picks.append(Pick(want.line, want.product, candidate.warehouse, units))
            left -= units
    return picks


def merged(placed: e.Place) -> e.Place:
    """One line per product: two lines of one product do not take the same units."""
    units: Counter[str] = Counter()
    first: dict[str, int] = {}
    for line in placed.lines:
        units[line.sku] += line.units
        first.setdefault(line.sku, line.line)
    return msgspec.structs.replace(placed, lines=tuple(e.OrderLine(first[sku], sku, n) for sku, n in units.items()))


def ways(rules: tuple[Rule, ...] = DEFAULT_RULES) -> list[_Ways]:
    closest = (Rule.CLOSEST,)
    return [
        _Ways("router: " + ", ".join(rules), None, rules),
        _Ways("router: closest", None, closest),
        _Ways("nearest first, line by line", nearest_first, closest),
        _Ways("nearest only", nearest_only, closest),
        _Ways("random", by_chance(Random(SEED)), closest),  # noqa: S311  the same chance in every run
    ]


def replay(planned: Plan, chosen: Sequence[_Ways], advance: Callable[[int, int], None]) -> list[Way]:
    """Live through the events once, each way beside the others."""
    for number, event in enumerate(planned.events):
        if number % 100 == 0:
            advance(number, len(planned.events))
        told = merged(event) if isinstance(event, e.Place) else event
        for each in chosen:
            _happen(each, told)
    return [each.way for each in chosen]


def _happen(way: _Ways, event: e.Event) -> None:
    match event:
        case e.Place():
            way.order(event)
        case e.Deliver():
            for line in event.lines:
                way.put(line.sku, line.warehouse, line.units)
        case e.Cancel():
            for back in event.lines:  # Sent back, to where returns go.
                way.put(back.sku, home_of(back.sku), back.units)
        case e.Correct():
            for found in event.lines:
                way.put(found.sku, home_of(found.sku), found.units)
        case _:
            pass  # What was shipped has left its shelf when it was ordered.
