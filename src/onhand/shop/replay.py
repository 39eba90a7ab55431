"""`onhand import orders FILE`: a file of orders, lived through as a shop would have."""

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from onhand.domain.errors import AlreadyExists
from onhand.services import levels, products, warehouses
from onhand.services.context import Onhand
from onhand.services.requests import LevelSettings
from onhand.shop.one_lane import one_lane
from onhand.shop.orders import events as e
from onhand.shop.orders.places import WAREHOUSES, home_of
from onhand.shop.orders.plan import BACKORDER_LIMIT_UNITS, Plan, plan
from onhand.shop.orders.report import Refusals, ReplayReport
from onhand.shop.orders.rows import read
from onhand.shop.orders.run import Run

PRODUCTS_AT_ONCE = 1_000
SETTINGS_AT_ONCE = 8

Progress = Callable[[int, int], None]  # invoices done, of how many


async def replay_file(
    onhand: Onhand,
    path: Path,
    *,
    actor: str = "cli:import",
    dry_run: bool = False,
    progress: Progress | None = None,
    limit: int | None = None,
) -> ReplayReport:
    """Replay the first `limit` invoices of a file, or all. Run again, it goes on where it was interrupted.

    Nothing happens twice while idempotency keys are kept (IDEMPOTENCY_KEPT_S). Raises UnreadableFile; DomainError
    when the database stays away.
    """
    refusals = Refusals()
    planned = await asyncio.to_thread(lambda: plan(read(path, refusals), refusals, limit=limit))
    report = ReplayReport(path.name, dry_run)
    if not dry_run:
        await _execute(onhand, planned, report, actor, progress)
    _conclude(report, planned)
    return report


async def _execute(onhand: Onhand, planned: Plan, report: ReplayReport, actor: str, progress: Progress | None) -> None:
    await furnish(onhand, planned)
    began = time.perf_counter()
    async with one_lane(onhand) as (mine, lane):
        run = Run(mine, lane, name=report.file, actor=actor, refusals=planned.refusals)
        await run.live(planned.events, _teller(progress, planned.invoices))
    report.seconds = round(time.perf_counter() - began, 3)
    report.orders_per_s = round(planned.orders / report.seconds, 1)
    report.order_lines_per_s = round(planned.lines_ordered / report.seconds, 1)
    report.done, report.shortages = run.tally, run.shortages


def _teller(progress: Progress | None, total: int) -> Callable[[e.Event], None]:
    seen: set[str] = set()

    def told(event: e.Event) -> None:
        if progress is None or isinstance(event, e.Ship | e.ShipWaiting | e.Deliver):
            return
        seen.add(event.order if isinstance(event, e.Place) else event.invoice)
        progress(len(seen), total)

    return told


async def furnish(onhand: Onhand, planned: Plan) -> None:
    """Warehouses and products, where they do not exist yet; backorders wait where the deliveries go."""
    for warehouse in WAREHOUSES:
        try:
            await warehouses.create(onhand, warehouse)
        except AlreadyExists:
            continue
    skus = [product.sku for product in planned.products]
    for start in range(0, len(skus), PRODUCTS_AT_ONCE):
        await products.create_many(onhand, planned.products[start : start + PRODUCTS_AT_ONCE])
    await onhand.directory.product_ids(set(skus))
    waiting = iter([p.sku for p in planned.products if p.selling is not None and p.selling.mode == "backorder"])
    await asyncio.gather(*(_allow_backorders(onhand, waiting) for _ in range(SETTINGS_AT_ONCE)))


async def _allow_backorders(onhand: Onhand, skus: Iterable[str]) -> None:
    for sku in skus:
        await levels.put(onhand, sku, home_of(sku), LevelSettings(backorder_limit=BACKORDER_LIMIT_UNITS))


def _conclude(report: ReplayReport, planned: Plan) -> None:
    for name in (
        "lines",
        "lines_ordered",
        "lines_cancelled",
        "lines_corrected",
        "lines_refused",
        "lines_beyond_limit",
        "invoices",
        "orders",
        "units_ordered",
        "codes_in_two_cases",
        "countries_without_code",
        "corrections",
    ):
        setattr(report, name, getattr(planned, name))
    report.products = len(planned.products)
    report.refusals = planned.refusals.by_reason
