"""Reads of availability with writes beside them: with and without the cache, one SKU or 500; how stale they are."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

import msgspec
import psycopg

from onhand.bench import database
from onhand.bench.cpu import OTHERS, Meter, postmaster_of
from onhand.bench.database import BenchError
from onhand.bench.histogram import Histogram
from onhand.bench.record import Spec
from onhand.bench.requests import Requests
from onhand.bench.served import serving
from onhand.bench.staleness import Staleness, measure
from onhand.bench.streams import Stream, in_turn
from onhand.bench.workload import Line, Shape, Workload, sku
from onhand.domain.limits import AVAILABILITY_SKUS_MAX

CONNECTIONS, MANY_CONNECTIONS, WRITERS = 16, 2, 64
REQUESTS_MAX = 100_000  # made before the clock starts; then they are sent again
REQUESTS_PER_S_MAX = 20_000
MANY_REQUESTS = 100
SHARE = 0.5  # of a ceiling: what is asked for when latencies are taken
SCATTER = 2_654_435_761  # a prime: what sells most does not lie side by side in the index


class Reads(msgspec.Struct):
    """One kind of read. ceiling_per_s: answers per second as fast as they can (closed loop).

    cpu_us: processor time of the server for each, when nothing else is asked of it (closed loop, before).
    asked_per_s: what was asked for, in an open loop, at half of the ceiling; of this are the latencies, from the moment
    a request should have been sent to its whole answer. others: processors that others kept busy meanwhile.
    """

    name: str
    cpu_us: float
    ceiling_per_s: float
    asked_per_s: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    others: float
    failed: int


class Size(msgspec.Struct):
    """What was measured on one database. ratios: answers per second with the cache to the same without."""

    products: int
    warehouses: int
    writes_ceiling_per_s: float
    writes_per_s: float
    reads: list[Reads]
    ratios: dict[str, float]
    staleness: list[Staleness]


class Report(msgspec.Struct):
    """growth: p99 of the last size to that of the first, by kind of read."""

    sizes: list[Size]
    growth: dict[str, float]


class Options(NamedTuple):
    """seconds of each kind of read; commits for each kind of staleness.

    writes_per_s: reservations beside the reads; None: half of what the server takes when nothing else is asked of it.
    only: kinds of reads whose name contains one of these, and what they are compared with; staleness is one.
    warm: read the database once before, unless that has just been done.
    """

    seconds: float
    commits: int
    writes_per_s: float | None
    redis_url: str | None
    only: Sequence[str] = ()
    warm: bool = True


class Kind(NamedTuple):
    """One kind of read. reference: the same without the cache."""

    name: str
    make: Callable[[Shape, int], Iterator["Ask"]]
    connections: int = CONNECTIONS
    reference: str | None = None


class Served(NamedTuple):
    """pids: of whom processor time is told apart."""

    port: int
    authorization: str
    pids: dict[str, int]


class Ask(NamedTuple):
    """A request before the key is known. line: method and path."""

    line: str
    body: bytes = b""

    def made(self, authorization: str) -> bytes:
        head = f"{self.line} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {authorization}\r\n"
        if self.body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(self.body)}\r\n"
        return head.encode() + b"\r\n" + self.body


def _evenly(shape: Shape, dice: random.Random) -> int:
    return dice.randrange(shape.products)


def _skewed(shape: Shape, dice: random.Random) -> int:
    """As shoppers look: the density of rank r is 1/r (Zipf's law with s = 1, by its continuous inverse)."""
    rank = int((shape.products + 1) ** dice.random()) - 1
    return rank * SCATTER % shape.products


def _hot(shape: Shape, dice: random.Random) -> int:
    """What everybody wants in a sale."""
    del dice
    return shape.products // 2


def _one(choose: Callable[[Shape, random.Random], int], query: str = "") -> Callable[[Shape, int], Iterator[Ask]]:
    def make(shape: Shape, count: int) -> Iterator[Ask]:
        dice = random.Random(5)  # noqa: S311
        for _ in range(count):
            yield Ask(f"GET /v1/availability/{sku(choose(shape, dice))}{query}")

    return make


def _many(shape: Shape, count: int) -> Iterator[Ask]:
    dice = random.Random(6)  # noqa: S311
    skus = min(AVAILABILITY_SKUS_MAX, shape.products)
    for _ in range(min(MANY_REQUESTS, count)):
        chosen = dice.sample(range(shape.products), k=skus)
        yield Ask("POST /v1/availability", msgspec.json.encode({"skus": [sku(each) for each in chosen]}))


STRONG = "?consistency=strong"
STALENESS, SERVER = "staleness", "server"
KINDS = (
    Kind("one hot SKU", _one(_hot), reference="one hot SKU, without the cache"),
    Kind("one hot SKU, without the cache", _one(_hot, STRONG)),
    Kind("one SKU, as shoppers look", _one(_skewed), reference="one SKU, as shoppers look, without the cache"),
    Kind("one SKU, as shoppers look, without the cache", _one(_skewed, STRONG)),
    Kind("one SKU, evenly spread", _one(_evenly), reference="one SKU, evenly spread, without the cache"),
    Kind("one SKU, evenly spread, without the cache", _one(_evenly, STRONG)),
    Kind(f"{AVAILABILITY_SKUS_MAX} SKUs, evenly spread", _many, MANY_CONNECTIONS),
)


def _wanted(name: str, only: Sequence[str]) -> bool:
    return not only or any(each in name for each in only)


def _chosen(only: Sequence[str]) -> list[Kind]:
    """Those that are wanted, with those that they are compared with. Raises BenchError."""
    names = {kind.name for kind in KINDS if _wanted(kind.name, only)}
    names |= {kind.reference for kind in KINDS if kind.name in names and kind.reference is not None}
    if not names and not _wanted(STALENESS, only):
        raise BenchError(f"nothing is called so; there are: {', '.join([*(kind.name for kind in KINDS), STALENESS])}")
    return [kind for kind in KINDS if kind.name in names]


async def run(url: str, shape: Shape, options: Options, tell: Callable[[str], None]) -> Size:
    """Measure one size. Raises BenchError, OSError."""
    reads: list[Reads] = []
    staleness: list[Staleness] = []
    written: list[float] = []
    places: dict[str, str | None] = {"in-process": None}
    if options.redis_url:
        places["Valkey"] = options.redis_url
    ceiling = per_s = options.writes_per_s or 0.0
    if options.warm:
        tell("reading it once: no server that runs is as cold as one just started")
        await asyncio.to_thread(database.read_once, url)
    kinds = _chosen(options.only)
    for place, redis_url in places.items():
        async with _server(url, redis_url) as server:
            if options.writes_per_s is None and not ceiling:
                tell("the ceiling of writes")
                ceiling = (await _reservations(server, shape).closed(server[0], WRITERS, options.seconds)).per_s
                per_s = ceiling * SHARE
            for kind in kinds:
                tell(f"{place}: {kind.name}")
                got, accepted = await _reads(server, shape, place, kind, options, per_s)
                reads.append(got)
                written.append(accepted)
            if not _wanted(STALENESS, options.only):
                continue
            tell(f"{place}: {STALENESS}")
            async with _writing(server, shape, per_s):
                staleness += await measure(url, shape, place, redis_url, options.commits)
    by_name = {each.name: each.ceiling_per_s for each in reads}
    ratios = {
        f"{place}: {kind.name}": by_name[f"{place}: {kind.name}"] / by_name[f"{place}: {kind.reference}"]
        for place in places
        for kind in kinds
        if kind.reference
    }
    return Size(shape.products, shape.warehouses, ceiling, min(written, default=per_s), reads, ratios, staleness)


def report(sizes: list[Size]) -> Report:
    """The sizes beside each other."""
    first, last = sizes[0].reads, sizes[-1].reads
    growth = {a.name: b.p99_ms / a.p99_ms for a, b in zip(first, last, strict=True)} if len(sizes) > 1 else {}
    return Report(sizes, growth)


async def _reads(
    server: Served, shape: Shape, place: str, kind: Kind, options: Options, writes_per_s: float
) -> tuple[Reads, float]:
    """The reads, and the reservations per second that were accepted beside them when latencies were taken."""
    port, authorization, pids = server
    seconds = options.seconds
    count = max(1, min(REQUESTS_MAX, int(REQUESTS_PER_S_MAX * seconds)))
    requests = [ask.made(authorization) for ask in kind.make(shape, count)]
    meter = Meter({name: pid for name, pid in pids.items() if name == SERVER})
    meter.start()
    alone = await Stream(in_turn(requests)).closed(port, kind.connections, seconds / 2)
    cpu_s = meter.stop().get(SERVER, 0.0)
    async with _writing(server, shape, writes_per_s):
        ceiling = await Stream(in_turn(requests)).closed(port, kind.connections, seconds)
    per_s = ceiling.per_s * SHARE
    if not per_s:
        raise BenchError(f"{kind.name}: nothing was answered")
    async with _writing(server, shape, writes_per_s) as writes:
        before, began = writes.good, time.perf_counter()
        meter = Meter({name: pid for name, pid in pids.items() if name != SERVER})  # The server is a child of ours.
        meter.start()
        got = await Stream(in_turn(requests)).open(port, CONNECTIONS, seconds, per_s)
        took_s = time.perf_counter() - began
        others, accepted = meter.stop().get(OTHERS, 0.0) / took_s, (writes.good - before) / took_s
    histogram = Histogram()
    histogram.record_all(got.latencies_s)
    p50, p99, p999 = (histogram.quantile_us(quantile) / 1000 for quantile in (0.5, 0.99, 0.999))
    reads = Reads(
        name=f"{place}: {kind.name}",
        cpu_us=cpu_s / max(1, len(alone.latencies_s)) * 1e6,
        ceiling_per_s=ceiling.per_s,
        asked_per_s=per_s,
        p50_ms=p50,
        p99_ms=p99,
        p999_ms=p999,
        others=others,
        failed=alone.failed + ceiling.failed + got.failed,
    )
    return reads, accepted


def _reservations(server: Served, shape: Shape) -> Stream:
    """Orders of one line, evenly spread, each with a key and a hold."""
    spec = Spec(
        run=f"availability-{time.time_ns()}",
        url="",
        shape=shape,
        workload=Workload(),
        count=0,
        seconds=0,
        port=server[0],
        authorization=server[1],
    )
    requests, dice = Requests(spec), random.Random(8)  # noqa: S311

    def make(number: int) -> bytes:
        line = Line(dice.randrange(shape.plenty), dice.randrange(shape.warehouses), 1)
        return requests.reserve(number, (line,))

    return Stream(make)


@asynccontextmanager
async def _writing(server: Served, shape: Shape, per_s: float) -> AsyncIterator[Stream]:
    """Reservations in an open loop for as long as the block lasts; none at 0 per second."""
    writes = _reservations(server, shape)
    if not per_s:
        yield writes
        return
    task = asyncio.create_task(writes.open(server[0], WRITERS, float("inf"), per_s))
    try:
        yield writes
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        writes.close()


@asynccontextmanager
async def _server(url: str, redis_url: str | None) -> AsyncIterator[Served]:
    environment = {"ONHAND_REDIS_URL": redis_url} if redis_url else {}
    serving_now = serving(url, 1, environment)
    port, authorization, pid = await asyncio.to_thread(serving_now.__enter__)
    with psycopg.connect(url) as connection:
        postmaster = postmaster_of(connection)
    pids = {SERVER: pid, "postgres": postmaster, "callers": os.getpid()}
    try:
        yield Served(port, authorization, {name: each for name, each in pids.items() if each is not None})
    finally:
        await asyncio.to_thread(serving_now.__exit__, None, None, None)
