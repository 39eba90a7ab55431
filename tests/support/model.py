"""A second opinion: what stock must look like, in plain dicts, written without a look at onhand.domain.

Quantities live with the reservations; a level is what adds up from them. Time is a number of seconds.
"""

from dataclasses import dataclass, field
from itertools import combinations


class Refused(Exception):
    """The operation may not be done."""


@dataclass
class Held:
    """One line of a reservation."""

    product: int
    place: int
    open: int
    covered: int = 0
    fulfilled: int = 0


@dataclass
class Hold:
    lines: list[Held]
    ends: float | None
    status: str = "active"

    @property
    def is_open(self) -> bool:
        return self.status in ("active", "partially_fulfilled")

    def settle_status(self) -> None:
        shipped = any(line.fulfilled for line in self.lines)
        if any(line.open for line in self.lines):
            self.status = "partially_fulfilled" if shipped else "active"
        else:
            self.status = "fulfilled" if shipped else "released"


@dataclass
class Lorry:
    product: int
    source: int
    destination: int
    units: int
    received: int = 0
    lost: int = 0
    status: str = "in_transit"


@dataclass
class Model:
    """limits: per product, how far it may be sold below zero; None = without limit."""

    limits: dict[int, int | None]
    shelf: dict[tuple[int, int], int] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)
    lorries: list[Lorry] = field(default_factory=list)
    beside: dict[tuple[int, int, str], int] = field(default_factory=dict)  # product, place, state
    now: float = 0

    def lines_at(self, product: int, place: int) -> list[Held]:
        """Oldest first."""
        return [line for hold in self.holds for line in hold.lines if (line.product, line.place) == (product, place)]

    def level(self, product: int, place: int) -> tuple[int, int, int, int]:
        """on_hand, reserved, backordered, incoming."""
        lines = self.lines_at(product, place)
        incoming = sum(x.units for x in self.lorries if (x.product, x.destination) == (product, place))
        reserved = sum(line.open for line in lines)
        return self.shelf.get((product, place), 0), reserved, reserved - sum(line.covered for line in lines), incoming

    def cover(self, product: int, place: int) -> dict[int, int]:
        """Deal out what lies there; return how many units each hold lost, by its index."""
        lines = self.lines_at(product, place)
        before = {id(line): line.covered for line in lines}
        free = self.shelf.get((product, place), 0) - sum(line.covered for line in lines)
        for line in lines:  # The oldest get what is free.
            gain = max(0, min(free, line.open - line.covered))
            line.covered += gain
            free -= gain
        for line in reversed(lines):  # The youngest lose what is lacking.
            loss = max(0, min(-free, line.covered))
            line.covered -= loss
            free += loss
        lost: dict[int, int] = {}
        for index, hold in enumerate(self.holds):
            units = sum(before[id(x)] - x.covered for x in hold.lines if id(x) in before and before[id(x)] > x.covered)
            if units:
                lost[index] = units
        return lost

    def receive(self, product: int, place: int, units: int) -> None:
        self.shelf[product, place] = self.shelf.get((product, place), 0) + units
        self.cover(product, place)

    def change(self, product: int, place: int, units: int) -> dict[int, int]:
        after = self.shelf.get((product, place), 0) + units
        if after < 0:
            raise Refused("BELOW_ZERO")
        self.shelf[product, place] = after
        return self.cover(product, place)

    def count(self, product: int, place: int, units: int) -> dict[int, int]:
        self.shelf[product, place] = units
        return self.cover(product, place)

    def take_in(self, product: int, place: int, units: int, damaged: int, inspected: int) -> None:
        """units came, of which so many are damaged and so many are to be looked at."""
        for state, part in (("damaged", damaged), ("quality_control", inspected)):
            self.beside[product, place, state] = self.beside.get((product, place, state), 0) + part
        self.receive(product, place, units - damaged - inspected)

    def change_state(self, product: int, place: int, units: int, source: str, target: str) -> dict[int, int]:
        for state, change in ((source, -units), (target, units)):
            if state == "available":
                after = self.shelf.get((product, place), 0) + change
            else:
                after = self.beside.get((product, place, state), 0) + change
            if after < 0:
                raise Refused("INSUFFICIENT_STOCK")
            if state == "available":
                self.shelf[product, place] = after
            elif state != "scrapped":
                self.beside[product, place, state] = after
        return self.cover(product, place)

    def promisable(self, product: int, place: int) -> int:
        limit = self.limits[product]
        on_hand, reserved, _, _ = self.level(product, place)
        return 10**9 if limit is None else max(0, on_hand - reserved + limit)

    def reserve(self, wishes: list[tuple[int, int, int]], ends_in: float | None, *, partial: bool) -> Hold:
        """wishes: product, place, units."""
        hold = Hold([], None if ends_in is None else self.now + ends_in)
        self.holds.append(hold)
        complete = True
        for product, place, units in wishes:
            gets = min(units, self.promisable(product, place))
            complete = complete and gets == units
            if gets:
                on_hand, reserved, backordered, _ = self.level(product, place)
                free = max(0, on_hand - (reserved - backordered))
                hold.lines.append(Held(product, place, gets, covered=min(gets, free)))
        if not hold.lines or not (complete or partial):
            self.holds.pop()
            raise Refused("INSUFFICIENT_STOCK")
        return hold

    def route(self, product: int, places: int, units: int) -> list[tuple[int, int, int]]:
        """Where an order goes that names no place. From the fewest places, then where it may wait."""
        left = units
        stock = {}
        for place in range(places):
            on_hand, reserved, backordered, _ = self.level(product, place)
            stock[place] = max(0, on_hand - (reserved - backordered))
        parts = dict.fromkeys(range(places), 0)
        target = min(units, sum(stock.values()))
        sets = (members for size in range(places + 1) for members in combinations(range(places), size))
        members = next(members for members in sets if sum(stock[place] for place in members) >= target)
        for place in members:  # One of them has it all, or each gives what it has, in the order of their codes.
            part = min(stock[place], left)
            parts[place] += part
            left -= part
        for place in sorted(range(places), key=lambda place: self.lacks(product, place, left, parts[place])):
            part = min(left, max(0, self.promisable(product, place) - parts[place]))
            parts[place] += part
            left -= part
        if left:
            raise Refused("INSUFFICIENT_STOCK")
        return [(product, place, part) for place, part in parts.items() if part]

    def lacks(self, product: int, place: int, units: int, taken: int) -> tuple[bool, bool, bool]:
        """In this order an order waits: where enough is on its way, where some is, where it is kept, elsewhere."""
        on_hand, reserved, _, incoming = self.level(product, place)
        kept = (product, place) in self.shelf or any(
            (line.product, line.place) == (product, place) for hold in self.holds for line in hold.lines
        )
        kept = kept or any((x.product, x.destination) == (product, place) for x in self.lorries)
        spare = on_hand - reserved + incoming - taken
        return not (kept and spare >= units), not (kept and spare > 0), not kept

    def must_be_open(self, hold: Hold, *, in_time: bool) -> None:
        if not hold.is_open or (in_time and hold.ends is not None and hold.ends <= self.now):
            raise Refused("RESERVATION_CLOSED")

    def release(self, hold: Hold, units: int | None) -> None:
        """units of the first line's product, in its place; None = everything."""
        self.must_be_open(hold, in_time=False)
        self._take(hold, units, waiting_first=True)
        hold.settle_status()

    def fulfill(self, hold: Hold, units: int | None) -> None:
        self.must_be_open(hold, in_time=True)
        first = hold.lines[0]
        mine = [x for x in hold.lines if units is None or (x.product, x.place) == (first.product, first.place)]
        wanted = sum(x.open for x in mine) if units is None else units
        if wanted > sum(x.open for x in mine):
            raise Refused("QUANTITY_EXCEEDS_OPEN")
        if wanted > sum(x.covered for x in mine):
            raise Refused("NOT_COVERED")
        for line in mine:
            part = min(wanted, line.covered)
            wanted -= part
            line.open -= part
            line.covered -= part
            line.fulfilled += part
            if part:  # A line that waits may have no shelf yet.
                self.shelf[line.product, line.place] -= part
        hold.settle_status()

    def _take(self, hold: Hold, units: int | None, *, waiting_first: bool) -> None:
        first = hold.lines[0]
        mine = [x for x in hold.lines if units is None or (x.product, x.place) == (first.product, first.place)]
        wanted = sum(x.open for x in mine) if units is None else units
        if wanted > sum(x.open for x in mine):
            raise Refused("QUANTITY_EXCEEDS_OPEN")
        for waiting in (True, False) if waiting_first else (False,):
            for line in mine:
                part = min(wanted, line.open - line.covered if waiting else line.open)
                wanted -= part
                line.open -= part
                line.covered = min(line.covered, line.open)
        for product, place in {(line.product, line.place) for line in mine}:
            self.cover(product, place)

    def expire(self, hold: Hold) -> bool:
        if not hold.is_open or hold.ends is None or hold.ends > self.now:
            return False
        self._take(hold, None, waiting_first=True)
        hold.status = "expired"
        return True

    def extend(self, hold: Hold, ends_in: float | None) -> None:
        self.must_be_open(hold, in_time=True)
        hold.ends = None if ends_in is None else self.now + ends_in

    def dispatch(self, product: int, source: int, destination: int, units: int, *, immediate: bool) -> Lorry:
        on_hand, reserved, backordered, _ = self.level(product, source)
        if units > on_hand - (reserved - backordered):
            raise Refused("INSUFFICIENT_STOCK")
        self.shelf[product, source] -= units
        lorry = Lorry(product, source, destination, units)
        self.lorries.append(lorry)
        if immediate:
            self.arrive(lorry, None)
        return lorry

    def arrive(self, lorry: Lorry, units: int | None) -> None:
        if not lorry.units:
            raise Refused("TRANSFER_CLOSED")
        units = lorry.units if units is None else units
        if units > lorry.units:
            raise Refused("QUANTITY_EXCEEDS_OPEN")
        lorry.units -= units
        lorry.received += units
        lorry.status = "partially_received" if lorry.units else "received"
        self.receive(lorry.product, lorry.destination, units)

    def lose(self, lorry: Lorry, units: int | None) -> None:
        if not lorry.units:
            raise Refused("TRANSFER_CLOSED")
        units = lorry.units if units is None else units
        if units > lorry.units:
            raise Refused("QUANTITY_EXCEEDS_OPEN")
        lorry.units -= units
        lorry.lost += units
        if lorry.units:
            lorry.status = "partially_received" if lorry.received else "in_transit"
        else:
            lorry.status = "received" if lorry.received else "lost"

    def cancel(self, lorry: Lorry) -> None:
        if not lorry.units:
            raise Refused("TRANSFER_CLOSED")
        units, lorry.units = lorry.units, 0
        lorry.status = "received" if lorry.received else "lost" if lorry.lost else "cancelled"
        self.receive(lorry.product, lorry.source, units)
