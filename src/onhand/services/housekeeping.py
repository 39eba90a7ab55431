"""What must not grow for ever, and what happens on a day."""

from datetime import timedelta

from onhand.db import queries as q
from onhand.domain.limits import IDEMPOTENCY_KEPT_S
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
            deleted = await q.DELETE_OLD_IDEMPOTENCY.run(connection, cell=CELL, before=before, row_limit=ROWS_AT_ONCE)
        forgotten += deleted
        if deleted < ROWS_AT_ONCE:
            return forgotten


async def end_preorders(onhand: Onhand) -> int:
    """Products whose release date has come sell from stock only from now on; return how many."""
    async with onhand.pool.connection() as connection:
        due = await q.READ_DUE_PREORDERS.all(connection, today=onhand.now().date())
    for row in due:
        await products.patch(onhand, str(row.product_id), ProductPatch(selling=Selling(mode="deny")))
    return len(due)
