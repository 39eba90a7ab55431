"""Which warehouses an order would rather ship from. Pure and deterministic.

Rules stand in an order and can be left out: the first that tells two plans apart decides. Each is a cost per shipment,
the sum of which is to be least; equal plans are told apart by fewer shipments, then by the warehouses' codes.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Any

import msgspec

from onhand.domain.commands import ShipTo
from onhand.domain.geo import direction, distances_m
from onhand.domain.ids import Id

CANDIDATES_SHOWN_MAX = 12
COORDINATES = "coordinates"  # precision of a ship-to that says itself where it lies
RANKINGS_KEPT_MAX = 4_096  # of ship-tos known by country or postal code, for which orders come again
_COST_BITS = 48  # of one rule, summed over a plan
_SHIPMENT = 1  # in the lowest bits: what the rules leave equal, fewer shipments decide


class Rule(StrEnum):
    """What an operator may order and switch."""

    FEWEST_SHIPMENTS = "fewest_shipments"
    STAY_IN_COUNTRY = "stay_in_country"  # shipments that cross a border; nothing without a country
    CLOSEST = "closest"  # the sum of the distances; nothing without coordinates
    PRIORITY = "priority"  # the sum of the warehouses' priorities, 0 = first
    CUT_OFF = "cut_off"  # the sum of the days until the warehouses ship, by cut-off, working days and holidays
    LEAVE_SAFETY_STOCK = "leave_safety_stock"  # a plan that must go below a safety stock; no cost of one shipment


KNOWN_RULES: frozenset[str] = frozenset(Rule)
DEFAULT_RULES = (Rule.FEWEST_SHIPMENTS, Rule.STAY_IN_COUNTRY, Rule.CLOSEST, Rule.PRIORITY)
WAREHOUSE_CODE = "warehouse_code"  # decided where all rules found plans equal
ONLY_PLAN = "only_plan"  # decided where there is nothing to choose from


def rules_of(names: Iterable[str] | None) -> tuple[Rule, ...]:
    """As they were set; None: as onhand comes. What a later version may have set is left out."""
    return DEFAULT_RULES if names is None else tuple(Rule(name) for name in names if name in KNOWN_RULES)


class Warehouse(msgspec.Struct, frozen=True):
    """What routing knows of a warehouse at a moment. Degrees; country is ISO 3166-1 alpha-2; priority 0 goes first."""

    warehouse_id: Id
    code: str
    latitude: float
    longitude: float
    country: str | None = None
    active: bool = True
    priority: int = 0
    ships_in_days: int = 0  # what an order of this moment waits for, when all lies on the shelf


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """An active warehouse as one order sees it. cost: one number, the rules' costs in their order."""

    warehouse: Id
    code: str
    distance_m: int | None
    cost: int


class Ranking(msgspec.Struct, frozen=True):
    """Candidates, the preferred first, and the rules that ranked them."""

    candidates: Sequence[Candidate]
    rules: tuple[Rule, ...]
    precision: str | None = None  # of the ship-to's coordinates

    @property
    def fewest_first(self) -> bool:
        """Whether shipments are counted before anything else."""
        first = next((rule for rule in self.rules if rule is not Rule.LEAVE_SAFETY_STOCK), Rule.FEWEST_SHIPMENTS)
        return first is Rule.FEWEST_SHIPMENTS  # Leaving safety stock adds to no shipment's cost.

    def before(self, rule: Rule, cost: int) -> int:
        """What a plan costs by the rules that stand before this one."""
        return cost >> _COST_BITS * (len(self.rules) - self.rules.index(rule) + 1)

    def among(self, warehouses: AbstractSet[Id]) -> "Ranking":
        """Only these."""
        kept = [candidate for candidate in self.candidates if candidate.warehouse in warehouses]
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


class Ranker:
    """The warehouses and rules of a moment: what is the same for every order is reckoned once."""

    def __init__(self, warehouses: Iterable[Warehouse], rules: tuple[Rule, ...] = DEFAULT_RULES) -> None:
        self.rules = rules
        self.spares = Rule.LEAVE_SAFETY_STOCK in rules
        self.warehouses = {warehouse.warehouse_id: warehouse for warehouse in warehouses}
        self.active = [warehouse for warehouse in self.warehouses.values() if warehouse.active]
        self.is_active = frozenset(warehouse.warehouse_id for warehouse in self.active)
        self._codes = [warehouse.code for warehouse in self.active]
        self._ids = [warehouse.warehouse_id for warehouse in self.active]
        self._directions = [direction(warehouse.latitude, warehouse.longitude) for warehouse in self.active]
        self._nowhere: Sequence[None] = [None] * len(self.active)
        self._closest = _COST_BITS * (len(rules) - rules.index(Rule.CLOSEST)) if Rule.CLOSEST in rules else None
        self._costs_to: dict[str | None, list[int]] = {}
        self._kept: dict[ShipTo | None, Ranking] = {}

    def rank(self, ship_to: ShipTo | None) -> Ranking:
        """Active warehouses, the preferred first. Equal ones in the order of their codes: it never varies."""
        if ship_to is not None and ship_to.precision == COORDINATES:
            return self._rank(ship_to)  # Hardly anybody else lives there.
        kept = self._kept.get(ship_to)
        if kept is None:
            while len(self._kept) >= RANKINGS_KEPT_MAX:
                del self._kept[next(iter(self._kept))]  # the one kept longest
            kept = self._kept[ship_to] = self._rank(ship_to)
        return kept

    def _rank(self, ship_to: ShipTo | None) -> Ranking:
        if ship_to is None:
            return Ranking(self._sorted(self._costs(None), self._nowhere), self.rules)
        costs = self._costs(ship_to.country)
        if ship_to.latitude is None or ship_to.longitude is None:
            return Ranking(self._sorted(costs, self._nowhere), self.rules)
        # Whole metres: sums that do not depend on their order.
        metres = distances_m(self._directions, direction(ship_to.latitude, ship_to.longitude))
        if self._closest is not None:
            costs = [cost | each << self._closest for cost, each in zip(costs, metres, strict=True)]
        return Ranking(self._sorted(costs, metres), self.rules, ship_to.precision or COORDINATES)

    def _sorted(self, costs: Sequence[int], metres: Sequence[int | None]) -> list[Candidate]:
        # Codes differ, so that nothing behind them is ever compared.
        ranked = sorted(zip(costs, self._codes, self._ids, metres, strict=True))
        return [Candidate(warehouse, code, distance, cost) for cost, code, warehouse, distance in ranked]

    def _costs(self, country: str | None) -> list[int]:
        """By all rules but closest."""
        costs = self._costs_to.get(country)
        if costs is None:
            costs = self._costs_to[country] = [self._cost(warehouse, country) for warehouse in self.active]
        return costs

    def _cost(self, warehouse: Warehouse, country: str | None) -> int:
        cost = 0
        for rule in self.rules:
            cost = cost << _COST_BITS | _cost(rule, warehouse, country)
        return cost << _COST_BITS | _SHIPMENT


def _cost(rule: Rule, warehouse: Warehouse, country: str | None) -> int:
    match rule:
        case Rule.FEWEST_SHIPMENTS:
            return 1
        case Rule.STAY_IN_COUNTRY:
            return int(country not in (None, warehouse.country))
        case Rule.PRIORITY:
            return warehouse.priority
        case Rule.CUT_OFF:
            return warehouse.ships_in_days
        case Rule.CLOSEST | Rule.LEAVE_SAFETY_STOCK:
            return 0  # the distance of each order; what the units of a whole plan are taken from


def route(ranking: Ranking, used: AbstractSet[Id], rule: str) -> dict[str, Any]:
    """The route as it is kept with a reservation: the rule that decided, and whom it chose from.

    Candidates and their distances stand side by side: written with every order, they are kept short. Which of them were
    chosen, the allocations say.
    """
    shown = ranking.candidates
    if len(shown) > CANDIDATES_SHOWN_MAX:
        further = [candidate for candidate in shown[CANDIDATES_SHOWN_MAX:] if candidate.warehouse in used]
        shown = [*shown[:CANDIDATES_SHOWN_MAX], *further]
    return {
        "rule": rule,
        "shipments": len(used),
        "ship_to_precision": ranking.precision,
        "candidates": [candidate.code for candidate in shown],
        "distances_m": None if ranking.precision is None else [candidate.distance_m for candidate in shown],
    }
