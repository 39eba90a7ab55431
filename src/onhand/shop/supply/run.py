"""Nine months of orders with suppliers behind the shelf, on the story's own clock.

Every morning deliveries come and the daily batch runs, every evening the notes of the day become orders; what is
ordered comes when its supplier really delivers. Each product starts with two weeks of stock and nothing on order.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from itertools import groupby
from typing import Literal

import msgspec

from onhand.db import queries_replenishment as q
from onhand.domain.limits import LINES_MAX
from onhand.services import lead_times, levels, purchase_orders, reordering, stock, suppliers
from onhand.services.context import CELL, Onhand
from onhand.services.requests import LevelSettings, NewReceipt, ReceiptLine, Reference
from onhand.services.supply_answers import PurchaseOrder
from onhand.services.supply_requests import Arrival, ArrivedLine, NewPurchaseOrder, PurchaseOrderLine
from onhand.shop.one_lane import one_lane
from onhand.shop.orders import events as e
from onhand.shop.orders.places import home_of
from onhand.shop.orders.plan import Plan
from onhand.shop.orders.report import Refusals, Tally
from onhand.shop.orders.run import Run
from onhand.shop.replay import furnish
from onhand.shop.story.run import Clock
from onhand.shop.supply.planning import Demand, Launch, Setting, launches
from onhand.shop.supply.vendors import VENDORS, Delivery, Vendor, deliveries, supplier_of, terms_of, vendor_of

Policy = Literal["none", "weekly", "reorder"]
MORNING, EVENING = time_of_day(6, tzinfo=UTC), time_of_day(20, tzinfo=UTC)
WARM_UP_DAYS = 60  # then the first orders of even the slowest supplier have come
REVIEW_WEEKS = 2  # between looks at the thresholds
CHANGED_SHARE = 0.1  # a threshold that would move by less is left
SETTINGS_AT_ONCE = 8
ACTOR = "bench:replenishment"
SEED = 7
Progress = Callable[[int, int], None]  # days lived, of how many


class VendorReport(msgspec.Struct):
    """agreed_days: calendar days. late, early: deliveries after and before the date that was expected when they were
    ordered. mean_days and spread_days: of all receipts, as they were.
    """

    name: str
    agreed_days: float = 0.0
    orders: int = 0
    lines: int = 0
    units: int = 0
    deliveries: int = 0
    late: int = 0
    early: int = 0
    took_days: list[int] = []


class PolicyReport(msgspec.Struct):
    """fill_rate: units asked for that lay on the shelf at that moment; later_fill_rate: the same after WARM_UP_DAYS;
    line_fill_rate: order lines that did so whole; served: units shipped of those asked for.

    stock_outs: share of levels and days, from a product's first sale on, on which nothing was on hand; on_hand: units
    on an average day.
    """

    policy: Policy
    asked: int = 0
    fill_rate: float = 0.0
    later_fill_rate: float = 0.0
    line_fill_rate: float = 0.0
    served: float = 0.0
    stock_outs: float = 0.0
    on_hand: int = 0
    purchase_orders: int = 0
    suppliers: dict[str, VendorReport] = {}
    done: Tally = msgspec.field(default_factory=Tally)
    seconds: float = 0.0


async def simulate(onhand: Onhand, planned: Plan, policy: Policy, progress: Progress | None = None) -> PolicyReport:
    """Live through the plan's orders in an empty store. Raises DomainError, psycopg.Error."""
    began = time.perf_counter()
    await furnish(onhand, planned)
    start = datetime.combine(planned.events[0].at.date(), MORNING)
    clock = Clock(start)
    async with one_lane(onhand, clock) as (mine, lane):
        run = Run(mine, lane, name=f"replenishment {policy}", actor=ACTOR, refusals=Refusals())
        report = PolicyReport(policy)
        shop = _Shop(mine, clock, run, planned, report)
        await shop.live(progress)
        run.conclude()
    report.done = run.tally
    report.fill_rate = round(shop.filled / max(1, report.asked), 4)
    report.later_fill_rate = round((shop.filled - shop.early[0]) / max(1, report.asked - shop.early[1]), 4)
    report.line_fill_rate = round(1 - run.tally.lines_short / max(1, planned.lines_ordered), 4)
    report.served = round(run.tally.fulfilled / max(1, report.asked), 4)
    report.seconds = round(time.perf_counter() - began, 1)
    return report


class _Shop:
    def __init__(self, onhand: Onhand, clock: Clock, run: Run, planned: Plan, report: PolicyReport) -> None:
        self.onhand, self.clock, self.run, self.report = onhand, clock, run, report
        self.events = planned.events
        self.launches = launches(planned.events)
        self.demand = Demand(self.launches)
        self.set: dict[str, Setting] = {}
        self.due: dict[date, list[tuple[PurchaseOrder, Vendor, Delivery]]] = {}
        self.known: set[str] = set()
        self.numbers: Counter[str] = Counter()
        self.delivered: set[str] = set()
        self.on_hand = self.empty = self.levels = 0
        self.early = 0, 0  # filled and asked for when the warm-up ends

    @property
    def filled(self) -> int:
        """Units that lay on the shelf when they were asked for, so far."""
        return self.run.tally.reserved - self.run.tally.backordered

    async def live(self, progress: Progress | None) -> None:
        for vendor in VENDORS:
            mine = [terms_of(sku) for sku in self.launches if vendor_of(sku) is vendor]
            request = supplier_of(vendor)
            for start in range(0, max(1, len(mine)), LINES_MAX):
                await suppliers.sell(self.onhand, msgspec.structs.replace(request, products=mine[start:][:LINES_MAX]))
            self.report.suppliers[vendor.code] = VendorReport(vendor.name)
        days = list(self._days())
        for number, (day, events) in enumerate(days):
            self.clock.time = datetime.combine(day, MORNING)
            await self._morning(day, number)
            for event in events:
                self.clock.time = max(self.clock.time, event.at)
                await self._happen(event)
            await self.run.settle()
            self.clock.time = datetime.combine(day, EVENING)
            await self._evening(day)
            if number + 1 == WARM_UP_DAYS:
                self.early = self.filled, self.report.asked
            if progress is not None:
                progress(number + 1, len(days))
        lived = max(1, len(days))
        self.report.on_hand = self.on_hand // lived
        self.report.stock_outs = round(self.empty / max(1, self.levels), 4)

    def _days(self) -> Iterator[tuple[date, list[e.Event]]]:
        """Every day from the first to the last, also those on which nothing happens."""
        by_day = {day: list(events) for day, events in groupby(self.events, key=lambda event: event.at.date())}
        day, last = min(by_day), max(by_day)
        while day <= last:
            yield day, by_day.get(day, [])
            day += timedelta(days=1)

    async def _happen(self, event: e.Event) -> None:
        match event:
            case e.Deliver():
                return  # What the replay's own buyer would have had; here suppliers deliver.
            case e.ShipWaiting(whole=True):
                event, self.delivered = e.ShipWaiting(event.at, whole=True, delivered=frozenset(self.delivered)), set()
            case e.Place():
                self.report.asked += sum(line.units for line in event.lines)
                for line in event.lines:
                    self.demand.asked(line.sku, line.units)
        await self.run.happen(event)

    async def _morning(self, day: date, number: int) -> None:
        monday = day.weekday() == 0
        if monday:
            self.demand.next_week()
        await self._open({sku: launch for sku, launch in self.launches.items() if launch.on == day})
        for order, vendor, delivery in self.due.pop(day, []):
            await self._receive(order, vendor, delivery)
        if self.report.policy == "reorder":
            if number == 0 or (monday and day.isocalendar().week % REVIEW_WEEKS == 0):
                await self._review(day)
            await reordering.run(self.onhand)
        elif self.report.policy == "weekly" and monday:
            await self._order_a_week(day)
        await self._see_orders(day)

    async def _evening(self, day: date) -> None:
        if self.report.policy == "reorder":
            await reordering.sweep(self.onhand)
            await self._see_orders(day)
        async with self.onhand.pool.connection() as connection:
            row = await q.SUM_SHELVES.first(connection, cell=CELL)
        started = sum(launch.on <= day for launch in self.launches.values())
        if row is not None:
            self.on_hand += row.on_hand
            self.empty += started - row.filled
            self.levels += started

    async def _open(self, opened: dict[str, Launch]) -> None:
        """The first stock of products whose first sale is today, and their thresholds by the forecast."""
        lines = [
            ReceiptLine(sku=sku, warehouse=home_of(sku), quantity=launch.opening_units)
            for sku, launch in opened.items()
        ]
        for start in range(0, len(lines), LINES_MAX):
            reference = Reference("delivery", f"opening-{self.clock.time:%Y-%m-%d}-{start}")
            await stock.receive(self.onhand, ACTOR, NewReceipt(lines[start : start + LINES_MAX], reference=reference))
        if self.report.policy == "reorder" and opened:
            await self._review(self.clock.time.date(), set(opened))

    async def _review(self, day: date, only: set[str] | None = None) -> None:
        ids = await self.onhand.directory.product_ids(only or set(self.launches))
        async with self.onhand.pool.connection() as connection:
            times = await lead_times.of_products(connection, list(ids.values()))
        of_product = {product: time for (_, product), time in times.items()}
        measured = {sku: of_product[product] for sku, product in ids.items()}
        changed = iter(
            [
                (sku, new)
                for sku, new in self.demand.settings(day, measured).items()
                if (only is None or sku in only) and self._moved(self.set.get(sku), new)
            ]
        )

        async def put() -> None:
            for sku, new in changed:
                self.set[sku] = new
                settings = LevelSettings(reorder_threshold=new.threshold, reorder_quantity=new.quantity)
                await levels.put(self.onhand, sku, home_of(sku), settings)

        await asyncio.gather(*(put() for _ in range(SETTINGS_AT_ONCE)))

    @staticmethod
    def _moved(old: Setting | None, new: Setting) -> bool:
        return old is None or abs(new.threshold - old.threshold) > CHANGED_SHARE * old.threshold

    async def _order_a_week(self, day: date) -> None:
        """The baseline: every Monday a week of what was forecast, whatever lies there."""
        for vendor in VENDORS:
            lines = [
                PurchaseOrderLine(
                    quantity=-(-units // vendor.pack_units) * vendor.pack_units, sku=sku, warehouse=home_of(sku)
                )
                for sku, launch in self.launches.items()
                if vendor_of(sku) is vendor and launch.on <= day and (units := round(7 * launch.per_day))
            ]
            for start in range(0, len(lines), LINES_MAX):
                request = NewPurchaseOrder(supplier=vendor.code, lines=lines[start : start + LINES_MAX])
                written, _ = await purchase_orders.create(self.onhand, ACTOR, request)
                await purchase_orders.place(self.onhand, ACTOR, written.purchase_order_id)

    async def _see_orders(self, day: date) -> None:
        """What was ordered since we last looked gets the day on which it will really come."""
        cursor: str | None = None
        while True:
            page = await purchase_orders.find(self.onhand, status="placed", limit=100, cursor=cursor)
            new = [order for order in page.items if order.purchase_order_id not in self.known]
            for order in sorted(new, key=lambda order: order.purchase_order_id):
                self.known.add(order.purchase_order_id)
                self._expect(order, day)
            cursor = page.next_cursor
            if cursor is None or len(new) < len(page.items):
                return

    def _expect(self, order: PurchaseOrder, day: date) -> None:
        vendor = next(vendor for vendor in VENDORS if vendor.code == order.supplier)
        report = self.report.suppliers[vendor.code]
        self.report.purchase_orders += 1
        report.orders += 1
        report.lines += len(order.lines)
        report.units += sum(line.quantity for line in order.lines)
        for delivery in deliveries(vendor, day, self.numbers[vendor.code], SEED):
            self.due.setdefault(delivery.on, []).append((order, vendor, delivery))
        self.numbers[vendor.code] += 1

    async def _receive(self, order: PurchaseOrder, vendor: Vendor, delivery: Delivery) -> None:
        arrival = Arrival()
        if not delivery.last:
            parts = [(line, int(line.quantity * delivery.share)) for line in order.lines]
            arrival = Arrival([ArrivedLine(n, sku=x.sku, warehouse=x.warehouse) for x, n in parts if n])
        await purchase_orders.receive(self.onhand, ACTOR, order.purchase_order_id, arrival)
        self.delivered |= {line.sku for line in order.lines}
        report = self.report.suppliers[vendor.code]
        report.deliveries += 1
        if order.expected_arrival_date is not None and order.placed_at is not None:
            report.late += delivery.on > order.expected_arrival_date
            report.early += delivery.on < order.expected_arrival_date
            report.took_days.append((delivery.on - order.placed_at.date()).days)
