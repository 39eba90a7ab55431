"""What every service works with. Opened once per process."""

from asyncio import Lock
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from psycopg_pool import AsyncConnectionPool

from onhand.cache.local import Local
from onhand.cache.port import Alone
from onhand.cache.valkey import Valkey
from onhand.db.connect import pool
from onhand.db.query import Connection
from onhand.domain.ids import Id
from onhand.domain.level import Level
from onhand.engine.batch import utc_now
from onhand.engine.directory import Directory
from onhand.engine.engine import Engine
from onhand.services.display import Display
from onhand.services.outlook import Outlook

CELL = 0  # one machine, one cell


@dataclass
class Measuring:
    """Who measures a warehouse; began: when the last one did, by time.monotonic()."""

    lock: Lock
    began: float = float("-inf")


@dataclass(frozen=True)
class Onhand:
    """The open installation: pool for reads and settings, engine for stock, directory for names."""

    url: str
    pool: AsyncConnectionPool[Connection]
    engine: Engine
    directory: Directory
    display: Display
    outlook: Outlook
    now: Callable[[], datetime] = utc_now
    measuring: dict[Id, Measuring] = field(default_factory=dict)


async def _days_until_shipped(
    outlook: Outlook, now: Callable[[], datetime], connection: Connection
) -> Mapping[Id, int]:
    return await outlook.calendars.days_until_shipped(connection, now())


def _seen(display: Display, outlook: Outlook, levels: Iterable[Level], held_s: float) -> None:
    display.seen(levels, held_s)
    outlook.seen(levels)


@asynccontextmanager
async def open_onhand(
    url: str, *, pool_size: int = 8, now: Callable[[], datetime] = utc_now, redis_url: str | None = None
) -> AsyncIterator[Onhand]:
    """Open on a migrated database; on leaving, finish what was accepted and close. Raises psycopg.OperationalError.

    redis_url: Valkey or Redis through which processes tell each other what is available. It need not be there.
    """
    async with pool(url, size=pool_size) as connections:
        directory = Directory(connections)
        local = Local()
        shared = Alone() if redis_url is None else Valkey(redis_url, local, directory.skus)
        async with (
            Display(url, CELL, local, shared) as display,
            aclosing(Outlook(connections, directory, CELL)) as outlook,
            Engine(url, directory, now=now, seen=partial(_seen, display, outlook)) as engine,
        ):
            directory.days_until_shipped = partial(_days_until_shipped, outlook, now)
            yield Onhand(url, connections, engine, directory, display, outlook, now)
