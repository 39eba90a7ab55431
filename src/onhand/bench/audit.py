"""The second model: judges every answer of a run by arithmetic of its own, from what was ordered, said and stored.

It shares no code with the domain. What it finds is text; nothing found is what a figure needs.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from onhand.bench.record import Answer
from onhand.bench.workload import Order

FINDINGS_MAX = 20

LevelName = tuple[int, int]  # product, warehouse


class Stock(NamedTuple):
    """A level before and after the run, in units."""

    on_hand: int
    reserved: int
    on_hand_after: int
    reserved_after: int

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class HeldLine(NamedTuple):
    product: int
    warehouse: int
    quantity: int
    fulfilled: int
    released: int
    backordered: int


class Held(NamedTuple):
    """A reservation as the database has it."""

    order: int
    reservation: str
    status: str
    lines: tuple[HeldLine, ...]


class Findings:
    """The first of each kind in words, and how many there were."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.count = 0

    def add(self, finding: str) -> None:
        self.count += 1
        if len(self.told) < FINDINGS_MAX:
            self.told.append(finding)


def judge(
    wanted: Sequence[Order],
    answers: Iterable[Answer],
    held: Iterable[Held],
    stock: Mapping[LevelName, Stock],
    *,
    routed: bool = False,
) -> Findings:
    """Every answer against every row. routed: the engine chose the warehouses."""
    findings = Findings()
    by_order: dict[int, list[Held]] = {}
    for each in held:
        by_order.setdefault(each.order, []).append(each)
    said: dict[int, list[Answer]] = {}
    for answer in answers:
        said.setdefault(answer.order, []).append(answer)
    for order in by_order.keys() - said.keys():
        findings.add(f"order {order} is held and was never sent")
    for order, told in said.items():
        _judge_order(findings, wanted[order], order, told, by_order.get(order, []), routed=routed)
    _judge_levels(findings, by_order, stock)
    _judge_refusals(findings, wanted, said, by_order, stock, routed=routed)
    return findings


def _judge_order(
    findings: Findings, wanted: Order, order: int, told: Sequence[Answer], held: Sequence[Held], *, routed: bool
) -> None:
    """Accepted means found exactly once, as ordered and as answered; refused or failed means not found."""
    reserve = [answer for answer in told if answer.step == "reserve"]
    accepted = [answer for answer in reserve if answer.verdict == "accepted"]
    if len({answer.reservation for answer in accepted}) > 1:
        findings.add(f"order {order} was accepted as two reservations")
    if len(held) > 1:
        findings.add(f"order {order} is held {len(held)} times")
    if accepted and not held:
        findings.add(f"order {order} was accepted and is lost")
    if held and not accepted and not any(answer.verdict == "unknown" for answer in reserve):
        findings.add(f"order {order} was answered {[answer.verdict for answer in reserve]} and is held")
    for each in held[:1]:
        if accepted and each.reservation != accepted[0].reservation:
            findings.add(f"order {order} was answered {accepted[0].reservation} and is held as {each.reservation}")
        if (
            _units((line.product, line.warehouse, line.quantity) for line in each.lines) != _units(wanted)
            and not routed
        ):
            findings.add(f"order {order} is held with other lines than were ordered")
        if routed and _products(each.lines) != _products(wanted):
            findings.add(f"order {order} is held with other products than were ordered")
        _judge_end(findings, order, told, each)


def _judge_end(findings: Findings, order: int, told: Sequence[Answer], held: Held) -> None:
    """What followed the reservation is what became of it."""
    ends: dict[str, str] = {"fulfill": "fulfilled", "release": "released"}
    accepted = {answer.step for answer in told if answer.verdict == "accepted"} & ends.keys()
    open_ = {answer.step for answer in told if answer.verdict == "unknown"} & ends.keys()
    if len(accepted) > 1:
        findings.add(f"order {order} was both fulfilled and released")
    possible = {ends[step] for step in accepted} or {"active", *(ends[step] for step in open_)}
    if held.status not in possible:
        findings.add(f"order {order} is {held.status}, its answers say {sorted(possible)}")
    for line in held.lines:
        gone = {"fulfilled": line.fulfilled, "released": line.released}.get(held.status, 0)
        if gone != (line.quantity if held.status != "active" else 0) or line.backordered:
            findings.add(f"order {order} is {held.status} with a line of {line}")


def _judge_levels(findings: Findings, by_order: Mapping[int, Sequence[Held]], stock: Mapping[LevelName, Stock]) -> None:
    """Never more units promised than there were; and each level moved by what its orders hold, not a unit else."""
    promised: Counter[LevelName] = Counter()
    open_: Counter[LevelName] = Counter()
    shipped: Counter[LevelName] = Counter()
    for several in by_order.values():
        for each in several:
            for line in each.lines:
                name = line.product, line.warehouse
                promised[name] += line.quantity - line.released
                open_[name] += line.quantity - line.released - line.fulfilled
                shipped[name] += line.fulfilled
    for name in promised.keys() | stock.keys():
        level = stock.get(name)
        if level is None:
            findings.add(f"level {name} is not there, and {promised[name]} units of it are held")
            continue
        if promised[name] > level.available:
            findings.add(f"level {name} is oversold: {promised[name]} units promised, {level.available} there were")
        if level.reserved_after - level.reserved != open_[name]:
            findings.add(
                f"level {name}: reserved moved by {level.reserved_after - level.reserved}, orders hold {open_[name]}"
            )
        if level.on_hand - level.on_hand_after != shipped[name]:
            findings.add(
                f"level {name}: {level.on_hand - level.on_hand_after} units left, orders shipped {shipped[name]}"
            )


def _judge_refusals(
    findings: Findings,
    wanted: Sequence[Order],
    said: Mapping[int, Sequence[Answer]],
    by_order: Mapping[int, Sequence[Held]],
    stock: Mapping[LevelName, Stock],
    *,
    routed: bool,
) -> None:
    """Where nothing was given back, stock only shrinks: who was refused must find too little at the end as well."""
    if any(answer.step == "release" for told in said.values() for answer in told):
        return
    taken: Counter[LevelName] = Counter()
    for several in by_order.values():
        for each in several:
            for line in each.lines:
                taken[line.product, -1 if routed else line.warehouse] += line.quantity
    there: Counter[LevelName] = Counter()
    for (product, warehouse), level in stock.items():
        there[product, -1 if routed else warehouse] += level.available
    for order, told in said.items():
        if any(answer.verdict == "refused" and answer.step == "reserve" for answer in told):
            names = [((line.product, -1 if routed else line.warehouse), line.quantity) for line in wanted[order]]
            if all(taken[name] + quantity <= there[name] for name, quantity in names):
                findings.add(f"order {order} was refused and would have fitted")


def _units(lines: Iterable[tuple[int, int, int]]) -> Counter[LevelName]:
    units: Counter[LevelName] = Counter()
    for product, warehouse, quantity in lines:
        units[product, warehouse] += quantity
    return units


def _products(lines: Iterable[tuple[int, ...]]) -> Counter[int]:
    units: Counter[int] = Counter()
    for line in lines:
        units[line[0]] += line[2]
    return units
