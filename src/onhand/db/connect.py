"""Connections to PostgreSQL: how values cross the wire, dedicated connections, and a pool for everything else."""

from typing import Any

import msgspec
from psycopg.adapt import Buffer, Dumper, Loader
from psycopg.pq import Format
from psycopg.types.array import ListBinaryDumper
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg.types.numeric import Int8BinaryDumper
from psycopg_pool import AsyncConnectionPool

from onhand.db import arrays
from onhand.db.exchange import ExchangingConnection
from onhand.db.query import Connection
from onhand.domain.ids import Id

UUID_OID = 2950
CONNECT_MAX_S = 5
TRANSACTION_IDLE_MAX_S = 10  # a process that stands still does not keep its row locks for longer
# A peer that vanished without a word is noticed in 25 s, not in 2 hours.
ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}
SESSION = f"SET TIME ZONE 'UTC'; SET idle_in_transaction_session_timeout = '{TRANSACTION_IDLE_MAX_S}s'"
OPTIONS: dict[str, Any] = {
    "autocommit": True,
    "application_name": "onhand",
    "connect_timeout": CONNECT_MAX_S,
    **ALIVE,
}


class _IdDumper(Dumper):
    format = Format.BINARY
    oid = UUID_OID

    def dump(self, obj: Any) -> Buffer:  # noqa: ANN401  psycopg's signature
        return bytes(obj)


class _IdBinaryLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> Id:
        return Id(data)


class _IdTextLoader(Loader):
    format = Format.TEXT

    def load(self, data: Buffer) -> Id:
        return Id.parse(bytes(data).decode())


def _configure(connection: Connection) -> None:
    adapters = connection.adapters
    adapters.register_dumper(Id, _IdDumper)
    adapters.register_loader(UUID_OID, _IdBinaryLoader)
    adapters.register_loader(UUID_OID, _IdTextLoader)
    adapters.register_dumper(int, Int8BinaryDumper)  # One type for all integers: one prepared statement per query.
    adapters.register_dumper(list, ListBinaryDumper)  # The last one registered is the one that is used.
    arrays.register(adapters)
    set_json_loads(msgspec.json.decode, connection)
    set_json_dumps(msgspec.json.encode, connection)


async def connect(url: str) -> ExchangingConnection:
    """A connection of its own, autocommit, UTC. Raises psycopg.OperationalError."""
    connection = await ExchangingConnection.connect(url, **OPTIONS)
    try:
        _configure(connection)
        await connection.execute(SESSION)
    except BaseException:  # Also when whoever wanted it is cancelled: nobody else would close it.
        await connection.close()
        raise
    return connection


async def _configure_pooled(connection: Connection) -> None:
    connection.prepare_threshold = None  # Filters that may be null want a plan for the values at hand.
    _configure(connection)
    await connection.execute(SESSION)


def pool(url: str, *, size: int = 8) -> AsyncConnectionPool[Connection]:
    """A closed pool; open it with `async with`. For reads and for settings, never for stock: that is the engine's."""
    return AsyncConnectionPool(
        url,
        min_size=1,
        max_size=size,
        open=False,
        timeout=10,
        reconnect_timeout=5,  # Its pauses double while it tries: better to give up and start anew with the next caller.
        check=AsyncConnectionPool.check_connection,  # A round trip, so that nobody gets one that died with PostgreSQL.
        kwargs=OPTIONS,
        configure=_configure_pooled,
    )
