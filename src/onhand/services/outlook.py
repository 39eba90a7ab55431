"""What promises are made of: the levels of a product, what is on its way to them, and when warehouses ship.

Kept in the process for PROMISE_FRESH_S; all that is asked for at the same moment is read with one question.
"""

import time
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import msgspec
from psycopg_pool import AsyncConnectionPool

from onhand.cache.coalesced import Coalesced
from onhand.db import queries_promise as q
from onhand.db import queries_routing as qr
from onhand.db.query import Connection
from onhand.domain.geo import distance_km
from onhand.domain.ids import Id
from onhand.domain.level import Level
from onhand.domain.limits import (
    AVAILABILITY_FETCH_MAX_SKUS,
    AVAILABILITY_KEPT_MAX_PRODUCTS,
    PROMISE_FRESH_S,
    PROMISES_KEPT_MAX,
)
from onhand.domain.shipping import PURCHASE_ORDER_SPREAD_DAYS, TRANSFER_SPREAD_DAYS, transit_days
from onhand.engine.directory import Directory
from onhand.services.answers import Promise
from onhand.services.calendars import Calendars, public_holidays

FETCHES_MAX = 2


class Incoming(msgspec.Struct, frozen=True):
    """Units on their way to a level. type: purchase_order or transfer; origin: the supplier, or the place they left.

    expected: the day on which they arrive, as last told; that of a transfer is reckoned from its distance.
    """

    warehouse: Id
    type: str
    source_id: Id
    line: int
    units: int
    expected: date
    origin: str
    spread_days: int

    @property
    def source(self) -> str:
        return f"{self.source_id}/{self.line}"


class LeadTime(NamedTuple):
    """Who would be asked for more, and how long it takes."""

    supplier: str
    days: int
    lead_time_in: str
    holidays: Container[date] = frozenset()


class Product(NamedTuple):
    """How a product sells, what of it lies where, what is on its way. read_s: time.monotonic() before it was read."""

    product: Id
    sku: str
    selling_mode: str
    selling_limit: int | None
    release_date: date | None
    lead_time: LeadTime | None
    levels: Sequence[Level]
    incoming: Sequence[Incoming]
    read_s: float
    safety: Mapping[Id, int] = {}  # by warehouse

    @property
    def backorder_limit(self) -> int | None:
        """Of a level that does not exist yet."""
        return 0 if self.selling_mode == "deny" else self.selling_limit


class Outlook:
    """One per process."""

    def __init__(self, pool: AsyncConnectionPool[Connection], directory: Directory, cell: int) -> None:
        self._pool = pool
        self._directory = directory
        self._cell = cell
        self.calendars = Calendars(pool)
        self._kept: dict[Id, Product] = {}
        self._promises: dict[Any, Promise | None] = {}
        self._told_in = (0, 0)
        self._asking: Coalesced[Id, Product] = Coalesced(
            self._fetch, share=False, fetches_max=FETCHES_MAX, keys_max=AVAILABILITY_FETCH_MAX_SKUS
        )

    def at_hand(self, product: Id) -> Product | None:
        """Without waiting; None when it must be read."""
        kept = self._kept.get(product)
        return kept if kept is not None and kept.read_s >= time.monotonic() - PROMISE_FRESH_S else None

    def kept_of(self, minute: int) -> dict[Any, Promise | None]:
        """Promises told already in this minute by these calendars: dates and cut-offs are those of its beginning."""
        told_in = minute, self.calendars.changes
        if told_in != self._told_in or len(self._promises) >= PROMISES_KEPT_MAX:
            self._promises, self._told_in = {}, told_in
        return self._promises

    def seen(self, levels: Iterable[Level]) -> None:
        """The engine's: levels after a batch. What is known of their products is old from now on."""
        if self._kept:
            self.forget(level.product for level in levels if level.touched)

    def forget(self, products: Iterable[Id]) -> None:
        """Something else about their supply has changed."""
        for product in products:
            self._kept.pop(product, None)

    async def product(self, product: Id) -> Product | None:
        """As it was at most PROMISE_FRESH_S ago; None for one that does not exist. Raises psycopg.Error."""
        return self.at_hand(product) or (await self.read([product])).get(product)

    async def read(self, products: Iterable[Id]) -> Mapping[Id, Product]:
        """As the database has them after this call, those that exist. Raises psycopg.Error."""
        found = await self._asking.ask(products)
        if len(self._kept) + len(found) > AVAILABILITY_KEPT_MAX_PRODUCTS:
            self._kept.clear()
        self._kept |= found
        return found

    async def _fetch(self, products: list[Id]) -> Mapping[Id, Product]:
        read_s = time.monotonic()
        async with self._pool.connection() as connection:
            return await read_products(connection, self._directory, self._cell, products, read_s)

    async def aclose(self) -> None:
        await self._asking.close()


async def read_products(
    connection: Connection, directory: Directory, cell: int, products: Sequence[Id], read_s: float = 0.0
) -> dict[Id, Product]:
    """Those that exist, by id. Raises psycopg.Error."""
    selling = await q.READ_SELLING.all(connection, product_ids=list(products))
    levels = await qr.READ_LEVELS_OF_PRODUCTS.all(connection, cell=cell, product_ids=list(products))
    coming = await q.READ_INCOMING.all(connection, cell=cell, product_ids=list(products))
    await directory.warehouses(connection)
    levels_of: dict[Id, list[Level]] = {}
    safety_of: dict[Id, dict[Id, int]] = {}
    for row in levels:
        levels_of.setdefault(row.product_id, []).append(Level(*row[:-1]))
        if row.safety_stock:
            safety_of.setdefault(row.product_id, {})[row.warehouse_id] = row.safety_stock
    incoming_of: dict[Id, list[Incoming]] = {}
    for arriving in coming:
        incoming_of.setdefault(arriving.product_id, []).append(_incoming(directory, arriving))
    return {
        row.product_id: Product(
            product=row.product_id,
            sku=row.sku,
            selling_mode=row.selling_mode,
            selling_limit=row.selling_limit,
            release_date=row.release_date,
            lead_time=_lead_time(row),
            levels=levels_of.get(row.product_id, ()),
            incoming=incoming_of.get(row.product_id, ()),
            read_s=read_s,
            safety=safety_of.get(row.product_id, {}),
        )
        for row in selling
    }


def _lead_time(row: q.SellingRow) -> LeadTime | None:
    if row.supplier is None or row.lead_time_days is None or row.lead_time_in is None:
        return None
    holidays = public_holidays(row.country, row.holiday_region)
    return LeadTime(row.supplier, row.lead_time_days, row.lead_time_in, holidays)


def _incoming(directory: Directory, row: q.IncomingRow) -> Incoming:
    transfer = row.type == "transfer"
    return Incoming(
        warehouse=row.warehouse_id,
        type=row.type,
        source_id=row.source_id,
        line=row.line,
        units=row.units,
        expected=row.expected or row.created_at.date() + timedelta(days=_transit_days(directory, row)),
        origin=row.origin,
        spread_days=TRANSFER_SPREAD_DAYS if transfer else PURCHASE_ORDER_SPREAD_DAYS,
    )


def _transit_days(directory: Directory, row: q.IncomingRow) -> int:
    source = directory.by_id.get(row.from_warehouse_id) if row.from_warehouse_id is not None else None
    target = directory.by_id.get(row.warehouse_id)
    if source is None or target is None:
        return transit_days(0)
    return transit_days(distance_km(source.latitude, source.longitude, target.latitude, target.longitude))
