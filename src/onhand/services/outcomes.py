"""First outcomes of requests that the engine does not carry out, kept where the engine keeps its own.

One key never stands for two requests, whoever carries them out.
"""

from psycopg import errors as pg

from onhand.db import queries_idempotency as q
from onhand.domain.errors import IdempotencyKeyReused
from onhand.engine.job import Key
from onhand.services.context import CELL, Onhand


async def find(onhand: Onhand, key: Key) -> bytes | None:
    """The outcome kept under this key. Raises IdempotencyKeyReused when it is that of another request."""
    async with onhand.pool.connection() as connection:
        row = await q.READ_IDEMPOTENCY.first(connection, cell=CELL, digests=[key.digest])
    if row is None:
        return None
    if row.request_digest != key.request_digest:
        raise IdempotencyKeyReused
    return row.outcome


async def keep(onhand: Onhand, key: Key, outcome: bytes) -> bool:
    """False: somebody else was first."""
    async with onhand.pool.connection() as connection:
        try:
            await q.INSERT_IDEMPOTENCY.run(
                connection,
                cell=CELL,
                now=onhand.now(),
                digests=[key.digest],
                request_digests=[key.request_digest],
                outcomes=[outcome],
            )
        except pg.UniqueViolation:
            return False
    return True
