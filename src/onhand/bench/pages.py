"""The pages at size: how long the server takes for each, and what an open overview costs the orders beside it."""

import asyncio
import http.client
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from urllib.parse import quote

import msgspec
import psycopg

from onhand.bench.cpu import OTHERS, postmaster_of
from onhand.bench.database import BenchError
from onhand.bench.measure import accepted, child, counted
from onhand.bench.record import Spec
from onhand.bench.served import serving, warm
from onhand.bench.workload import Shape, Workload, sku, warehouse_code
from onhand.services import users
from onhand.services.context import open_onhand

USER = "bench"
LIMIT_MS = 50.0
ASKED = 20  # times each page, after a first one that is not counted
LEARNING = 3
BETWEEN_S = 5.0  # until the server has noticed that nobody looks any more
# Levels that want attention, as in a shop: the settings of one in 20, taken back afterwards. Stock stays as it is.
BEGIN = """
WITH low AS (
  UPDATE level SET reorder_threshold = on_hand + 1 WHERE get_byte(uuid_send(product_id), 15) % 20 = 7
  RETURNING cell, product_id, warehouse_id)
INSERT INTO stock_alert (cell, kind, sku, product_id, warehouse_id)
SELECT cell, unnest(ARRAY['below', 'reorder']), sku, product_id, warehouse_id FROM low JOIN product USING (product_id)
ON CONFLICT DO NOTHING
"""
END = """
WITH low AS (
  UPDATE level SET reorder_threshold = NULL WHERE get_byte(uuid_send(product_id), 15) % 20 = 7
  RETURNING product_id)
DELETE FROM stock_alert WHERE kind IN ('below', 'reorder') AND product_id IN (SELECT product_id FROM low)
"""
NOBODY, SOMEBODY = "nobody looks", "the overview is open"


class Page(msgspec.Struct):
    """Milliseconds from the request to the whole answer, over ASKED requests in one connection."""

    name: str
    path: str
    median_ms: float
    most_ms: float
    bytes: int


class Half(msgspec.Struct):
    """One run under load. cpu_us: of server and PostgreSQL together, per accepted order. beats: events of the page."""

    name: str
    orders_per_s: float
    cpu_us: float
    p99_ms: float
    beats: int


class Report(msgspec.Struct):
    """cost_percent: how much more an order costs beside the open page, the median over the pairs."""

    products: int
    warehouses: int
    pages: list[Page]
    asked_per_s: float
    halves: list[Half]
    cost_percent: float


def run(
    url: str, shape: Shape, *, rate: float, seconds: float, pairs: int, asked: int = ASKED, say: Callable[[str], None]
) -> Report:
    """Measure on a loaded database. Raises BenchError, psycopg.Error."""
    with psycopg.connect(url, autocommit=True) as connection:
        postmaster = postmaster_of(connection)
        connection.execute(BEGIN)
        connection.execute("ANALYZE stock_alert")
        try:
            with serving(url) as (port, authorization, pid):
                warm(port, authorization, shape, 1)
                cookie = _logged_in(url, port)
                pages = [_page(port, cookie, name, path, asked, say) for name, path in _paths(shape)]
                pids = {"server": pid} | ({} if postmaster is None else {"postgres": postmaster})
                made = _Halves(url, shape, port, authorization, pids, rate, seconds)
                halves = []
                for number in range(pairs):
                    say(f"orders with and without an open page: pair {number + 1} of {pairs}")
                    names = (NOBODY, SOMEBODY) if number % 2 else (SOMEBODY, NOBODY)
                    halves += [made.half(name, cookie) for name in names]
        finally:
            connection.execute(END)
            asyncio.run(_logged_out(url))
    return Report(shape.products, shape.warehouses, pages, rate, halves, cost_percent(halves))


def cost_percent(halves: list[Half]) -> float:
    """Of each pair, in whichever order it ran: what the open page added to the processor time of an order."""
    costs = []
    for one, other in zip(halves[::2], halves[1::2], strict=True):
        cpu_us = {one.name: one.cpu_us, other.name: other.cpu_us}
        costs.append(100 * (cpu_us[SOMEBODY] / cpu_us[NOBODY] - 1))
    return statistics.median(costs) if costs else 0.0


def _paths(shape: Shape) -> list[tuple[str, str]]:
    middle, place = sku(shape.products // 2), quote(warehouse_code(0))
    return [
        ("overview", "/"),
        ("stock", "/stock"),
        ("stock, by name", "/stock?order=name"),
        ("stock, newest first", "/stock?order=newest"),
        ("stock, from the middle on", f"/stock?cursor={quote(middle)}"),
        ("stock, one warehouse", f"/stock?warehouse={place}"),
        ("stock, below threshold", "/stock?shown=below"),
        ("stock, below threshold in one warehouse", f"/stock?shown=below&warehouse={place}"),
        ("stock, owed (none is)", "/stock?shown=backordered"),
        ("search: a letter", f"/stock?q={middle[0]}"),
        ("search: a whole SKU", f"/stock?q={quote(middle)}"),
        ("search: a word of every name", "/stock?q=prod"),
        ("search: a word of one name", f"/stock?q=product+{shape.products // 2}"),
        ("search: nothing", "/stock?q=nothingatall"),
        ("palette", f"/palette?q={quote(middle[:-2])}"),
        ("product", f"/products/{quote(middle)}"),
        ("orders", "/orders"),
        ("what should be ordered", "/replenishment"),
        ("purchase orders", "/purchase_orders"),
        ("suppliers", "/suppliers"),
        ("receive", "/floor/receive"),
        ("settings", "/settings"),
    ]


def _page(port: int, cookie: str, name: str, path: str, asked: int, say: Callable[[str], None]) -> Page:
    say(name)
    caller = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    taken, size = [], 0
    for number in range(LEARNING + asked):
        began = time.perf_counter()
        caller.request("GET", path, headers={"Cookie": cookie})
        answer = caller.getresponse()
        size = len(answer.read())
        if answer.status != 200:
            raise BenchError(f"{path} was answered {answer.status}")
        if number >= LEARNING:
            taken.append((time.perf_counter() - began) * 1000)
    caller.close()
    return Page(name, path, statistics.median(taken), max(taken), size)


class _Halves(msgspec.Struct):
    url: str
    shape: Shape
    port: int
    authorization: str
    pids: dict[str, int]
    rate: float
    seconds: float

    def half(self, name: str, cookie: str) -> Half:
        """Raises BenchError when an order failed, or the page stood still."""
        spec = Spec(
            run=f"pages-{time.time_ns() // 1_000_000}",
            url=self.url,
            shape=self.shape,
            workload=Workload(),
            count=int(2 * self.rate * (self.seconds + 2)) + 100,
            seconds=self.seconds,
            rate=self.rate,
            port=self.port,
            authorization=self.authorization,
            pids=self.pids,
        )
        beats: list[str] = []
        time.sleep(BETWEEN_S)
        with _watching(self.port, cookie, beats) if name == SOMEBODY else nullcontext():
            result = child("generator", spec)
        within = counted(result)
        orders = sum(map(accepted, within))
        if not orders or orders < len(within):
            raise BenchError(f"{len(within) - orders} of {len(within)} orders were not accepted")
        if name == SOMEBODY and len(set(beats)) < self.seconds / 2:
            raise BenchError(f"the open page was told {len(set(beats))} times only")
        latencies = sorted(answer.latency_s for answer in within)
        window_s = result.window[1] - result.window[0]
        spent = sum(seconds for who, seconds in result.cpu_s.items() if who not in (OTHERS, "generator"))
        p99_ms = 1000 * latencies[int(len(latencies) * 0.99)]
        return Half(name, orders / window_s, 1e6 * spent / orders, p99_ms, len(beats))


@contextmanager
def _watching(port: int, cookie: str, beats: list[str]) -> Iterator[None]:
    """An open overview: its events, one after another, as its browser gets them."""
    caller = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    caller.request("GET", "/live", headers={"Cookie": cookie})
    answer = caller.getresponse()
    closing = threading.Event()

    def read() -> None:
        with suppress(OSError, ValueError, AttributeError, http.client.HTTPException):
            while not closing.is_set() and (line := answer.readline()):
                if line.startswith(b"data:"):
                    beats.append(line.decode())

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield
    finally:
        closing.set()
        thread.join(5)
        caller.close()


def _logged_in(url: str, port: int) -> str:
    """The cookie of a reader."""

    async def link() -> str:
        async with open_onhand(url, pool_size=2) as onhand:
            await users.put(onhand, USER, ["read", "operate"])
            return await users.link(onhand, USER)

    caller = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    caller.request("GET", f"/enter/{asyncio.run(link())}")
    answer = caller.getresponse()
    answer.read()
    caller.close()
    return (answer.getheader("set-cookie") or "").partition(";")[0]


async def _logged_out(url: str) -> None:
    async with open_onhand(url, pool_size=2) as onhand:
        with suppress(LookupError):
            if USER in [each.name for each in await users.every(onhand)]:
                await users.remove(onhand, USER)
