"""Displayed availability: from the process, else from Valkey, else from the database, never older than its bound."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self

import psycopg
import structlog

from onhand.cache import metrics
from onhand.cache.coalesced import Coalesced
from onhand.cache.entry import NEVER_S, Part, Stock
from onhand.cache.local import Local
from onhand.cache.port import Shared
from onhand.domain.ids import Id
from onhand.domain.level import Level, LevelKey
from onhand.domain.limits import AVAILABILITY_FETCH_MAX_SKUS
from onhand.services.stock_reader import StockReader

FETCHES_MAX = 2  # queries at the same time, of each kind

log = structlog.get_logger()


class Display:
    """Use as an async context manager; one per process."""

    def __init__(self, url: str, cell: int, local: Local, shared: Shared) -> None:
        self.local = local
        self.shared = shared
        self._reader = StockReader(url, cell)
        self._confirming: dict[str, list[Callable[[], None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._fills: Coalesced[str, Stock] = Coalesced(
            self._fetch, share=True, fetches_max=FETCHES_MAX, keys_max=AVAILABILITY_FETCH_MAX_SKUS
        )
        self._strong: Coalesced[str, Stock] = Coalesced(
            self._fetch_strong, share=False, fetches_max=FETCHES_MAX, keys_max=AVAILABILITY_FETCH_MAX_SKUS
        )

    async def __aenter__(self) -> Self:
        await self.shared.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.shared.__aexit__(kind, error, trace)
        for asking in (self._fills, self._strong):
            await asking.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._reader.close()

    def seen(self, levels: Iterable[Level], held_s: float) -> None:
        """The engine's: levels after a batch. Never raises, never waits: no sale depends on what is displayed."""
        try:
            for level in levels:
                if not level.exists and not level.touched:  # There is no row: it was only thought of.
                    continue
                part = Part(level.version, level.available, level.backorder_limit, held_s)
                self.local.learn(level.key, part)
                if level.touched:
                    self.shared.learn(level.key, part)
        except Exception:
            log.exception("display_failed")

    def forget(self, product: Id) -> None:
        """Settings of a product or of its levels have been changed by this process."""
        self.local.forget(product, time.monotonic())
        self.shared.forget(product)

    def products(self, skus: Iterable[str]) -> set[Id]:
        """Of those that this process holds."""
        held = (self.local.held(sku) for sku in skus)
        return {stock.facts.product for stock in held if stock is not None}

    def at_hand(self, sku: str) -> Stock | None:
        """A product that is held within the bound of freshness: without waiting."""
        stock = self.local.held(sku, time.monotonic() - self.shared.fresh_s)
        if stock is not None:
            metrics.LOCAL.inc()
        return stock

    def many_at_hand(self, skus: Sequence[str]) -> dict[str, Stock] | None:
        """By SKU, when all are held within the bound of freshness: without waiting."""
        after_s = time.monotonic() - self.shared.fresh_s
        found: dict[str, Stock] = {}
        for sku in skus:
            stock = self.local.held(sku, after_s)
            if stock is None:
                return None
            found[sku] = stock
        metrics.LOCAL.inc(len(found))
        return found

    def look(self, sku: str, done: Callable[[Stock | None, Exception | None], None]) -> None:
        """As stocks, for one that is not at hand, without a task: done, which must not raise, is called with it.

        None: it does not exist, or has changed meanwhile; stocks can tell.
        """
        now_s = time.monotonic()
        if self.local.is_unknown(sku, now_s):
            done(None, None)
            return

        def seen(found: Stock | None, error: Exception | None) -> None:
            if found is None and error is None:
                self.local.miss(sku, now_s)
            done(None if found is None or found.seen_s == NEVER_S else found, error)

        self._fills.call(sku, seen)

    async def stocks(self, skus: Iterable[str]) -> dict[str, Stock]:
        """By SKU, those that exist, within the bound of freshness. Raises psycopg.OperationalError."""
        now_s = time.monotonic()
        after_s = now_s - self.shared.fresh_s
        found: dict[str, Stock] = {}
        lacking: list[str] = []
        for sku in skus:
            stock = self.local.held(sku, after_s)
            if stock is not None:
                found[sku] = stock
            elif not self.local.is_unknown(sku, now_s):
                lacking.append(sku)
        metrics.LOCAL.inc(len(found))
        if lacking:
            read = await self._fills.ask(lacking)
            changed: list[str] = []  # Their settings have, while they were read: what was read is from before.
            for sku in lacking:
                stock = read.get(sku)
                if stock is None:
                    self.local.miss(sku, now_s)
                elif stock.seen_s == NEVER_S:
                    changed.append(sku)
                else:
                    found[sku] = stock
            if changed:
                found |= await self.strong(changed)
        return found

    async def strong(self, skus: Iterable[str]) -> dict[str, Stock]:
        """By SKU, those that exist, as the database has them after this call. Raises psycopg.OperationalError."""
        return await self._strong.ask(skus)

    def is_sold_out(self, key: LevelKey, since_s: float) -> bool:
        """Whether this level is known to have had nothing to sell at a moment after since_s. False in any doubt."""
        part = self.local.part(key)
        return part is not None and part.own and part.is_sold_out and part.seen_s >= since_s

    def is_sold_out_everywhere(self, product: Id, since_s: float, *, surely: bool) -> bool:
        """Whether no level of this product has had anything to sell, and none may be made to sell what is not there.

        surely: all of them were read after since_s by this process itself; else one was seen, and none to the contrary.
        """
        entry = self.local.entry(product)
        if entry is None or not entry.parts or not all(part.is_sold_out for part in entry.parts.values()):
            return False
        if entry.facts is not None and entry.facts.selling_mode != "deny":
            return False
        seen = [part.seen_s if part.own else NEVER_S for part in entry.parts.values()]
        return min(entry.own_s, *seen) >= since_s if surely else max(seen) >= since_s

    def confirm(self, sku: str, then: Callable[[], None]) -> None:
        """Read the product, beginning later than now, and call then. One read serves all who wait when it begins."""
        if (waiting := self._confirming.get(sku)) is not None:
            waiting.append(then)
            return
        self._confirming[sku] = [then]
        task = asyncio.create_task(self._confirm(sku))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _confirm(self, sku: str) -> None:
        try:
            while waiting := self._confirming[sku]:
                self._confirming[sku] = []
                try:
                    await self._strong.ask([sku])
                except psycopg.OperationalError as error:  # Then the engine is asked, and tells the callers.
                    log.warning("sold_out_not_confirmed", error=repr(error))
                finally:
                    for then in waiting:
                        _call(then)
        finally:
            del self._confirming[sku]

    async def _fetch(self, skus: list[str]) -> Mapping[str, Stock]:
        after_s = time.monotonic() - self.shared.fresh_s
        stocks = {stock.facts.sku: stock for stock in await self.shared.read(skus) if stock.seen_s >= after_s}
        metrics.SHARED.inc(len(stocks))
        lacking = [sku for sku in skus if sku not in stocks]
        if lacking:
            read = await self._reader.stocks(lacking)
            metrics.DATABASE.inc(len(lacking))
            self.shared.fill(_all(read))
            stocks |= read
        return {sku: self._filled(stock) for sku, stock in stocks.items()}

    def _filled(self, stock: Stock) -> Stock:
        """As it is known now; never seen, where its settings have changed meanwhile: it must be read anew."""
        return self.local.fill(stock) or stock._replace(seen_s=NEVER_S)

    async def _fetch_strong(self, skus: list[str]) -> Mapping[str, Stock]:
        metrics.DATABASE.inc(len(skus))
        stocks = await self._reader.stocks(skus)
        for stock in stocks.values():
            self.local.fill(stock)
        return stocks


def _all(read: Mapping[str, Stock]) -> Sequence[Stock]:
    return list(read.values())


def _call(then: Callable[[], None]) -> None:
    """One caller's trouble is not that of the others who wait."""
    try:
        then()
    except Exception:
        log.exception("order_not_taken_up")
