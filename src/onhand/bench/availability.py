"""Reads of availability with writes beside them: with and without the cache, one SKU or 500; how stale they are."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import NamedTuple

import msgspec

from onhand.bench.connection import Connection, connect
from onhand.bench.database import BenchError
from onhand.bench.histogram import Histogram
from onhand.bench.record import Spec
from onhand.bench.requests import Requests
from onhand.bench.served import serving
from onhand.bench.workload import Order, Shape, Workload, orders, sku, warehouse_code
from onhand.domain.limits import AVAILABILITY_SKUS_MAX
from onhand.services import availability, reservations
from onhand.services.context import Onhand, open_onhand
from onhand.services.requests import NewReservation, ReservationLine

CONNECTIONS, MANY_CONNECTIONS = 16, 2
REQUESTS_MAX = 200_000  # made before the clock starts; then they are sent again
REQUESTS_PER_S_MAX = 20_000
MANY_REQUESTS = 200
KINDS = (("one SKU, cached", ""), ("one SKU, without the cache", "?consistency=strong"))
STALE_MAX_S = 5.0
clock = time.perf_counter


class Reads(msgspec.Struct):
    """One kind of read. per_s: answers; milliseconds from sending to the whole answer."""

    name: str
    per_s: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    failed: int


class Staleness(msgspec.Struct):
    """From the answer of a commit until its number is shown, in milliseconds."""

    name: str
    commits: int
    p50_ms: float
    p99_ms: float
    max_ms: float


class Report(msgspec.Struct):
    """ratio: one SKU per second with the cache to the same read with consistency=strong."""

    products: int
    warehouses: int
    writes_per_s: float
    reads: list[Reads]
    ratio: float
    staleness: list[Staleness]


class _Loop:
    """Closed loop over some connections: the next request when one is answered."""

    def __init__(self, asks: Sequence[bytes]) -> None:
        self._asks = asks
        self._next = 0
        self._sent: dict[int, float] = {}
        self._until = 0.0
        self.latencies_s: list[float] = []
        self.failed = 0

    async def run(self, port: int, connections: int, seconds: float) -> float:
        """Answers per second."""
        opened = await connect(lambda: Connection(self), port, connections)
        began = clock()
        self._until = began + seconds
        for connection in opened:
            self._send(connection)
        await asyncio.sleep(seconds)
        per_s = len(self.latencies_s) / (clock() - began)
        while any(connection.in_flight and connection.transport is not None for connection in opened):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        for connection in opened:
            if connection.transport is not None:
                connection.transport.abort()
        return per_s

    def answered(self, connection: Connection, number: int, status: int, body: bytes) -> None:
        del body
        now = clock()
        self.latencies_s.append(now - self._sent.pop(number))
        self.failed += status >= 300
        if now < self._until:
            self._send(connection)

    def lost(self, connection: Connection, numbers: list[int]) -> None:
        del connection
        self.failed += len(numbers)

    def _send(self, connection: Connection) -> None:
        number = self._next
        self._next += 1
        self._sent[number] = clock()
        connection.send(number, self._asks[number % len(self._asks)])


class _Writes:
    """Reservations at a rate, whether they are answered or not."""

    def __init__(self, requests: Requests, wanted: list[Order]) -> None:
        self._requests = requests
        self._wanted = wanted
        self.accepted = 0

    async def run(self, port: int, per_s: float) -> None:
        """Until cancelled."""
        opened = await connect(lambda: Connection(self), port, CONNECTIONS)
        began, number = clock(), 0
        try:
            while number < len(self._wanted):
                while number < min(len(self._wanted), (clock() - began) * per_s):
                    opened[number % CONNECTIONS].send(number, self._requests.reserve(number, self._wanted[number]))
                    number += 1
                await asyncio.sleep(0.005)
        finally:
            for connection in opened:
                if connection.transport is not None:
                    connection.transport.abort()

    def answered(self, connection: Connection, number: int, status: int, body: bytes) -> None:
        del connection, number, body
        self.accepted += status == 201

    def lost(self, connection: Connection, numbers: list[int]) -> None:
        """Counted by what was not accepted."""


async def run(
    url: str,
    shape: Shape,
    *,
    seconds: float,
    writes_per_s: float,
    commits: int,
    redis_url: str | None,
    tell: Callable[[str], None],
) -> Report:
    """Measure; seconds of each kind of read, commits for each kind of staleness. Raises BenchError, OSError."""
    reads: list[Reads] = []
    written = 0.0
    places: dict[str, str | None] = {"in-process": None} | ({"Valkey": redis_url} if redis_url else {})
    for place, redis in places.items():
        asked = {f"{place}: {name}": _one(shape, query, int(REQUESTS_PER_S_MAX * seconds)) for name, query in KINDS}
        asked[f"{place}: {AVAILABILITY_SKUS_MAX} SKUs"] = _many(shape)
        async with _server(url, redis) as served:
            for name, asks in asked.items():
                tell(name)
                got, accepted = await _measure(url, served, shape, name, asks, seconds, writes_per_s)
                reads.append(got)
                written = max(written, accepted)
    tell("staleness")
    staleness = [each for place in places for each in await _stale(url, shape, place, places[place], commits)]
    return Report(shape.products, shape.warehouses, written, reads, reads[0].per_s / reads[1].per_s, staleness)


class Ask(NamedTuple):
    """A request before the key is known. line: method and path."""

    line: str
    body: bytes = b""

    def made(self, authorization: str) -> bytes:
        head = f"{self.line} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {authorization}\r\n"
        if self.body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(self.body)}\r\n"
        return head.encode() + b"\r\n" + self.body


def _one(shape: Shape, query: str, count: int) -> list[Ask]:
    """The products that are read, evenly spread."""
    dice = random.Random(5)  # noqa: S311
    numbers = dice.choices(range(shape.products), k=max(1, min(REQUESTS_MAX, count)))
    return [Ask(f"GET /v1/availability/{sku(number)}{query}") for number in numbers]


def _many(shape: Shape) -> list[Ask]:
    dice = random.Random(6)  # noqa: S311
    count = min(AVAILABILITY_SKUS_MAX, shape.products)
    return [
        Ask("POST /v1/availability", msgspec.json.encode({"skus": [sku(n) for n in chosen]}))
        for chosen in (dice.sample(range(shape.products), k=count) for _ in range(MANY_REQUESTS))
    ]


async def _measure(
    url: str, served: tuple[int, str], shape: Shape, name: str, asks: list[Ask], seconds: float, writes_per_s: float
) -> tuple[Reads, float]:
    port, authorization = served
    loop = _Loop([ask.made(authorization) for ask in asks])
    workload = Workload()
    count = max(1, int(writes_per_s * (seconds + 2)))
    spec = Spec(
        run=f"availability-{time.time_ns()}",
        url=url,
        shape=shape,
        workload=workload,
        count=count,
        seconds=seconds,
        port=port,
        authorization=authorization,
    )
    writes = _Writes(Requests(spec), orders(workload, shape, count))
    writing = asyncio.create_task(writes.run(port, writes_per_s))
    per_s = await loop.run(port, MANY_CONNECTIONS if asks[0].body else CONNECTIONS, seconds)
    accepted = writes.accepted / seconds
    writing.cancel()
    with suppress(asyncio.CancelledError):
        await writing
    if not loop.latencies_s:
        raise BenchError(f"{name}: nothing was answered")
    histogram = Histogram()
    histogram.record_all(loop.latencies_s)
    p50, p99, p999 = (histogram.quantile_us(quantile) / 1000 for quantile in (0.5, 0.99, 0.999))
    return Reads(name, per_s, p50, p99, p999, loop.failed), accepted


@asynccontextmanager
async def _server(url: str, redis_url: str | None) -> AsyncIterator[tuple[int, str]]:
    environment = {"ONHAND_REDIS_URL": redis_url} if redis_url else {}
    serving_now = serving(url, 1, environment)
    port, authorization, _ = await asyncio.to_thread(serving_now.__enter__)
    try:
        yield port, authorization
    finally:
        await asyncio.to_thread(serving_now.__exit__, None, None, None)


async def _stale(url: str, shape: Shape, place: str, redis_url: str | None, commits: int) -> list[Staleness]:
    """One installation commits; it and another, which share nothing but the databases, are asked until they know."""
    async with open_onhand(url, redis_url=redis_url) as one, open_onhand(url, redis_url=redis_url) as other:
        await asyncio.sleep(1.0)  # until they hear each other
        own: list[float] = []
        others: list[float] = []
        for number in range(commits):
            named = sku(number % (shape.plenty or 1))
            before = (await availability.get(other, named)).available
            await availability.get(one, named)
            line = ReservationLine(quantity=1, sku=named, warehouse=warehouse_code(0))
            await reservations.reserve(one, "key:bench", NewReservation(lines=[line], expires_in_s=1))
            committed = clock()
            own.append(await _until(partial(_knows, one, named, before), committed))
            others.append(await _until(partial(_knows, other, named, before), committed))
    return [_told(f"{place}: same process", own), _told(f"{place}: another process", others)]


async def _knows(onhand: Onhand, named: str, before: int) -> bool:
    return (await availability.get(onhand, named)).available < before


async def _until(known: Callable[[], Awaitable[bool]], since: float) -> float:
    while not await known():
        if clock() - since > STALE_MAX_S:
            raise BenchError(f"a commit was not shown within {STALE_MAX_S:.0f} s")
        await asyncio.sleep(0.0005)
    return clock() - since


def _told(name: str, seconds: list[float]) -> Staleness:
    histogram = Histogram()
    histogram.record_all(seconds)
    p50, p99 = (histogram.quantile_us(quantile) / 1000 for quantile in (0.5, 0.99))
    return Staleness(name, len(seconds), p50, p99, histogram.max_us / 1000)
