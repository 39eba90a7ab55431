"""Names and ids: which product a SKU is, which warehouse a code. Kept in the process.

A product's SKU and id never change, so they are kept until space is needed. Warehouses can be closed, and the rules of
routing changed: both are read again every second, at once after a change in the same process, and when a batch of the
engine finds, under its locks, that their revision has moved.

What is at hand is told at once (sku_of, id_of, …). NotAtHandError says what is not, and load fetches it: all that
callers lack at the same moment with one query.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import islice

from psycopg_pool import AsyncConnectionPool

from onhand.db import queries_catalog as q
from onhand.db import queries_routing as qr
from onhand.db.query import Connection
from onhand.domain.ids import Id
from onhand.domain.routing import DEFAULT_RULES, Ranker, Rule, Warehouse, rules_of

PRODUCTS_KEPT_MAX = 300_000  # about 300 bytes each
WAREHOUSES_KEPT_S = 1.0

DaysUntilShipped = Callable[[Connection], Awaitable[Mapping[Id, int]]]  # by warehouse, for an order of this moment


async def _not_known(_: Connection) -> Mapping[Id, int]:
    return {}


class NotAtHandError(Exception):
    """Names are needed that the process does not hold: load them, and do the same again."""

    def __init__(
        self,
        *,
        skus: Iterable[str] = (),
        product_ids: Iterable[Id] = (),
        warehouses: Iterable[str | Id] = (),
        postal_codes: Iterable[tuple[str, str]] = (),
    ) -> None:
        super().__init__("names are not at hand")
        self.skus = frozenset(skus)
        self.product_ids = frozenset(product_ids)
        self.warehouses = frozenset(warehouses)  # codes or ids
        self.postal_codes = frozenset(postal_codes)  # country and code


class Directory:
    """Do not change the dicts: they are read by everyone in the process."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool
        self.id_of: dict[str, Id] = {}
        self.sku_of: dict[Id, str] = {}
        self.by_code: dict[str, Warehouse] = {}
        self.by_id: dict[Id, Warehouse] = {}
        self.code_of: dict[Id, str] = {}
        self.ranker = Ranker(())
        self.days_until_shipped: DaysUntilShipped = _not_known
        self.place_of: dict[tuple[str, str], tuple[float, float]] = {}  # country and postal code, to degrees
        self.revision = -1  # of the list of warehouses
        self._read_at = float("-inf")
        self._skus: set[str] = set()
        self._product_ids: set[Id] = set()
        self._asked: asyncio.Task[None] | None = None
        self._one_asks = asyncio.Lock()
        self._reread: asyncio.Task[None] | None = None
        self._one_rereads = asyncio.Lock()
        self._read_began_s = float("-inf")

    async def load(self, missing: NotAtHandError) -> set[str | Id | tuple[str, str | Id]]:
        """Fetch what is missing, and return what does not exist of it: SKUs, product ids, ("warehouse", code or id).

        Raises psycopg.Error.
        """
        if missing.warehouses:
            await self.read_warehouses()
        if missing.skus or missing.product_ids:
            self._skus |= missing.skus
            self._product_ids |= missing.product_ids
            if self._asked is None:
                self._asked = asyncio.create_task(self._ask())
            await asyncio.shield(self._asked)
        absent: set[str | Id | tuple[str, str | Id]] = set()
        for country, code in missing.postal_codes:
            async with self._pool.connection() as connection:
                place = await qr.FIND_POSTAL_CODE.first(connection, country=country, postal_code=code)
            if place is None:
                absent.add((country, code))
                continue
            if len(self.place_of) >= PRODUCTS_KEPT_MAX:
                self.place_of.clear()
            self.place_of[country, code] = place.latitude, place.longitude
        # Not `- self.id_of.keys()`: that walks through all that is kept, 4 ms in which nobody is served.
        absent.update(missing.skus.difference(self.id_of))
        absent.update(missing.product_ids.difference(self.sku_of))
        absent.update(("warehouse", each) for each in missing.warehouses - self.by_code.keys() - self.by_id.keys())
        return absent

    async def _ask(self) -> None:
        """One query for everything that is lacked by the time the one before has been answered."""
        try:
            async with self._one_asks, self._pool.connection() as connection:
                skus, product_ids, self._asked = self._skus, self._product_ids, None
                self._skus, self._product_ids = set(), set()
                rows = await q.FIND_PRODUCTS.all(connection, skus=list(skus), product_ids=list(product_ids))
        except BaseException:
            self._asked = None
            raise
        self._keep(rows)

    def _keep(self, rows: list[q.ProductRefRow]) -> None:
        if len(self.id_of) + len(rows) > PRODUCTS_KEPT_MAX:
            # Those kept longest; few at a time, so that nobody waits for it.
            for sku in list(islice(self.id_of, len(rows) + PRODUCTS_KEPT_MAX // 100)):
                self.sku_of.pop(self.id_of.pop(sku), None)
        for sku, product_id in rows:
            self.id_of[sku] = product_id
            self.sku_of[product_id] = sku

    async def product_ids(self, skus: set[str]) -> dict[str, Id]:
        """SKU → product id, for those that exist."""
        found = {sku: self.id_of[sku] for sku in skus if sku in self.id_of}
        if lacking := skus - found.keys():  # Loading may forget others: what was found before stands in found.
            await self.load(NotAtHandError(skus=lacking))
            found |= {sku: self.id_of[sku] for sku in lacking if sku in self.id_of}
        return found

    async def skus(self, product_ids: set[Id]) -> dict[Id, str]:
        """Product id → SKU, for those that exist."""
        found = {product_id: self.sku_of[product_id] for product_id in product_ids if product_id in self.sku_of}
        if lacking := product_ids - found.keys():
            await self.load(NotAtHandError(product_ids=lacking))
            found |= {product_id: self.sku_of[product_id] for product_id in lacking if product_id in self.sku_of}
        return found

    @property
    def warehouses_at_hand(self) -> dict[Id, Warehouse] | None:
        """As warehouses, without waiting; None when it is time to read them anew."""
        return self.by_id if time.monotonic() - self._read_at <= WAREHOUSES_KEPT_S else None

    async def warehouses(self, connection: Connection | None = None) -> dict[Id, Warehouse]:
        """All warehouses by id, at most WAREHOUSES_KEPT_S seconds old.

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
        return self.by_id

    async def read_warehouses(self, connection: Connection | None = None) -> None:
        """Read them anew: after a change, or when a name is not found.

        Without a connection all who ask while a read is under way share the next one.
        """
        if connection is not None:
            await self._read_warehouses(connection)
            return
        if self._reread is None:
            self._reread = asyncio.create_task(self._read_warehouses_next())
        await asyncio.shield(self._reread)

    async def _read_warehouses_next(self) -> None:
        try:
            async with self._one_rereads, self._pool.connection() as connection:
                self._reread = None  # Who comes from now on wants what is read later.
                await self._read_warehouses(connection)
        except BaseException:
            self._reread = None
            raise

    async def _read_warehouses(self, connection: Connection) -> None:
        began_s = time.monotonic()
        revision = await qr.READ_WAREHOUSE_REVISION.first(connection)  # First: the list may be newer, never older.
        rows = await q.READ_WAREHOUSES.all(connection)
        if began_s < self._read_began_s:
            return  # A read that began later has been answered before: it knows more.
        self._read_at, self._read_began_s = time.monotonic(), began_s
        self.revision = revision.revision if revision else -1
        rules = rules_of(rows[0].rules) if rows else DEFAULT_RULES
        days = await self.days_until_shipped(connection) if Rule.CUT_OFF in rules else {}
        by_id = {row.warehouse_id: Warehouse(*row[:7], days.get(row.warehouse_id, 0)) for row in rows}
        if by_id == self.by_id and rules == self.ranker.rules:
            return  # and what the ranker has reckoned stays
        self.by_id, self.ranker = by_id, Ranker(by_id.values(), rules)
        self.by_code = {warehouse.code: warehouse for warehouse in self.by_id.values()}
        self.code_of = {warehouse.warehouse_id: warehouse.code for warehouse in self.by_id.values()}
