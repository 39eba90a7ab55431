"""The cheapest set of warehouses that together hold what an order needs.

A line may be split, so a set is sufficient when, product by product, its free units add up: no flow is needed. The sums
of all products stand side by side in one integer, a field each, so that judging a set is one addition and one mask.

Up to EXACT_MAX candidates the answer is the best of all sets. Beyond, it is the best of all sets of one or two when
such a set is enough and shipments count first; otherwise a greedy cover, whose size is at most H(d) times the smallest
(d: the most units one warehouse covers, H: the harmonic number; Wolsey 1982), improved by judging every set within a
short list around it.
"""

from collections.abc import Sequence
from heapq import heapify, heappop, heapreplace
from itertools import combinations

import msgspec

EXACT_MAX = 12  # candidates: 4,096 sets
SHORTLIST_MAX = 8  # candidates around a greedy cover: 256 sets
PAIRS_MAX = 2_500  # sets of two that are all judged: up to 71 candidates


class Cover(msgspec.Struct, frozen=True):
    """chosen: indexes of the candidates, ascending; cost of the best other plan judged, None where there is none."""

    chosen: tuple[int, ...]
    cost: int
    next_cost: int | None


class Problem:
    """What is needed and who has it, in numbers.

    needs: units of each product, at most what is there in all; free[c][p]: units that candidate c has of product p;
    costs[c]: at least 1, added up over a plan; fewest_first: each cost counts a shipment before anything else.
    Candidates come in the order in which equal ones are preferred.
    """

    def __init__(
        self,
        needs: Sequence[int],
        free: Sequence[Sequence[int]],
        costs: Sequence[int],
        *,
        fewest_first: bool = True,
    ) -> None:
        self.needs = needs
        self.free = free
        self.costs = costs
        self.fewest_first = fewest_first
        # A field's highest bit is set when its sum reaches the need; no sum is so large that it runs over.
        width = (max(needs) * len(free)).bit_length() + 1
        guard = 1 << (width - 1)
        self.mask = _packed([guard] * len(needs), width)
        self.offset = _packed([guard - need for need in needs], width)
        self.packed = [_packed(list(map(min, units, needs)), width) for units in free]

    def covers(self, packed: int) -> bool:
        return (packed + self.offset) & self.mask == self.mask

    def cost(self, chosen: Sequence[int]) -> int:
        return sum(self.costs[c] for c in chosen)


def _packed(fields: Sequence[int], width: int) -> int:
    packed = 0
    for field in fields:
        packed = packed << width | field
    return packed


def single(problem: Problem) -> Cover | None:
    """The cheapest candidate that has everything, if there is one."""
    return _best(problem, [(c,) for c, packed in enumerate(problem.packed) if problem.covers(packed)])


def cheapest(problem: Problem) -> Cover:
    """The best set; of equal ones the smaller, then the one whose candidates are preferred."""
    count = len(problem.costs)
    if problem.fewest_first:
        few = single(problem) or (_pair(problem) if count * (count - 1) // 2 <= PAIRS_MAX else None)
        if few is not None:
            return few
    if count <= EXACT_MAX:
        return _all_sets(problem, range(count))
    greedy = _greedy(problem)
    if len(greedy) > SHORTLIST_MAX:
        return Cover(greedy, problem.cost(greedy), None)
    nearby = [c for c in sorted(range(count), key=lambda c: (problem.costs[c], c)) if c not in greedy]
    return _all_sets(problem, sorted([*greedy, *nearby[: SHORTLIST_MAX - len(greedy)]]))


def _pair(problem: Problem) -> Cover | None:
    covered = sorted(sum(map(min, units, problem.needs)) for units in problem.free)
    if sum(covered[-2:]) < sum(problem.needs):
        return None
    packed, offset, mask = problem.packed, problem.offset, problem.mask
    pairs = combinations(range(len(packed)), 2)
    return _best(problem, [(a, b) for a, b in pairs if (packed[a] + packed[b] + offset) & mask == mask])


def _best(problem: Problem, sets: Sequence[tuple[int, ...]]) -> Cover | None:
    """Of sets of one size. What beats them all in shipments has beaten every larger set too: any has a larger cost."""
    if not sets:
        return None
    costs = problem.costs
    one = len(sets[0]) == 1
    priced = sorted((costs[chosen[0]] if one else problem.cost(chosen), chosen) for chosen in sets)
    cost, chosen = priced[0]
    if len(priced) > 1:
        return Cover(chosen, cost, priced[1][0])
    larger = [c for c in range(len(problem.costs)) if c not in chosen]
    return Cover(chosen, cost, min(problem.cost((*chosen, c)) for c in larger) if larger else None)


def _all_sets(problem: Problem, candidates: Sequence[int]) -> Cover:
    """Every set of these candidates: bit i of a set's index stands for candidates[i]."""
    sums, costs = [problem.offset], [0]
    for c in candidates:
        packed, cost = problem.packed[c], problem.costs[c]
        sums += [each + packed for each in sums]
        costs += [each + cost for each in costs]
    mask = problem.mask
    enough = [index for index, total in enumerate(sums) if total & mask == mask]
    cost = min(costs[index] for index in enough)
    chosen = min(
        (len(members), members) for members in (_members(index, candidates) for index in enough if costs[index] == cost)
    )[1]
    others = sorted(costs[index] for index in enough)[1:2]
    return Cover(chosen, cost, others[0] if others else None)


def _members(index: int, candidates: Sequence[int]) -> tuple[int, ...]:
    return tuple(c for bit, c in enumerate(candidates) if index >> bit & 1)


def _greedy(problem: Problem) -> tuple[int, ...]:
    """Always the candidate that covers most of what is lacking, the cheaper of equal ones; then none too many."""
    lacking = list(problem.needs)
    # What a candidate covers of what is lacking only falls: judge anew only the one that led (Minoux 1978).
    heap = [(-sum(map(min, lacking, units)), problem.costs[c], c) for c, units in enumerate(problem.free)]
    heapify(heap)
    chosen: list[int] = []
    while any(lacking):
        _, cost, c = heap[0]
        now = (-sum(map(min, lacking, problem.free[c])), cost, c)
        if heapreplace(heap, now) != now:
            continue
        heappop(heap)
        chosen.append(c)
        lacking = [lack - min(lack, units) for lack, units in zip(lacking, problem.free[c], strict=True)]
    for c in sorted(chosen, key=lambda c: problem.costs[c], reverse=True):
        if problem.covers(sum(problem.packed[other] for other in chosen if other != c)):
            chosen.remove(c)
    return tuple(sorted(chosen))
