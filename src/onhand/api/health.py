"""Is it alive, is it ready, and what does Prometheus want to know."""

import asyncio
import os

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from onhand.api.answer import Answer, Headers, ok
from onhand.api.refusal import Refusal
from onhand.api.route import Call

READY_MAX_S = 3.0
RETRY_AFTER: Headers = ((b"retry-after", b"2"),)
UNREACHABLE = "The database cannot be reached."

_migrated: set[str] = set()  # URLs that lacked nothing; migrations only go forward, so once is enough


class Live(msgspec.Struct):
    status: str = "live"


class Ready(msgspec.Struct):
    status: str = "ready"
    database: str = "reachable"
    migrations: str = "applied"


async def live(call: Call) -> Answer:
    """The process answers. The database is none of its business: restarting us would not mend that."""
    del call
    return ok(Live())


async def ready(call: Call) -> Answer:
    """Raises Refusal: DATABASE_UNAVAILABLE, NOT_MIGRATED."""
    try:
        async with asyncio.timeout(READY_MAX_S):
            lacking = await _lacking(call)
    except Exception as error:
        raise Refusal("DATABASE_UNAVAILABLE", UNREACHABLE, headers=RETRY_AFTER) from error
    if lacking:
        detail = f"Migrations are lacking: {', '.join(lacking)}. Run `onhand migrate`."
        raise Refusal("NOT_MIGRATED", detail, headers=RETRY_AFTER)
    return ok(Ready())


async def _lacking(call: Call) -> list[str]:
    url = call.onhand.url
    async with call.onhand.pool.connection(READY_MAX_S) as connection:
        await connection.execute("SELECT 1")
    if url in _migrated:
        return []
    lacking = await asyncio.to_thread(call.pending, url)
    if not lacking:
        _migrated.add(url)
    return lacking


async def metrics(call: Call) -> Answer:
    """Sums over all processes of the server when they share PROMETHEUS_MULTIPROC_DIR."""
    del call
    return Answer(200, await asyncio.to_thread(_metrics), ((b"content-type", CONTENT_TYPE_LATEST.encode()),))


def _metrics() -> bytes:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
