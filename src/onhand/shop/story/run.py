"""Telling the demo's story to the engine, on the story's own clock."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime
from typing import Any

import msgspec

from onhand.domain.commands import Expire, Header
from onhand.domain.errors import DomainError, NotCovered
from onhand.engine.engine import new_id
from onhand.services import expiry, purchase_orders, reservations, stock, transfers
from onhand.services.answers import Reservation, Transfer
from onhand.services.context import Onhand
from onhand.services.names import parse_id
from onhand.services.requests import (
    AdjustmentLine,
    NewAdjustment,
    NewReceipt,
    NewReservation,
    NewTransfer,
    ReceiptLine,
    Reference,
    ReservationLine,
    ReservationPart,
    ShipTo,
    TransferLine,
    TransferPart,
)
from onhand.services.supply_answers import PurchaseOrder
from onhand.services.supply_requests import Arrival, ArrivedLine, NewPurchaseOrder, PurchaseOrderLine
from onhand.shop.one_lane import OneLane
from onhand.shop.story import events as e

ACTOR = "demo:shop"
NAMED = e.Arrival | e.Purchase | e.Delivery | e.Loss | e.Move | e.MoveArrival
EVENTS_AT_ONCE = 16  # one moment of the story: they share a time and a transaction


class Clock:
    """The story's time. Only goes forward."""

    def __init__(self, start: datetime) -> None:
        self.time = start

    def __call__(self) -> datetime:
        return self.time


class DemoReport(msgspec.Struct):
    """filled: False when the store was not ours to fill. Numbers of things, not units, but for backordered."""

    filled: bool = False
    resumed: bool = False
    products: int = 0
    warehouses: int = 0
    orders: int = 0
    lines: int = 0
    shipments: int = 0
    backordered: int = 0
    done: Counter[str] = msgspec.field(default_factory=Counter)
    seconds: float = 0.0


def key_of(seed: int, name: str) -> str:
    return f"demo:{seed}:{name}"


class Telling:
    """One telling of a story. onhand must run on the clock and through the lane given."""

    def __init__(self, onhand: Onhand, lane: OneLane, clock: Clock, seed: int, report: DemoReport) -> None:
        self.onhand, self.lane, self.clock, self.seed, self.report = onhand, lane, clock, seed, report
        self._orders: dict[str, Reservation] = {}
        self._moves: dict[str, Transfer] = {}
        self._purchases: dict[str, PurchaseOrder] = {}

    async def tell(self, story: list[e.Event], progress: Callable[[int, int], None] | None) -> None:
        """Every event at its time; what fails for want of stock is counted. Raises DomainError."""
        for told, moment in self._moments(story):
            self.clock.time = max(self.clock.time, moment[-1].at)
            tasks: list[asyncio.Task[None]] = []
            try:
                for event in moment:
                    tasks.append(await self.lane.begin(self._happen(event)))  # noqa: PERF401  kept if one of them fails
                await asyncio.gather(*tasks)
            except BaseException:
                for task in tasks:  # Also those that are not gathered yet: nobody would hear what becomes of them.
                    task.cancel()
                raise
            if progress is not None:
                progress(told, len(story))

    def _moments(self, story: list[e.Event]) -> Iterator[tuple[int, list[e.Event]]]:
        """Events that may happen at once: no two of one order or transfer. With how far the story has come."""
        moment: list[e.Event] = []
        subjects: set[str] = set()
        for told, event in enumerate(story):
            subject = event.name if isinstance(event, NAMED) else event.number
            if subject in subjects or len(moment) == EVENTS_AT_ONCE:
                yield told, moment
                moment, subjects = [], set()
            if not self._is_settled(event):
                moment.append(event)
                subjects.add(subject)
        if moment:
            yield len(story), moment

    def _is_settled(self, event: e.Event) -> bool:
        """Whether an order was refused, or has nothing open any more."""
        if not isinstance(event, e.Shipment | e.Cancellation | e.Lapse):
            return False
        order = self._orders.get(event.number)
        return order is None or not any(line.open for line in order.lines)

    async def _happen(self, event: e.Event) -> None:
        call = self._call(event)
        try:
            await call
        except DomainError as error:
            if error.code in {"OVERLOADED", "DATABASE_UNAVAILABLE", "OUTCOME_UNKNOWN", "IDEMPOTENCY_KEY_REUSED"}:
                raise
            self.report.done[f"{type(event).__name__.lower()} refused: {error.code}"] += 1
        else:
            self.report.done[type(event).__name__.lower()] += 1

    def _call(self, event: e.Event) -> Coroutine[Any, Any, None]:  # noqa: C901, PLR0911  one line per event is the clearest table
        match event:
            case e.Arrival():
                return self._arrive(event)
            case e.Purchase():
                return self._purchase(event)
            case e.Delivery():
                return self._deliver(event)
            case e.Order():
                return self._order(event)
            case e.Shipment():
                return self._ship(event)
            case e.Cancellation():
                return self._cancel(event)
            case e.Loss():
                return self._lose(event)
            case e.Move():
                return self._move(event)
            case e.MoveArrival():
                return self._move_arrives(event)
            case e.Lapse():
                return self._lapse(event)

    def _key(self, *parts: str) -> str:
        return key_of(self.seed, ":".join(parts))

    async def _arrive(self, event: e.Arrival) -> None:
        request = NewReceipt(
            lines=[ReceiptLine(sku=sku, warehouse=event.warehouse, quantity=units) for sku, units in event.lines],
            reference=Reference("return" if event.reason else "delivery", event.name),
            reason=event.reason,
        )
        await stock.receive(self.onhand, ACTOR, request, self._key(event.name))

    async def _purchase(self, event: e.Purchase) -> None:
        lines = [PurchaseOrderLine(units, sku=sku, warehouse=warehouse) for sku, warehouse, units in event.lines]
        request = NewPurchaseOrder(event.supplier, lines, event.expected)
        order, _ = await purchase_orders.create(self.onhand, ACTOR, request, self._key(event.name))
        self._purchases[event.name] = order
        await purchase_orders.place(self.onhand, ACTOR, order.purchase_order_id, self._key(event.name, "place"))

    async def _deliver(self, event: e.Delivery) -> None:
        order = self._purchases[event.name]
        if event.share:
            parts = [(line, math.ceil(line.quantity * event.share)) for line in order.lines]
            some = [ArrivedLine(units, sku=line.sku, warehouse=line.warehouse) for line, units in parts]
            arrival = Arrival() if event.share == 1.0 else Arrival(some)
            key = self._key(event.name, "arrives", str(event.share))
            await purchase_orders.receive(self.onhand, ACTOR, order.purchase_order_id, arrival, key)
        if event.final:
            await purchase_orders.cancel(self.onhand, ACTOR, order.purchase_order_id, self._key(event.name, "cancel"))

    async def _order(self, event: e.Order) -> None:
        request = NewReservation(
            lines=[ReservationLine(sku=sku, quantity=units) for sku, units in event.lines],
            order_id=event.number,
            ship_to=ShipTo(country=event.country),
            expires_in_s=event.hold_s,
        )
        self.report.orders += 1
        self.report.lines += len(event.lines)
        answer, _ = await reservations.reserve(self.onhand, ACTOR, request, self._key(event.number))
        self._orders[event.number] = answer
        self.report.backordered += sum(_waiting(answer).values())

    async def _ship(self, event: e.Shipment) -> None:
        """All that is open and was covered when last heard of; the rest at a later step."""
        order = self._orders[event.number]
        waiting = _waiting(order) if event.step == 1 else Counter[str]()
        ready = Counter({line.sku: line.open for line in order.lines}) - waiting
        if event.partial and len(ready) > 1:
            ready = Counter(dict([next(iter(ready.items()))]))
        if not ready:
            return
        part = ReservationPart(lines=[ReservationLine(sku=sku, quantity=units) for sku, units in ready.items()])
        key = self._key(event.number, "ship", str(event.step))
        try:
            answer, _ = await reservations.fulfill(self.onhand, ACTOR, order.reservation_id, part, key)
        except NotCovered:
            return  # It goes on waiting; the last step leaves it open.
        self._orders[event.number] = answer
        self.report.shipments += 1

    async def _cancel(self, event: e.Cancellation) -> None:
        order = self._orders[event.number]
        key = self._key(event.number, "cancel")
        await reservations.release(self.onhand, ACTOR, order.reservation_id, ReservationPart(), key)

    async def _lose(self, event: e.Loss) -> None:
        line = AdjustmentLine(
            reason=event.reason, sku=event.sku, warehouse=event.warehouse, quantity_change=-event.units
        )
        await stock.adjust(self.onhand, ACTOR, NewAdjustment(lines=[line]), self._key(event.name))

    async def _move(self, event: e.Move) -> None:
        request = NewTransfer(
            lines=[TransferLine(sku=sku, quantity=units) for sku, units in event.lines],
            from_=event.source,
            to=event.destination,
            mode="in_transit",
        )
        self._moves[event.name], _ = await transfers.dispatch(self.onhand, ACTOR, request, self._key(event.name))

    async def _move_arrives(self, event: e.MoveArrival) -> None:
        move = self._moves.get(event.name)
        if move is not None:
            key = self._key(event.name, "arrives")
            await transfers.receive(self.onhand, ACTOR, move.transfer_id, TransferPart(), key)

    async def _lapse(self, event: e.Lapse) -> None:
        """As the sweep does it every second."""
        order = parse_id(self._orders[event.number].reservation_id, "reservation_id")
        header = Header(new_id(), expiry.ACTOR, "expired", "reservation", str(order))
        await self.lane.submit(Expire(header, order))


def _waiting(order: Reservation) -> Counter[str]:
    waiting: Counter[str] = Counter()
    for line in order.lines:
        waiting[line.sku] += sum(allocation.backordered for allocation in line.allocations)
    return +waiting
