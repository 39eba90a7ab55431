"""Reads of stock for display: on connections of its own, prepared, many products at once."""

import asyncio
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import psycopg

from onhand.cache.entry import Facts, Part, Stock
from onhand.db import queries_availability as qa
from onhand.db.arrays import Texts
from onhand.db.connect import connect
from onhand.db.exchange import Asked, Rows
from onhand.db.exchange import ExchangingConnection as Connection
from onhand.domain.ids import Id

READ_MAX_S = 5.0


class StockReader:
    """Idle connections are kept; a broken one is replaced and the read tried once more."""

    def __init__(self, url: str, cell: int) -> None:
        self._url = url
        self._cell = cell
        self._idle: list[Connection] = []

    async def stocks(self, skus: Sequence[str]) -> dict[str, Stock]:
        """By SKU, those that exist. Raises psycopg.OperationalError."""
        seen_s = time.monotonic()  # Before the query begins: never younger than it is.
        asked = Asked(qa.READ_STOCK.sql, {"cell": self._cell, "skus": Texts(skus)})
        try:
            rows = await self._once(asked)
        except psycopg.OperationalError:
            await self.close()  # If one broke, all may have.
            rows = await self._once(asked)
        return {row[1]: _stock(row, seen_s) for row in rows}

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()

    async def _once(self, asked: Asked) -> Rows:
        connection = self._idle.pop() if self._idle else await self._connected()
        try:
            async with asyncio.timeout(READ_MAX_S):
                [rows] = await connection.exchange([asked])
        except TimeoutError as error:
            await connection.close()
            raise psycopg.OperationalError("the database did not answer in time") from error
        except BaseException:
            await connection.close()
            raise
        self._idle.append(connection)
        return rows

    async def _connected(self) -> Connection:
        connection = await connect(self._url)
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        return connection


def _stock(row: tuple[Any, ...], seen_s: float) -> Stock:
    """Of a qa.StockRow. 500 at a time: the shortest way to each object."""
    product, sku, selling_mode, release_date, levels = row
    parts = {}
    for place, version, available, limit in qa.LEVEL.iter_unpack(levels or b""):
        parts[_known(place)] = Part(version, available, limit if limit >= 0 else None, seen_s)
    return Stock(Facts(product, sku, selling_mode, release_date), parts, seen_s)


@lru_cache(maxsize=10_000)
def _known(place: bytes) -> Id:
    """One object for each warehouse, not one for each of its levels."""
    return Id(place)
