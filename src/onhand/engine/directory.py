"""Names and ids: which product a SKU is, which warehouse a code. Kept in the process.

A product's SKU and id never change, so they are kept until space is needed. Warehouses can be closed: the list is read
again every second, and at once after a change in the same process.
"""

import time

from psycopg_pool import AsyncConnectionPool

from onhand.db import queries as q
from onhand.db.query import Connection
from onhand.domain.ids import Id
from onhand.domain.routing import Warehouse

PRODUCTS_KEPT_MAX = 200_000
WAREHOUSES_KEPT_S = 1.0


class Directory:
    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool
        self._id_of: dict[str, Id] = {}
        self._sku_of: dict[Id, str] = {}
        self._read_at = float("-inf")
        self._by_code: dict[str, Warehouse] = {}
        self._by_id: dict[Id, Warehouse] = {}

    async def product_ids(self, skus: set[str]) -> dict[str, Id]:
        """SKU → product id, for those that exist."""
        found = {sku: self._id_of[sku] for sku in skus if sku in self._id_of}
        if len(found) < len(skus):
            async with self._pool.connection() as connection:
                rows = await q.FIND_PRODUCTS_BY_SKU.all(connection, skus=[sku for sku in skus if sku not in found])
            self._keep(rows)  # This may forget others: what was found before stands in found.
            found.update((row.sku, row.product_id) for row in rows)
        return found

    async def skus(self, product_ids: set[Id]) -> dict[Id, str]:
        """Product id → SKU, for those that exist."""
        found = {product_id: self._sku_of[product_id] for product_id in product_ids if product_id in self._sku_of}
        if len(found) < len(product_ids):
            lacking = [product_id for product_id in product_ids if product_id not in found]
            async with self._pool.connection() as connection:
                rows = await q.FIND_PRODUCTS_BY_ID.all(connection, product_ids=lacking)
            self._keep(rows)
            found.update((row.product_id, row.sku) for row in rows)
        return found

    def _keep(self, rows: list[q.ProductRefRow]) -> None:
        if len(self._id_of) + len(rows) > PRODUCTS_KEPT_MAX:
            self._id_of.clear()
            self._sku_of.clear()
        for sku, product_id in rows:
            self._id_of[sku] = product_id
            self._sku_of[product_id] = sku

    async def warehouses(self, connection: Connection | None = None) -> dict[Id, Warehouse]:
        """All warehouses by id, at most WAREHOUSES_KEPT_S seconds old. Do not change the dict.

        The engine reads them on its own connection: stock does not wait until the pool has one to spare.
        """
        now, before = time.monotonic(), self._read_at
        if now - before > WAREHOUSES_KEPT_S:
            if before > float("-inf"):
                self._read_at = now  # One reads; the others go on with the list at hand meanwhile.
            try:
                await self.read_warehouses(connection)
            except BaseException:
                self._read_at = before
                raise
        return self._by_id

    async def warehouses_by_code(self) -> dict[str, Warehouse]:
        """All warehouses by code, at most WAREHOUSES_KEPT_S seconds old. Do not change the dict."""
        await self.warehouses()
        return self._by_code

    async def read_warehouses(self, connection: Connection | None = None) -> None:
        """Read them anew: after a change, or when a name is not found."""
        if connection is None:
            async with self._pool.connection() as pooled:
                rows = await q.READ_WAREHOUSES.all(pooled)
        else:
            rows = await q.READ_WAREHOUSES.all(connection)
        self._by_id = {row.warehouse_id: Warehouse(*row) for row in rows}
        self._by_code = {warehouse.code: warehouse for warehouse in self._by_id.values()}
        self._read_at = time.monotonic()
