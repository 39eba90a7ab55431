"""From which warehouses an order ships. Pure and deterministic."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from onhand.domain import covering
from onhand.domain.ids import Id
from onhand.domain.level import LevelKey
from onhand.domain.routing import ONLY_PLAN, Candidate, Ranking, Rule

Stock = Mapping[Id, Mapping[Id, int]]  # free units by product and warehouse; those of no or fewer units give nothing
_NOWHERE: Mapping[Id, int] = {}
_NOWHERE_KEPT: Stock = {}


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


class Plan(msgspec.Struct, frozen=True):
    """picks: from where; left: what found no stock; rule: what decided; ranking: whom it chose from.

    cost, next_cost: by the rules, of this plan and of the best other one; spares: it leaves every safety stock.
    """

    picks: list[Pick]
    left: list[Wanted]
    rule: str
    ranking: Ranking
    cost: int = 0
    next_cost: int | None = None
    spares: bool = False


class Foreseen(msgspec.Struct, frozen=True, gc=False):
    """The plan of a whole order, made without locks, and the units of each level that it takes."""

    plan: Plan
    units: Mapping[LevelKey, int]


def plan(
    wanted: Sequence[Wanted], stock: Stock, ranking: Ranking, *, allow_split: bool, safety: Stock = _NOWHERE_KEPT
) -> Plan:
    """Choose warehouses for the wanted lines. safety: the part of the stock that a rule may want to leave.

    Never leaves a unit without a place while one is free, unless the order may not be split: then one warehouse has
    everything, or nothing is chosen.
    """
    cheapest = _plan(wanted, stock, ranking, allow_split=allow_split)
    if Rule.LEAVE_SAFETY_STOCK not in ranking.rules:
        return cheapest
    kept = {want.product: safety[want.product] for want in wanted if any(safety.get(want.product, _NOWHERE).values())}
    if not kept:
        return replace(cheapest, spares=True)
    above = {product: _above(stock.get(product, _NOWHERE), units) for product, units in kept.items()}
    return _sparing(cheapest, _plan(wanted, {**stock, **above}, ranking, allow_split=allow_split))


def _above(shelf: Mapping[Id, int], kept: Mapping[Id, int]) -> dict[Id, int]:
    return {place: units - kept.get(place, 0) for place, units in shelf.items()}


def _sparing(cheapest: Plan, sparing: Plan) -> Plan:
    """The better of the best plan of all and the best that leaves every safety stock.

    That is the best by all rules: of the plans that are best by the rules before, either one leaves it, and then the
    cheapest such, or none does, and then the cheapest of all.
    """
    if sum(want.quantity for want in sparing.left) > sum(want.quantity for want in cheapest.left):
        return cheapest
    ranking = cheapest.ranking
    if not sparing.picks:
        return replace(cheapest, spares=True)

    def before(cost: int) -> int:
        return ranking.before(Rule.LEAVE_SAFETY_STOCK, cost)

    if before(sparing.cost) > before(cheapest.cost):
        return cheapest
    # The best other plan: of those that leave it, or of all.
    same = {pick.warehouse for pick in sparing.picks} == {pick.warehouse for pick in cheapest.picks}
    other, going_below = sparing.next_cost, cheapest.next_cost if same else cheapest.cost
    if going_below is not None and (other is None or before(other) > before(going_below)):
        decides = before(going_below) == before(sparing.cost)
        rule = Rule.LEAVE_SAFETY_STOCK if decides else ranking.deciding(sparing.cost, going_below)
    else:
        rule = ranking.deciding(sparing.cost, other)
    return replace(sparing, rule=rule, ranking=ranking, spares=True)


def _plan(wanted: Sequence[Wanted], stock: Stock, ranking: Ranking, *, allow_split: bool) -> Plan:
    if len(wanted) == 1 and (one := _one_line(wanted[0], stock, ranking)) is not None:
        return one
    return _best(wanted, stock, ranking, allow_split=allow_split)


def _one_line(want: Wanted, stock: Stock, ranking: Ranking) -> Plan | None:
    """The commonest order, in one pass over the candidates; None: judge the sets.

    The first candidate that has all of it is the best plan when no cheaper candidate has any of it (every other set
    costs at least as much as its dearest member), or when shipments count first. Likewise for the next best plan: it is
    the next candidate that has all of it.
    """
    there = stock.get(want.product, _NOWHERE)
    holders = [candidate for candidate in ranking.candidates if there.get(candidate.warehouse, 0) > 0]
    first: Candidate | None = None
    for holder in holders:
        if there[holder.warehouse] < want.quantity:
            if ranking.fewest_first:
                continue
            return None
        if first is not None:
            return _from_one(want, first, holder, holders, ranking)
        first = holder
    if first is not None and len(holders) == 1:
        return _from_one(want, first, None, holders, ranking)
    return None


def _from_one(
    want: Wanted, first: Candidate, other: Candidate | None, holders: Sequence[Candidate], ranking: Ranking
) -> Plan:
    picks = [Pick(want.line, want.product, first.warehouse, want.quantity)]
    next_cost = None if other is None else other.cost
    chosen_from = Ranking(holders, ranking.rules, ranking.precision)
    return Plan(picks, [], ranking.deciding(first.cost, next_cost), chosen_from, first.cost, next_cost)


def _best(wanted: Sequence[Wanted], stock: Stock, ranking: Ranking, *, allow_split: bool) -> Plan:
    needs: dict[Id, int] = {}
    for want in wanted:  # Two lines may name one product: judge their sum.
        needs[want.product] = needs.get(want.product, 0) + want.quantity
    holders, free = _holders(needs, stock, ranking.candidates)
    chosen_from = Ranking(holders, ranking.rules, ranking.precision)
    there = [min(need, sum(units[p] for units in free)) for p, need in enumerate(needs.values())]
    enough = there == list(needs.values())
    if not any(there) or not (enough or allow_split):
        return Plan([], _copied(wanted), ONLY_PLAN, chosen_from)
    problem = covering.Problem(there, free, [holder.cost for holder in holders], fewest_first=ranking.fewest_first)
    cover = covering.cheapest(problem) if allow_split else covering.single(problem)
    if cover is None:
        return Plan([], _copied(wanted), ONLY_PLAN, chosen_from)
    picks, left = _take(wanted, stock, [holders[index].warehouse for index in cover.chosen])
    rule = ranking.deciding(cover.cost, cover.next_cost)
    return Plan(picks, left, rule, chosen_from, cover.cost, cover.next_cost)


def _holders(
    needs: Mapping[Id, int], stock: Stock, candidates: Sequence[Candidate]
) -> tuple[list[Candidate], list[list[int]]]:
    """The candidates that have anything of it, and what."""
    shelves = [stock.get(product, _NOWHERE) for product in needs]
    holders, free = [], []
    for candidate in candidates:
        units = [max(0, shelf.get(candidate.warehouse, 0)) for shelf in shelves]
        if any(units):
            holders.append(candidate)
            free.append(units)
    return holders, free


def _take(wanted: Sequence[Wanted], stock: Stock, places: Sequence[Id]) -> tuple[list[Pick], list[Wanted]]:
    """A whole line from one of the places where one has it, in their order; otherwise from several."""
    free: dict[tuple[Id, Id], int] = {}
    picks: list[Pick] = []
    left: list[Wanted] = []
    for want in wanted:
        shelf = stock.get(want.product, _NOWHERE)
        keys = [(want.product, place) for place in places]
        for key in keys:
            free.setdefault(key, max(0, shelf.get(key[1], 0)))
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
