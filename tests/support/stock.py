"""A shop on a real database: an engine, its pool, and short words for what tests do with them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from psycopg_pool import AsyncConnectionPool

from onhand.db import queries_catalog as q
from onhand.db.connect import pool
from onhand.db.query import Connection
from onhand.domain.commands import (
    Adjust,
    AdjustLine,
    Expire,
    Fulfill,
    Header,
    OpenLine,
    Receive,
    Release,
    Reserve,
    ReserveLine,
    StockLine,
)
from onhand.domain.ids import Id
from onhand.domain.outcomes import OperationDone, ReservationDone
from onhand.domain.reservation import Reservation
from onhand.engine.directory import Directory
from onhand.engine.engine import Engine, new_id
from onhand.engine.job import Key

READ_LEVEL = """
SELECT on_hand, reserved, backordered, incoming, version FROM level WHERE product_id = %s AND warehouse_id = %s
"""


def header(**fields: Any) -> Header:
    return Header(fields.pop("operation_id", None) or new_id(), fields.pop("actor", "test"), **fields)


def key(name: str, body: str = "") -> Key:
    """An Idempotency-Key; the same name and body give the same key."""
    return Key(Id(name.encode().ljust(16, b".")[:16]), Id(body.encode().ljust(16, b".")[:16]))


async def add_product(connection: Connection, *, limit: int | None = 0, sku: str | None = None) -> Id:
    """A product with a backorder limit: 0 = never below zero, None = without limit."""
    product = new_id()
    await q.INSERT_PRODUCT.run(
        connection,
        product_id=product,
        sku=sku or f"SKU-{product}",
        name="A product",
        category=None,
        weight_g=None,
        length_mm=None,
        width_mm=None,
        height_mm=None,
        selling_mode="deny" if limit == 0 else "backorder",
        selling_limit=limit or None,
        release_date=None,
        now=datetime.now(UTC),
    )
    return product


async def add_warehouse(connection: Connection, *, active: bool = True, code: str | None = None) -> Id:
    warehouse = new_id()
    await q.INSERT_WAREHOUSE.run(
        connection,
        warehouse_id=warehouse,
        code=code or f"W-{warehouse}",
        name="A warehouse",
        latitude=51.0,
        longitude=12.0,
        country="DE",
        postal_code=None,
        time_zone="UTC",
        capacity=None,
        active=active,
        now=datetime.now(UTC),
    )
    return warehouse


class Shop:
    """An open engine. Raises what the engine raises: DomainError."""

    def __init__(self, engine: Engine, connections: AsyncConnectionPool[Connection]) -> None:
        self.engine = engine
        self.pool = connections

    async def product(self, *, limit: int | None = 0, sku: str | None = None) -> Id:
        async with self.pool.connection() as connection:
            return await add_product(connection, limit=limit, sku=sku)

    async def warehouse(self, *, active: bool = True, code: str | None = None) -> Id:
        async with self.pool.connection() as connection:
            warehouse = await add_warehouse(connection, active=active, code=code)
        await self.engine.directory.read_warehouses()
        return warehouse

    async def level(self, product: Id, warehouse: Id) -> tuple[int, int, int]:
        """on_hand, reserved, backordered."""
        row = await self.row(READ_LEVEL, product, warehouse)
        return (0, 0, 0) if row is None else row[:3]

    async def row(self, query: str, *parameters: object) -> Any:
        async with self.pool.connection() as connection:
            return await (await connection.execute(query, parameters)).fetchone()

    async def rows(self, query: str, *parameters: object) -> list[Any]:
        async with self.pool.connection() as connection:
            return await (await connection.execute(query, parameters)).fetchall()

    async def stocked(self, units: int, *, limit: int | None = 0) -> tuple[Id, Id]:
        """A new product in a new warehouse, with that many units on hand."""
        place = await self.product(limit=limit), await self.warehouse()
        if units:
            await self.receive(*place, units)
        return place

    async def receive(self, product: Id, warehouse: Id, units: int, *, key: Key | None = None) -> OperationDone:
        answer = await self.engine.submit(Receive(header(), (StockLine(product, warehouse, units),)), key)
        assert isinstance(answer.verdict, OperationDone)
        return answer.verdict

    async def count(self, product: Id, warehouse: Id, units: int) -> OperationDone:
        line = AdjustLine(product, warehouse, "count", counted_quantity=units)
        answer = await self.engine.submit(Adjust(header(), (line,)))
        assert isinstance(answer.verdict, OperationDone)
        return answer.verdict

    async def reserve(
        self, product: Id, warehouse: Id | None, units: int, *, key: Key | None = None, **fields: Any
    ) -> Reservation:
        command = Reserve(header(), (ReserveLine(product, units, warehouse),), **fields)
        return _reservation(await self.engine.submit(command, key))

    async def fulfill(self, reservation: Id, *lines: OpenLine, key: Key | None = None) -> Reservation:
        return _reservation(await self.engine.submit(Fulfill(header(), reservation, lines or None), key))

    async def release(self, reservation: Id, *lines: OpenLine, key: Key | None = None) -> Reservation:
        return _reservation(await self.engine.submit(Release(header(), reservation, lines or None), key))

    async def expire(self, reservation: Id) -> Any:
        return (await self.engine.submit(Expire(header(), reservation))).verdict


def _reservation(answer: Any) -> Reservation:
    assert isinstance(answer.verdict, ReservationDone)
    return answer.verdict.reservation


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[Shop]:
    """Open an engine with a pool of its own, as a process would. options are Engine's."""
    async with pool(url, size=4) as connections, Engine(url, Directory(connections), **options) as engine:
        yield Shop(engine, connections)
