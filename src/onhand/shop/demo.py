"""The demo: an empty store becomes a shop with a past, and stays alive while somebody looks."""

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import psycopg
import structlog

from onhand.db import queries_idempotency as q
from onhand.domain.errors import AlreadyExists, DomainError
from onhand.domain.outcomes import OperationDone
from onhand.engine import outcome
from onhand.services import ledger, levels, products, reservations, suppliers, warehouses
from onhand.services.context import CELL, Onhand
from onhand.services.requests import LedgerFilter, LevelSettings
from onhand.services.submitting import idempotency
from onhand.services.supply_requests import NewSupplier, SuppliedProduct
from onhand.shop.one_lane import one_lane
from onhand.shop.story.catalogue import MEASURED_AFTER_RECEIPTS, SOURCES, WAREHOUSES, Source
from onhand.shop.story.events import Arrival
from onhand.shop.story.live import Customers
from onhand.shop.story.plan import CARTON_UNITS, DAYS, Setting, Story, tell
from onhand.shop.story.run import ACTOR, Clock, DemoReport, Telling, key_of

SETTINGS_AT_ONCE = 8
PAUSE_MIN_S, PAUSE_MAX_S = 0.5, 10.0
BEGIN, END = "begin", "end"

log = structlog.get_logger()


async def is_empty(onhand: Onhand) -> bool:
    """Whether the store has no products."""
    return not (await products.find(onhand, limit=1)).items


async def fill(onhand: Onhand, *, seed: int = 7, progress: Callable[[int, int], None] | None = None) -> DemoReport:
    """Fill an empty store, or finish what an interrupted fill began; any other store is left alone.

    progress: events told, of how many. Raises DomainError, psycopg.Error; run it again then.
    """
    began = time.perf_counter()
    report = DemoReport()
    start = await _unfinished_since(onhand, seed)
    if start is None and not await is_empty(onhand) and not await _only_furnished(onhand, seed):
        return report
    report.resumed = start is not None
    end = onhand.now() if start is None else start + timedelta(days=DAYS)
    story = await asyncio.to_thread(tell, seed, end)
    clock = Clock(end - timedelta(days=DAYS))
    await _furnish(dataclasses.replace(onhand, now=clock), story)
    async with one_lane(onhand, clock) as (mine, lane):
        telling = Telling(mine, lane, clock, seed, report)
        await telling.tell([_mark(story, BEGIN, clock.time)], None)  # Alone: its time is when the story begins.
        await telling.tell([*story.events, _mark(story, END, end)], progress)
    report.filled = True
    report.products, report.warehouses = len(story.range), len(WAREHOUSES)
    report.seconds = round(time.perf_counter() - began, 3)
    return report


def _mark(story: Story, name: str, at: datetime) -> Arrival:
    """The first and the last event: small deliveries whose keys say how far a fill has come."""
    return Arrival(at, name, WAREHOUSES[0].code, ((story.range[0].sku, 6),))


async def _unfinished_since(onhand: Onhand, seed: int) -> datetime | None:
    """When the story of an interrupted fill begins, as its first event was told; None if there is none."""
    marks = {name: idempotency(ACTOR, key_of(seed, name), "receive", None) for name in (BEGIN, END)}
    digests = {name: key.digest for name, key in marks.items() if key is not None}
    async with onhand.pool.connection() as connection:
        kept = await q.READ_IDEMPOTENCY.all(connection, cell=CELL, digests=list(digests.values()))
    told = {row.digest: outcome.decode(row.outcome) for row in kept}
    first = told.get(digests[BEGIN])
    if digests[END] in told or not isinstance(first, OperationDone):
        return None
    last = tell(seed, first.created_at + timedelta(days=DAYS)).last_order
    finished = (await reservations.find(onhand, order_id=last, limit=1)).items
    return None if finished else first.created_at


async def _only_furnished(onhand: Onhand, seed: int) -> bool:
    """Whether a fill was interrupted before its first event: our products, and a ledger without a row."""
    ours = {article.sku for article in tell(seed, onhand.now()).range}
    there = await products.find(onhand, limit=len(ours) + 1)
    return {product.sku for product in there.items} <= ours and not (await ledger.find(onhand, LedgerFilter(), 1)).items


async def _furnish(onhand: Onhand, story: Story) -> None:
    for warehouse in WAREHOUSES:
        try:
            await warehouses.create(onhand, warehouse)
        except AlreadyExists:
            continue
    await products.create_many(onhand, [article.product for article in story.range])
    await onhand.directory.product_ids({article.sku for article in story.range})
    for source in SOURCES:
        await suppliers.sell(onhand, _supplier(source, story))
    settings = iter(story.settings)
    await asyncio.gather(*(_set(onhand, settings) for _ in range(SETTINGS_AT_ONCE)))


def _supplier(source: Source, story: Story) -> NewSupplier:
    terms = [
        SuppliedProduct(source.lead_time_days, sku=article.sku, pack_size=CARTON_UNITS)
        for article in story.range
        if article.source is source
    ]
    return NewSupplier(
        source.code,
        source.name,
        terms,
        reorders=source.reorders,
        over_delivery_percent=5,
        measured_after_receipts=MEASURED_AFTER_RECEIPTS,
    )


async def _set(onhand: Onhand, settings: Iterable[Setting]) -> None:
    for each in settings:
        settings_ = LevelSettings(reorder_threshold=each.threshold, reorder_quantity=each.quantity)
        await levels.put(onhand, each.sku, each.warehouse, settings_)


async def live(onhand: Onhand, *, orders_per_s: float = 2.0, stop: asyncio.Event, seed: int = 7) -> int:
    """Keep orders coming until stop is set; return how many. A database that is away is waited for, never flooded."""
    customers = Customers(onhand, seed)
    pause_s = PAUSE_MIN_S
    while not stop.is_set():
        try:
            await customers.next()
        except (DomainError, psycopg.Error) as error:
            log.warning("demo_waits", error=repr(error), seconds=pause_s)
            await _wait(stop, pause_s)
            pause_s = min(2 * pause_s, PAUSE_MAX_S)
        else:
            pause_s = PAUSE_MIN_S
            await _wait(stop, customers.random.expovariate(orders_per_s))
    return customers.orders


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
