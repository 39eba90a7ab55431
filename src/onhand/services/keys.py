"""API keys: shown once, kept as SHA-256 only (they carry 256 random bits, so nothing slower is needed)."""

import hashlib
import secrets
from collections.abc import Sequence

from psycopg import errors as pg

from onhand.db import queries_api_key as q
from onhand.domain.errors import AlreadyExists, Unknown
from onhand.engine.engine import new_id
from onhand.services.context import Onhand

SCOPES = ("read", "reserve", "operate", "admin")
PREFIX = "onhand_"


def digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


async def create(onhand: Onhand, name: str, scopes: Sequence[str]) -> str:
    """Make a key and return it; it cannot be read again. Raises AlreadyExists."""
    key = PREFIX + secrets.token_urlsafe(32)
    async with onhand.pool.connection() as connection:
        try:
            await q.INSERT_API_KEY.run(
                connection, key_id=new_id(), name=name, digest=digest(key), scopes=list(scopes), now=onhand.now()
            )
        except pg.UniqueViolation:
            raise AlreadyExists("key", name) from None
    return key


async def put(onhand: Onhand, name: str, key: str, scopes: Sequence[str]) -> None:
    """Let a key chosen elsewhere (ONHAND_ADMIN_KEY, the demo's) be valid under this name."""
    async with onhand.pool.connection() as connection:
        await q.PUT_API_KEY.run(
            connection, key_id=new_id(), name=name, digest=digest(key), scopes=list(scopes), now=onhand.now()
        )


async def find(onhand: Onhand, digest: bytes) -> q.ApiKeyRow | None:
    """Name and scopes of a valid key, by its digest."""
    async with onhand.pool.connection() as connection:
        return await q.FIND_API_KEY.first(connection, digest=digest)


async def every(onhand: Onhand) -> list[q.ApiKeyInfoRow]:
    async with onhand.pool.connection() as connection:
        return await q.LIST_API_KEYS.all(connection)


async def revoke(onhand: Onhand, name: str) -> None:
    """Raises Unknown."""
    async with onhand.pool.connection() as connection:
        if not await q.REVOKE_API_KEY.run(connection, name=name, now=onhand.now()):
            raise Unknown("key", name)
