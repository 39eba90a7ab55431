"""What must not grow for ever, and what happens on a day."""

from datetime import timedelta

from onhand.db import queries_catalog, queries_idempotency
from onhand.db import queries_event as events
from onhand.db.query import Statement
from onhand.domain.ids import Id, first_of
from onhand.domain.limits import EVENT_KEPT_S, IDEMPOTENCY_KEPT_S
from onhand.services import products
from onhand.services.context import CELL, Onhand
from onhand.services.requests import ProductPatch, Selling

ROWS_AT_ONCE = 5_000


async def forget_old_keys(onhand: Onhand) -> int:
    """Delete outcomes kept for Idempotency-Keys longer than IDEMPOTENCY_KEPT_S; return how many. Bounded batches."""
    before = onhand.now() - timedelta(seconds=IDEMPOTENCY_KEPT_S)
    forgotten = 0
    while True:
        async with onhand.pool.connection() as connection:
            deleted = await queries_idempotency.DELETE_OLD_IDEMPOTENCY.run(
                connection, cell=CELL, before=before, row_limit=ROWS_AT_ONCE
            )
        forgotten += deleted
        if deleted < ROWS_AT_ONCE:
            return forgotten


async def forget_old_events(onhand: Onhand) -> int:
    """Delete events older than EVENT_KEPT_S, and what became of their deliveries; return how many events."""
    first_kept = first_of(onhand.now() - timedelta(seconds=EVENT_KEPT_S))
    await _in_batches(onhand, events.DELETE_OLD_DELIVERIES, first_kept)
    return await _in_batches(onhand, events.DELETE_OLD_EVENTS, first_kept)


async def _in_batches(onhand: Onhand, statement: Statement, first_kept: Id) -> int:
    forgotten = 0
    while True:
        async with onhand.pool.connection() as connection:
            deleted = await statement.run(connection, cell=CELL, first_kept=first_kept, row_limit=ROWS_AT_ONCE)
        forgotten += deleted
        if deleted < ROWS_AT_ONCE:
            return forgotten


async def end_preorders(onhand: Onhand) -> int:
    """Products whose release date has come sell from stock only from now on; return how many."""
    async with onhand.pool.connection() as connection:
        due = await queries_catalog.READ_DUE_PREORDERS.all(connection, today=onhand.now().date())
    for row in due:
        await products.patch(onhand, str(row.product_id), ProductPatch(selling=Selling(mode="deny")))
    return len(due)
