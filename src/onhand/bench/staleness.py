"""How long after a commit its number is shown: in the same process, in another, through Valkey."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec

from onhand.bench.database import BenchError
from onhand.bench.histogram import Histogram
from onhand.bench.workload import Shape, sku, warehouse_code
from onhand.services import availability, reservations
from onhand.services.context import Onhand, open_onhand
from onhand.services.requests import NewReservation, ReservationLine

STALE_MAX_S = 5.0
LOOK_EVERY_S = 0.0005
HEARD_S = 1.0
clock = time.perf_counter


class Staleness(msgspec.Struct):
    """From the answer of a commit until its number is shown, in milliseconds."""

    name: str
    commits: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float


async def measure(url: str, shape: Shape, place: str, redis_url: str | None, commits: int) -> list[Staleness]:
    """One installation commits; it and another, which share nothing but the databases, are asked until they know.

    Raises BenchError.
    """
    async with open_onhand(url, redis_url=redis_url) as one, open_onhand(url, redis_url=redis_url) as other:
        await asyncio.sleep(HEARD_S)  # until they hear each other
        own: list[float] = []
        others: list[float] = []
        for number in range(commits):
            named = sku(number % shape.plenty)
            before = (await availability.get(other, named)).available
            await availability.get(one, named)
            line = ReservationLine(quantity=1, sku=named, warehouse=warehouse_code(0))
            await reservations.reserve(one, "key:bench", NewReservation(lines=[line], expires_in_s=1))
            committed = clock()
            took = await asyncio.gather(
                *(_until(partial(_knows, each, named, before), committed) for each in (one, other))
            )
            own.append(took[0])
            others.append(took[1])
    return [_told(f"{place}: same process", own), _told(f"{place}: another process", others)]


async def _knows(onhand: Onhand, named: str, before: int) -> bool:
    return (await availability.get(onhand, named)).available < before


async def _until(known: Callable[[], Awaitable[bool]], since: float) -> float:
    while not await known():
        if clock() - since > STALE_MAX_S:
            raise BenchError(f"a commit was not shown within {STALE_MAX_S:.0f} s")
        await asyncio.sleep(LOOK_EVERY_S)
    return clock() - since


def _told(name: str, seconds: list[float]) -> Staleness:
    histogram = Histogram()
    histogram.record_all(seconds)
    p50, p90, p99 = (histogram.quantile_us(quantile) / 1000 for quantile in (0.5, 0.9, 0.99))
    return Staleness(name, len(seconds), p50, p90, p99, histogram.max_us / 1000)
