"""From which warehouses an order ships. Pure and deterministic.

Rules stand in an order and can be left out: the first that tells two plans apart decides. Each is a cost per shipment,
the sum of which is to be least; equal plans are told apart by fewer shipments, then by the warehouses' codes.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec

from onhand.domain import covering
from onhand.domain.commands import ShipTo
from onhand.domain.geo import distance_km
from onhand.domain.ids import Id

CANDIDATES_SHOWN_MAX = 12
RANKINGS_KEPT_MAX = 1_024  # twice the orders of a batch
_COST_BITS = 48  # of one rule, summed over a plan


class Rule(StrEnum):
    """What an operator may order and switch."""

    FEWEST_SHIPMENTS = "fewest_shipments"
    STAY_IN_COUNTRY = "stay_in_country"  # shipments that cross a border; nothing without a country
    CLOSEST = "closest"  # the sum of the distances; nothing without coordinates
    PRIORITY = "priority"  # the sum of the warehouses' priorities, 0 = first


DEFAULT_RULES = (Rule.FEWEST_SHIPMENTS, Rule.STAY_IN_COUNTRY, Rule.CLOSEST, Rule.PRIORITY)
WAREHOUSE_CODE = "warehouse_code"  # decided where all rules found plans equal
ONLY_PLAN = "only_plan"  # decided where there is nothing to choose from


class Warehouse(msgspec.Struct, frozen=True):
    """What routing knows of a warehouse. Degrees; country is ISO 3166-1 alpha-2; priority 0 goes first."""

    warehouse_id: Id
    code: str
    latitude: float
    longitude: float
    country: str | None = None
    active: bool = True
    priority: int = 0


class Wanted(msgspec.Struct, gc=False):
    """Units of a line still without a place."""

    line: int
    product: Id
    quantity: int


class Pick(msgspec.Struct, frozen=True, gc=False):
    line: int
    product: Id
    warehouse: Id
    quantity: int


class Candidate(msgspec.Struct, frozen=True):
    """An active warehouse as this order sees it. cost: one number, the rules' costs in their order."""

    warehouse: Warehouse
    distance_km: float | None
    cost: int


class Ranking(msgspec.Struct, frozen=True):
    """The candidates, the preferred first, and the rules that ranked them."""

    candidates: list[Candidate]
    rules: tuple[Rule, ...]
    precision: str | None = None  # of the ship-to's coordinates

    def among(self, warehouses: AbstractSet[Id]) -> "Ranking":
        """Only these."""
        kept = [candidate for candidate in self.candidates if candidate.warehouse.warehouse_id in warehouses]
        return Ranking(kept, self.rules, self.precision)

    def deciding(self, cost: int, other: int | None) -> str:
        """The first rule by which a plan differs from the next best."""
        if other is None:
            return ONLY_PLAN
        for place, rule in enumerate(self.rules):
            shift = _COST_BITS * (len(self.rules) - place)
            if cost >> shift != other >> shift:
                return rule
        return Rule.FEWEST_SHIPMENTS if cost != other else WAREHOUSE_CODE


class Plan(msgspec.Struct, frozen=True):
    """picks: from where; left: what found no stock; rule: what decided."""

    picks: list[Pick]
    left: list[Wanted]
    rule: str


def distance_to(warehouse: Warehouse, ship_to: ShipTo | None) -> float | None:
    """Kilometres, or None when the ship-to has no coordinates."""
    if ship_to is None or ship_to.latitude is None or ship_to.longitude is None:
        return None
    return distance_km(warehouse.latitude, warehouse.longitude, ship_to.latitude, ship_to.longitude)


def rank(warehouses: Iterable[Warehouse], ship_to: ShipTo | None, rules: tuple[Rule, ...] = DEFAULT_RULES) -> Ranking:
    """Active warehouses, the preferred first. Equal ones in the order of their codes, so the answer never varies."""
    return _rank(tuple(warehouses), ship_to, rules)


@lru_cache(maxsize=RANKINGS_KEPT_MAX)
def _rank(warehouses: tuple[Warehouse, ...], ship_to: ShipTo | None, rules: tuple[Rule, ...]) -> Ranking:
    """Kept, because an order is ranked when it is planned and again under the lock."""
    candidates = []
    for warehouse in warehouses:
        if warehouse.active:
            distance = distance_to(warehouse, ship_to)
            cost = 0
            for rule in rules:
                cost = cost << _COST_BITS | _cost(rule, warehouse, ship_to, distance)
            candidates.append(Candidate(warehouse, distance, cost << _COST_BITS | 1))
    candidates.sort(key=lambda candidate: (candidate.cost, candidate.warehouse.code))
    return Ranking(candidates, rules, ship_to.precision if ship_to else None)


def _cost(rule: Rule, warehouse: Warehouse, ship_to: ShipTo | None, distance: float | None) -> int:
    match rule:
        case Rule.FEWEST_SHIPMENTS:
            return 1
        case Rule.STAY_IN_COUNTRY:
            return int(ship_to is not None and ship_to.country not in (None, warehouse.country))
        case Rule.CLOSEST:
            return round((distance or 0) * 1000)  # Whole metres: sums that do not depend on their order.
        case Rule.PRIORITY:
            return warehouse.priority


def plan(wanted: Sequence[Wanted], stock: Mapping[tuple[Id, Id], int], ranking: Ranking, *, allow_split: bool) -> Plan:
    """Choose warehouses for the wanted lines. stock: free units by (product, warehouse).

    Never leaves a unit without a place while one is free, unless the order may not be split: then one warehouse has
    everything, or nothing is chosen.
    """
    needs: dict[Id, int] = {}
    for want in wanted:  # Two lines may name one product: judge their sum.
        needs[want.product] = needs.get(want.product, 0) + want.quantity
    holders, free = _holders(needs, stock, ranking.candidates)
    there = [min(need, sum(units[p] for units in free)) for p, need in enumerate(needs.values())]
    enough = there == list(needs.values())
    if not any(there) or not (enough or allow_split):
        return Plan([], _copied(wanted), ONLY_PLAN)
    fewest_first = ranking.rules[:1] == (Rule.FEWEST_SHIPMENTS,) or not ranking.rules
    costs = [holder.cost for holder in holders]
    problem = covering.Problem(there, free, costs, fewest_first=fewest_first)
    cover = covering.cheapest(problem) if allow_split else covering.single(problem)
    if cover is None:
        return Plan([], _copied(wanted), ONLY_PLAN)
    places = [holders[index].warehouse.warehouse_id for index in cover.chosen]
    picks, left = _take(wanted, stock, places)
    return Plan(picks, left, ranking.deciding(cover.cost, cover.next_cost))


def _holders(
    needs: Mapping[Id, int], stock: Mapping[tuple[Id, Id], int], candidates: Sequence[Candidate]
) -> tuple[list[Candidate], list[list[int]]]:
    """The candidates that have anything of it, and what."""
    column = {product: p for p, product in enumerate(needs)}
    units_of: dict[Id, list[int]] = {}
    for (product, warehouse), units in stock.items():
        if units > 0 and product in column:
            units_of.setdefault(warehouse, [0] * len(needs))[column[product]] = units
    holders = [candidate for candidate in candidates if candidate.warehouse.warehouse_id in units_of]
    return holders, [units_of[holder.warehouse.warehouse_id] for holder in holders]


def _take(
    wanted: Sequence[Wanted], stock: Mapping[tuple[Id, Id], int], places: Sequence[Id]
) -> tuple[list[Pick], list[Wanted]]:
    """A whole line from one of the places where one has it, in their order; otherwise from several."""
    free: dict[tuple[Id, Id], int] = {}
    picks: list[Pick] = []
    left: list[Wanted] = []
    for want in wanted:
        keys = [(want.product, place) for place in places]
        for key in keys:
            free.setdefault(key, max(0, stock.get(key, 0)))
        whole = next((key for key in keys if free[key] >= want.quantity), None)
        rest = want.quantity
        for key in keys if whole is None else [whole]:
            units = min(rest, free[key])
            if units:
                free[key] -= units
                rest -= units
                picks.append(Pick(want.line, want.product, key[1], units))
        if rest:
            left.append(Wanted(want.line, want.product, rest))
    return picks, left


def _copied(wanted: Sequence[Wanted]) -> list[Wanted]:
    return [Wanted(want.line, want.product, want.quantity) for want in wanted]


def route(ranking: Ranking, used: set[Id], rule: str) -> dict[str, Any]:
    """The route as a reservation and a quote show it: the rule that decided, and whom it chose from. Kilometres."""
    distances = [c.distance_km for c in ranking.candidates if c.warehouse.warehouse_id in used]
    known = [distance for distance in distances if distance is not None]
    shown = ranking.candidates[:CANDIDATES_SHOWN_MAX]
    shown += [c for c in ranking.candidates[CANDIDATES_SHOWN_MAX:] if c.warehouse.warehouse_id in used]
    return {
        "rule": rule,
        "shipments": len(used),
        "distance_km": round(sum(known), 1) if known else None,
        "ship_to_precision": ranking.precision,
        "candidates": [
            {
                "warehouse": candidate.warehouse.code,
                "distance_km": None if candidate.distance_km is None else round(candidate.distance_km, 1),
                "chosen": candidate.warehouse.warehouse_id in used,
            }
            for candidate in shown
        ],
    }
