"""Reading the ledger."""

from datetime import UTC, datetime
from typing import Any

from onhand.db import queries_ledger as q
from onhand.domain.ids import Id
from onhand.domain.limits import PAGE_DEFAULT_ROWS
from onhand.services import answers
from onhand.services.context import CELL, Onhand
from onhand.services.names import either, parse_id, product_named, warehouse_named
from onhand.services.requests import LedgerFilter


async def find(
    onhand: Onhand, wanted: LedgerFilter, limit: int = PAGE_DEFAULT_ROWS, cursor: str | None = None
) -> answers.Page:
    """Newest first. Raises Unknown, Invalid."""
    product = either(wanted.sku, wanted.product_id, "sku")
    place = either(wanted.warehouse, wanted.warehouse_id, "warehouse")
    filters: dict[str, Any] = {
        "warehouse_id": (await warehouse_named(onhand, place)).warehouse_id if place else None,
        "type": wanted.type,
        "reference_id": wanted.reference_id,
        "operation_id": _id_or_none(wanted.reference_id),
        "from_time": _utc(wanted.from_),
        "to_time": _utc(wanted.to),
        "before": parse_id(cursor, "cursor") if cursor else None,
        "row_limit": limit + 1,
    }
    async with onhand.pool.connection() as connection:
        if product:
            product_id = await product_named(onhand, product)
            rows = await q.LIST_LEDGER_OF_PRODUCT.all(connection, cell=CELL, product_id=product_id, **filters)
        else:
            rows = await q.LIST_LEDGER.all(connection, cell=CELL, **filters)
    items = [entry(row) for row in rows[:limit]]
    return answers.Page(items, items[-1].txn_id if len(rows) > limit else None)


def _id_or_none(text: str | None) -> Id | None:
    """A reservation or transfer is referred to by its id, which is also the operation that made it."""
    try:
        return Id.parse(text) if text else None
    except ValueError:
        return None


def _utc(time: datetime | None) -> datetime | None:
    """A time without an offset is UTC."""
    return time if time is None or time.tzinfo else time.replace(tzinfo=UTC)


def entry(row: q.LedgerRow) -> answers.LedgerEntry:
    return answers.LedgerEntry(str(row.txn_id), str(row.operation_id), *row[2:])
