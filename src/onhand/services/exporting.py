"""The whole store as rows, streamed: a server-side cursor keeps memory bounded, one snapshot the rows true."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import AsyncServerCursor
from psycopg.rows import tuple_row

from onhand.db import queries_count as count
from onhand.db import queries_return as back
from onhand.db import queries_supply as supply
from onhand.db import queries_transfer as moves
from onhand.db import queries_transport as q
from onhand.db.query import Query
from onhand.services.context import CELL, Onhand
from onhand.services.names import product_named, warehouse_named

ROWS_AT_ONCE = 5_000


class Filter(NamedTuple):
    """What is wanted; None = all. from is inclusive, to exclusive."""

    sku: str | None = None
    warehouse: str | None = None
    from_time: datetime | None = None
    to_time: datetime | None = None
    type: str | None = None


class Export(NamedTuple):
    """A kind of export. Its query knows which filters it has."""

    query: Query[Any]

    @property
    def columns(self) -> tuple[str, ...]:
        """The header."""
        fields: tuple[str, ...] = self.query.row._fields
        return fields


EXPORTS = {
    "products": Export(q.EXPORT_PRODUCTS),
    "stock": Export(q.EXPORT_STOCK),
    "warehouses": Export(q.EXPORT_WAREHOUSES),
    "levels": Export(q.EXPORT_LEVELS),
    "ledger": Export(q.EXPORT_LEDGER),
    "reservations": Export(q.EXPORT_RESERVATIONS),
    "suppliers": Export(supply.EXPORT_SUPPLIERS),
    "purchase_orders": Export(supply.EXPORT_PURCHASE_ORDERS),
    "transfers": Export(moves.EXPORT_TRANSFERS),
    "counts": Export(count.EXPORT_COUNTS),
    "returns": Export(back.EXPORT_RETURNS),
}


async def batches(onhand: Onhand, export: Export, parameters: dict[str, Any]) -> AsyncIterator[list[tuple[Any, ...]]]:
    """The rows, some thousands at a time, in the order of the export's columns. Raises psycopg.Error."""
    async with (
        onhand.pool.connection() as connection,
        connection.transaction(),
        AsyncServerCursor(connection, "export", row_factory=tuple_row) as cursor,
    ):
        await cursor.execute(export.query.sql, parameters, binary=True)
        while rows := await cursor.fetchmany(ROWS_AT_ONCE):
            yield rows


async def resolve(onhand: Onhand, wanted: Filter) -> dict[str, Any]:
    """The parameters of `batches`. Raises Unknown."""
    product = await product_named(onhand, wanted.sku) if wanted.sku is not None else None
    place = await warehouse_named(onhand, wanted.warehouse) if wanted.warehouse is not None else None
    return {
        "cell": CELL,
        "product_id": product,
        "warehouse_id": place.warehouse_id if place else None,
        "from_time": wanted.from_time,
        "to_time": wanted.to_time,
        "type": wanted.type,
    }
