"""Valkey or Redis: products by SKU for every process, and a channel on which processes tell each other of levels.

Nothing here decides or delays a sale: levels are taken into a bounded table and told in the background. Whatever is
lost (a full table, a cut connection, a flushed server) is found out by the bound of freshness.
"""

import asyncio
import hashlib
import os
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from onhand.cache import metrics, wire
from onhand.cache.breaker import Breaker
from onhand.cache.entry import Part, Stock
from onhand.cache.local import Local
from onhand.cache.port import Names
from onhand.cache.worth import Worth
from onhand.domain.ids import Id
from onhand.domain.level import LevelKey
from onhand.domain.limits import AVAILABILITY_FRESH_S, AVAILABILITY_SHARED_FRESH_S, AVAILABILITY_TTL_S

READ_MAX_S = 0.02  # a reader waits so long, then asks the database
WRITE_MAX_S = 0.5
CONNECT_MAX_S = 0.5
BEAT_EVERY_S = 0.25
SILENCE_MAX_S = 0.75  # without a word from the channel, not even our own, nobody is known to tell us anything
PENDING_MAX_LEVELS = 20_000
TOLD_AT_ONCE_MAX = 500
PARTIAL_TTL_S = 5  # longer than any fill takes
CONNECTIONS_MAX = 8
READ_AT_ONCE_MAX, WRITTEN_AT_ONCE_MAX = 100, 50  # products of one script: while it runs Valkey serves nobody else
FAILURES = (RedisError, OSError, TimeoutError, ValueError, struct.error, msgspec.DecodeError)

log = structlog.get_logger()


def client(url: str) -> Redis:
    """A pooled client with short time-outs and no retries of its own. Connects when first used."""
    if url.startswith("valkey"):
        url = "redis" + url.removeprefix("valkey")
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS_MAX,
        timeout=WRITE_MAX_S,
        socket_timeout=WRITE_MAX_S,
        socket_connect_timeout=CONNECT_MAX_S,
        retry=Retry(NoBackoff(), 0),
    )
    return Redis(connection_pool=pool)


class Valkey:
    """The adapter of onhand.cache.port.Shared. names: from product ids to SKUs."""

    def __init__(self, url: str, local: Local, names: Names) -> None:
        self._redis = client(url)
        self._local = local
        self._names = names
        self._sender = os.urandom(8)
        self._breaker = Breaker()
        self._worth = Worth()
        self._heard_s = float("-inf")
        self._levels: dict[LevelKey, Part] = {}
        self._fills: dict[str, Stock] = {}
        self._forgotten: set[Id] = set()
        self._work = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def fresh_s(self) -> float:
        """Long only while the channel is heard and Valkey answers."""
        heard = time.monotonic() - self._heard_s < SILENCE_MAX_S
        return AVAILABILITY_SHARED_FRESH_S if heard and self._breaker.closed else AVAILABILITY_FRESH_S

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(work()) for work in (self._tell, self._listen, self._beat)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(*FAILURES):
            await self._redis.aclose()
            await self._redis.connection_pool.disconnect()

    async def read(self, skus: Sequence[str]) -> list[Stock]:
        """Nothing where Valkey fails or takes longer than a database would."""
        asked = [sku for sku in skus if self._worth.pays(sku)]
        if not self._breaker.closed or not asked:
            return []
        stocks: list[Stock] = []
        try:
            async with asyncio.timeout(READ_MAX_S), self._redis.pipeline(transaction=False) as pipe:
                for first in range(0, len(asked), READ_AT_ONCE_MAX):
                    keys = [wire.key_of(sku) for sku in asked[first : first + READ_AT_ONCE_MAX]]
                    _READ.run(pipe, keys, (), first=not first)
                found = await pipe.execute()
            for told in found:
                stocks += wire.read_stocks(told)
        except FAILURES:
            self._breaker.failed("read")
            return []
        self._breaker.succeeded("read")
        after_s = time.monotonic() - self.fresh_s
        self._worth.found(sum(stock.seen_s >= after_s for stock in stocks), len(asked))
        return stocks

    def fill(self, stocks: Sequence[Stock]) -> None:
        """In the background; left away when it lags behind."""
        if self._breaker.closed and len(self._fills) < PENDING_MAX_LEVELS:
            self._fills.update((stock.facts.sku, stock) for stock in stocks if self._worth.pays(stock.facts.sku))
            self._work.set()

    def learn(self, key: LevelKey, part: Part) -> None:
        """In the background; of several versions only the last is told."""
        if len(self._levels) >= PENDING_MAX_LEVELS:
            metrics.VALKEY_DROPPED.inc(len(self._levels))
            self._levels.clear()
        self._levels[key] = part
        self._work.set()

    def forget(self, product: Id) -> None:
        """In the background."""
        if len(self._forgotten) < PENDING_MAX_LEVELS:
            self._forgotten.add(product)
        self._work.set()

    async def _tell(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            levels, self._levels = self._levels, {}
            fills, self._fills = self._fills, {}
            forgotten, self._forgotten = self._forgotten, set()
            if not self._breaker.closed:
                metrics.VALKEY_DROPPED.inc(len(levels))
                continue
            try:
                items = list(levels.items())
                for first in range(0, len(items), TOLD_AT_ONCE_MAX):
                    await self._tell_levels(dict(items[first : first + TOLD_AT_ONCE_MAX]))
                if forgotten:
                    await self._tell_forgotten(forgotten)
                stocks = list(fills.values())
                for first in range(0, len(stocks), TOLD_AT_ONCE_MAX):
                    await self._write(stocks[first : first + TOLD_AT_ONCE_MAX])
            except FAILURES as error:
                self._failed("write", error)
                metrics.VALKEY_DROPPED.inc(len(levels))
            except Exception as error:  # noqa: BLE001  the names come from the database, which may be away
                log.warning("valkey_not_told", error=repr(error))
                metrics.VALKEY_DROPPED.inc(len(levels))
            else:
                self._breaker.succeeded("write")

    async def _tell_levels(self, levels: dict[LevelKey, Part]) -> None:
        """The channel first: it is what other processes wait for."""
        told = [wire.tell_level(key, part) for key, part in levels.items()]
        skus = await self._names({product for product, _ in levels})
        now = wire.Clocks.read()
        by_sku: dict[str, list[bytes]] = {}
        for (product, warehouse), part in levels.items():
            if product in skus:
                by_sku.setdefault(skus[product], []).append(wire.write_part(warehouse, part, now))
        async with asyncio.timeout(WRITE_MAX_S), self._redis.pipeline(transaction=False) as pipe:
            pipe.publish(wire.CHANNEL, wire.encode(wire.Message(self._sender, levels=told)))
            _take_in(pipe, [(sku, b"", 0, parts) for sku, parts in by_sku.items()])
            await pipe.execute()

    async def _tell_forgotten(self, products: set[Id]) -> None:
        skus = await self._names(products)
        now = wire.Clocks.read()
        now_ms = now.wall_ms(now.here_s)
        async with asyncio.timeout(WRITE_MAX_S), self._redis.pipeline(transaction=False) as pipe:
            for sku in skus.values():  # seen stays, and refuses fills that were read before the change.
                pipe.hset(wire.key_of(sku), "seen", now_ms)
                pipe.hdel(wire.key_of(sku), "facts")
                pipe.expire(wire.key_of(sku), PARTIAL_TTL_S)
            message = wire.Message(self._sender, forget=[bytes(product) for product in products])
            pipe.publish(wire.CHANNEL, wire.encode(message))
            await pipe.execute()

    async def _write(self, stocks: Sequence[Stock]) -> None:
        now = wire.Clocks.read()
        written = [
            (
                stock.facts.sku,
                wire.write_facts(stock.facts),
                now.wall_ms(stock.seen_s),
                [wire.write_part(place, part, now) for place, part in stock.parts.items()],
            )
            for stock in stocks
        ]
        async with asyncio.timeout(WRITE_MAX_S), self._redis.pipeline(transaction=False) as pipe:
            _take_in(pipe, written)
            await pipe.execute()

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(wire.CHANNEL)
                    while True:
                        heard = await channel.get_message(ignore_subscribe_messages=True, timeout=SILENCE_MAX_S)
                        if heard is not None and heard["type"] == "message":
                            self._hear(heard["data"])
                        elif time.monotonic() - self._heard_s > 2 * SILENCE_MAX_S:
                            await channel.ping()  # A connection that is dead says so when it is written to.
            except FAILURES:
                self._heard_s = float("-inf")
            await asyncio.sleep(BEAT_EVERY_S)

    def _hear(self, data: bytes) -> None:
        message = wire.read_message(data)
        self._heard_s = time.monotonic()
        if message.sender == self._sender:
            return
        for told in message.levels:
            self._local.learn(*wire.hear_level(told))
        for product in message.forget:
            self._local.forget(Id(product), time.monotonic())

    async def _beat(self) -> None:
        """Tell the channel that we are here, and hear it ourselves; find Valkey again where it was left alone."""
        beat = wire.encode(wire.Message(self._sender))
        while True:
            try:
                async with asyncio.timeout(WRITE_MAX_S if self._breaker.closed else READ_MAX_S):
                    await self._redis.publish(wire.CHANNEL, beat)
            except FAILURES as error:
                self._failed("beat", error)
            else:
                if not self._breaker.closed:
                    log.info("valkey_back")
                self._breaker.succeeded("beat")
            await asyncio.sleep(BEAT_EVERY_S)

    def _failed(self, what: str, error: Exception) -> None:
        was_closed = self._breaker.closed
        self._breaker.failed(what)
        if was_closed and not self._breaker.closed:
            log.warning("valkey_left_alone", what=what, error=repr(error))


class _Script:
    """The first of a pipeline brings the text along, so that Valkey knows it even where it has just been started."""

    def __init__(self, name: str) -> None:
        self._text = Path(__file__).with_name(name).read_text(encoding="utf-8")
        self._digest = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()  # as EVALSHA wants it

    def run(self, pipe: Pipeline, keys: Sequence[str], arguments: Sequence[bytes | int], *, first: bool) -> None:
        script = (b"EVAL", self._text) if first else (b"EVALSHA", self._digest)
        pipe.execute_command(*script, len(keys), *keys, *arguments)


_READ, _TAKE_IN = _Script("valkey_read.lua"), _Script("valkey_take_in.lua")


def _take_in(pipe: Pipeline, products: Sequence[tuple[str, bytes, int, Sequence[bytes]]]) -> None:
    """SKU, facts, when they were seen in ms, and levels, of each."""
    for first in range(0, len(products), WRITTEN_AT_ONCE_MAX):
        some = products[first : first + WRITTEN_AT_ONCE_MAX]
        arguments: list[bytes | int] = [AVAILABILITY_TTL_S, PARTIAL_TTL_S]
        for _, facts, seen_ms, levels in some:
            arguments += (facts, seen_ms, b"".join(levels))
        _TAKE_IN.run(pipe, [wire.key_of(sku) for sku, *_ in some], arguments, first=not first)
