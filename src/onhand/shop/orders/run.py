"""Living through a plan: every event becomes operations, many under way at once, in the order of the plan.

Every operation has an Idempotency-Key made of the file's name, the invoice and what is done with it. What an event
needs to know of an earlier operation it waits for, so a run that is told again decides again as it did.
"""

import asyncio
import re
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from hashlib import blake2b
from typing import Any, TypeVar

from onhand.domain.errors import (
    BelowZero,
    DomainError,
    InsufficientStock,
    NotCovered,
    OutcomeUnknown,
    Overloaded,
    Unavailable,
)
from onhand.domain.limits import LINES_MAX
from onhand.services import answers, reservations, stock
from onhand.services.context import Onhand
from onhand.services.requests import (
    AdjustmentLine,
    NewAdjustment,
    NewReceipt,
    NewReservation,
    ReceiptLine,
    Reference,
    ReservationLine,
    ReservationPart,
    ShipTo,
)
from onhand.services.submitting import Reply
from onhand.shop.one_lane import OneLane
from onhand.shop.orders import events as e
from onhand.shop.orders.held import Held
from onhand.shop.orders.places import home_of
from onhand.shop.orders.report import Refusals, Tally

IN_FLIGHT_MAX_LINES = 8_000  # two full batches: one at the database, one waiting for it
UNREACHABLE_MAX_S = 120.0  # how long a replay waits for a database that has gone away
RETRY_PAUSE_S = 0.5
PATIENCE_WEEKS = 6  # how long a customer waits for the rest of an order
NOTHING_THERE = "nothing to be had: line left out"
PARTLY_THERE = "not enough to be had: line cut"
ALL_GONE = "nothing to be had of the whole order"
MORE_THAN_THERE = "BELOW_ZERO: written off where nothing lies"
NEVER_HELD = "cancels more than the order was given"

Answer = TypeVar("Answer")


class Run:
    """One replay. Raises DomainError when the database stays away: run it again, nothing happens twice."""

    def __init__(self, onhand: Onhand, lane: OneLane, *, name: str, actor: str, refusals: Refusals) -> None:
        self.onhand = onhand
        self.lane = lane
        self.name = f"{re.sub('[^!-~]', '_', name)[:80]}-{blake2b(name.encode(), digest_size=4).hexdigest()}"
        self.actor = actor
        self.refusals = refusals
        self.tally = Tally()
        self.shortages: Counter[str] = Counter()
        self._held: dict[str, Held] = {}
        self._waiting: dict[str, Held] = {}
        self._corrections: list[tuple[asyncio.Task[None], str, e.CorrectionLine]] = []
        self._to_count: set[tuple[str, int]] = set()
        self._flying: deque[tuple[asyncio.Task[None], int]] = deque()
        self._lines_flying = 0

    async def live(self, story: list[e.Event], told: Callable[[e.Event], None]) -> None:
        """Do what the events say; told is called for each that has begun."""
        try:
            for event in story:
                await self.happen(event)
                told(event)
            await self.settle()
            self.conclude()
        finally:
            await asyncio.gather(*(task for task, _ in self._flying), return_exceptions=True)

    async def settle(self) -> None:
        """Wait until all that has begun is done."""
        await self._count_again()
        while self._flying:
            await self._land()

    def conclude(self) -> None:
        """Tell what became of the orders."""
        for held in self._held.values():
            self.tally.orders_open += bool(held.open)
            self.tally.orders_fulfilled += bool(held.fulfilled.total() and not held.open)
            self.tally.orders_released += bool(held.reservation_id and not held.open and not held.fulfilled.total())

    async def happen(self, event: e.Event) -> None:
        """Begin what the event says."""
        match event:
            case e.Place():
                await self._place(event)
            case e.Ship():
                await self._ship(event)
            case e.ShipWaiting():
                await self._ship_waiting(event)
            case e.Cancel():
                await self._cancel(event)
            case e.Correct():
                await self._correct(event)
            case e.Deliver():
                await self._deliver(event)

    async def _begin(self, call: Coroutine[Any, Any, None], lines: int) -> asyncio.Task[None]:
        while self._lines_flying > IN_FLIGHT_MAX_LINES:
            await self._land()
        task = await self.lane.begin(call)
        self._flying.append((task, lines))
        self._lines_flying += lines
        return task

    async def _land(self) -> None:
        task, lines = self._flying[0]
        await task
        self._flying.popleft()
        self._lines_flying -= lines

    async def _ask(self, call: Callable[[], Awaitable[Reply[Answer]]]) -> Answer | DomainError:
        """The answer, or the refusal. A database that is away is waited for; the key makes a repeat harmless."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + UNREACHABLE_MAX_S
        while True:
            try:
                answer, replayed = await call()
            except (Unavailable, OutcomeUnknown, Overloaded):
                if loop.time() > deadline:
                    raise
                await asyncio.sleep(RETRY_PAUSE_S)
            except DomainError as error:
                self._count(replayed=error.replayed)
                return error
            else:
                self._count(replayed=replayed)
                return answer

    def _count(self, *, replayed: bool) -> None:
        self.tally.operations += 1
        self.tally.operations_replayed += replayed

    def _key(self, *parts: str) -> str:
        return ":".join((self.name, *parts))

    async def _place(self, event: e.Place) -> None:
        held = self._held[event.order] = Held()
        request = NewReservation(
            lines=[ReservationLine(sku=line.sku, quantity=line.units) for line in event.lines],
            order_id=event.order,
            ship_to=ShipTo(country=event.country) if event.country else None,
            expires_in_s=None,
            allow_partial=True,
        )
        held.last = await self._begin(self._reserve(held, event, request), len(event.lines))

    async def _reserve(self, held: Held, event: e.Place, request: NewReservation) -> None:
        answer = await self._ask(
            lambda: reservations.reserve(self.onhand, self.actor, request, self._key(event.order, "reserve"))
        )
        if isinstance(answer, DomainError):
            self.tally.orders_refused += 1
            self.tally.lines_short += len(event.lines)
            for line in event.lines:
                if isinstance(answer, InsufficientStock):
                    self.shortages[ALL_GONE] += line.units
                else:
                    self.refusals.add(answer.code, line.line)
            return
        held.update(answer)
        self.tally.orders_reserved += 1
        self.tally.reserved += held.open.total()
        self.tally.backordered += held.waiting.total()
        given = {line.line: line.quantity for line in answer.lines}
        there = {x.line: x.quantity - sum(part.backordered for part in x.allocations) for x in answer.lines}
        for index, line in enumerate(event.lines):
            self.tally.lines_short += there.get(index, 0) < line.units
            if given.get(index, 0) < line.units:
                self.shortages[PARTLY_THERE if index in given else NOTHING_THERE] += line.units - given.get(index, 0)

    async def _ship(self, event: e.Ship) -> None:
        held = self._held[event.order]
        await held.last
        self._waiting[event.order] = held  # A count may have taken what it held: who is done is sorted out later.
        if ready := held.open - held.waiting:
            part = ready if held.waiting else None
            await self._next(held, self._fulfill(held, part, self._key(event.order, "ship")))

    async def _ship_waiting(self, event: e.ShipWaiting) -> None:
        await self._count_again()
        day = event.at.date().isoformat()
        for order, held in list(self._waiting.items()):
            await held.last
            held.weeks += event.whole
            if not held.open:
                del self._waiting[order]
            elif held.weeks > PATIENCE_WEEKS:
                del self._waiting[order]
                self.tally.given_up += held.open.total()
                await self._next(held, self._release(held, None, self._key(order, "give-up")))
            elif event.whole and (held.weeks == PATIENCE_WEEKS or not event.delivered.isdisjoint(held.waiting)):
                await self._next(held, self._fulfill(held, None, self._key(order, "rest", day)))
            elif not event.whole and (ready := held.open - held.waiting):
                await self._next(held, self._fulfill(held, ready, self._key(order, "part", day)))

    async def _next(self, held: Held, call: Coroutine[Any, Any, None]) -> None:
        held.last = await self._begin(call, len(held.open))

    async def _fulfill(self, held: Held, part: Mapping[str, int] | None, key: str) -> None:
        """Ship part of an order, or None = all that is open. What turns out to wait is noted for the next time."""
        answer = await self._ask(
            lambda: reservations.fulfill(self.onhand, self.actor, held.reservation_id, _part(part), key)
        )
        if isinstance(answer, NotCovered):
            skus = await self.onhand.directory.skus({shortage.product for shortage in answer.shortages})
            held.waiting = Counter()
            for shortage in answer.shortages:
                held.waiting[skus[shortage.product]] += shortage.requested - shortage.available
        elif not isinstance(answer, DomainError):
            self.tally.fulfilled += held.update(answer)

    async def _release(self, held: Held, part: Mapping[str, int] | None, key: str) -> None:
        before = held.open.total()
        answer = await self._ask(
            lambda: reservations.release(self.onhand, self.actor, held.reservation_id, _part(part), key)
        )
        if not isinstance(answer, DomainError):
            held.update(answer)
            self.tally.released += before - held.open.total()

    async def _cancel(self, event: e.Cancel) -> None:
        by_order: dict[str, dict[str, tuple[int, int]]] = {}  # order → SKU → line, units
        returns: Counter[str] = Counter()
        for line in event.lines:
            if line.order is None:
                returns[line.sku] += line.units
                self.tally.returned_without_order += line.units
            else:
                skus = by_order.setdefault(line.order, {})
                skus[line.sku] = (line.line, skus.get(line.sku, (0, 0))[1] + line.units)
        for order, cancelled in by_order.items():
            held = self._held[order]
            await held.last
            released: Counter[str] = Counter()
            for sku, (number, units) in cancelled.items():
                released[sku] = min(units, held.open[sku])
                back = min(units - released[sku], held.returnable(sku))
                held.sent_back[sku] += back
                returns[sku] += back
                if units > released[sku] + back:
                    self.refusals.add(NEVER_HELD, number)
            if released := +released:
                await self._next(held, self._release(held, released, self._key(event.invoice, "release", order)))
        if returns := +returns:
            await self._begin(self._take_back(event.invoice, returns), len(returns))

    async def _take_back(self, invoice: str, returns: Mapping[str, int]) -> None:
        lines = [ReceiptLine(sku=sku, warehouse=home_of(sku), quantity=units) for sku, units in returns.items()]
        request = NewReceipt(lines=lines[:LINES_MAX], reference=Reference("return", invoice), reason="return")
        answer = await self._receive(request, self._key(invoice, "return"))
        if isinstance(answer, answers.Operation):
            self.tally.returned += sum(line.quantity for line in answer.lines)

    async def _receive(self, request: NewReceipt, key: str) -> answers.Operation | DomainError:
        return await self._ask(lambda: stock.receive(self.onhand, self.actor, request, key))

    async def _correct(self, event: e.Correct) -> None:
        for line in event.lines:
            task = await self._begin(self._adjust(event.invoice, line), 1)
            self._corrections.append((task, event.invoice, line))

    async def _adjust(self, invoice: str, line: e.CorrectionLine, *, counted: int | None = None) -> None:
        request = NewAdjustment(
            lines=[
                AdjustmentLine(
                    reason=line.reason,
                    sku=line.sku,
                    warehouse=home_of(line.sku),
                    quantity_change=line.units if counted is None else None,
                    counted_quantity=counted,
                )
            ],
            reference=Reference("correction", invoice),
        )
        key = self._key(invoice, str(line.line), "correct" if counted is None else "count")
        answer = await self._ask(lambda: stock.adjust(self.onhand, self.actor, request, key))
        if isinstance(answer, answers.Operation):
            change = answer.lines[0].quantity
            self.tally.found += max(0, change)
            self.tally.written_off += max(0, -change)
        elif isinstance(answer, BelowZero) and answer.on_hand:
            self._to_count.add((invoice, line.line))
        else:
            self.refusals.add(MORE_THAN_THERE if isinstance(answer, BelowZero) else answer.code, line.line)

    async def _count_again(self) -> None:
        """Where more was written off than lay there, somebody counts: nothing is left."""
        corrections, self._corrections = self._corrections, []
        for task, invoice, line in corrections:
            await task
            if (invoice, line.line) in self._to_count:
                self.tally.counted += 1
                await self._begin(self._adjust(invoice, line, counted=0), 1)

    async def _deliver(self, event: e.Deliver) -> None:
        day = event.at.date().isoformat()
        for warehouse in sorted({line.warehouse for line in event.lines}):
            mine = [line for line in event.lines if line.warehouse == warehouse]
            for start in range(0, len(mine), LINES_MAX):
                part = mine[start : start + LINES_MAX]
                name = f"{day}-{warehouse}-{start // LINES_MAX + 1}"
                request = NewReceipt(
                    lines=[ReceiptLine(sku=line.sku, warehouse=warehouse, quantity=line.units) for line in part],
                    reference=Reference("delivery", name),
                )
                await self._begin(self._take_in(request, name), len(part))

    async def _take_in(self, request: NewReceipt, name: str) -> None:
        answer = await self._receive(request, self._key("delivery", name))
        if isinstance(answer, answers.Operation):
            self.tally.received += sum(line.quantity for line in answer.lines)


def _part(part: Mapping[str, int] | None) -> ReservationPart:
    if part is None:
        return ReservationPart()
    return ReservationPart(lines=[ReservationLine(sku=sku, quantity=units) for sku, units in part.items()])
