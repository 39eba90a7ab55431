"""People who log in to the pages: passwords as argon2id, sessions and one-time links as SHA-256 of their secret."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from onhand.db import queries_web as q
from onhand.domain.errors import FieldProblem, Invalid, Unknown
from onhand.domain.ids import Id
from onhand.engine.engine import new_id
from onhand.services.context import Onhand
from onhand.services.keys import digest

SESSION_S = 12 * 3600
LINK_S = 24 * 3600
FAILURES_MAX = 5
LOCKED_S = 5 * 60
PASSWORD_MIN_CHARS, PASSWORD_MAX_CHARS = 10, 200

_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash("nobody")  # An unknown name takes as long as a wrong password.


class Locked(Exception):
    """Too many wrong passwords; try again after LOCKED_S seconds."""


async def put(onhand: Onhand, name: str, scopes: Sequence[str]) -> None:
    """Make a user, or give an existing one these scopes."""
    async with onhand.pool.connection() as connection:
        await q.INSERT_WEB_USER.run(connection, user_id=new_id(), name=name, scopes=list(scopes), now=onhand.now())


async def every(onhand: Onhand) -> list[q.WebUserInfoRow]:
    async with onhand.pool.connection() as connection:
        return await q.LIST_WEB_USERS.all(connection)


async def has_password(onhand: Onhand, name: str) -> bool:
    async with onhand.pool.connection() as connection:
        user = await q.FIND_WEB_USER.first(connection, name=name)
    return user is not None and user.password_hash is not None


async def disable(onhand: Onhand, name: str) -> None:
    """Log a user out everywhere and let them in no more, until enable(). Raises Unknown."""
    async with onhand.pool.connection() as connection, connection.transaction():
        if not await q.DISABLE_WEB_USER.run(connection, name=name, now=onhand.now()):
            raise Unknown("user", name)
        await q.END_WEB_SESSIONS.run(connection, name=name, kept_digest=b"")


async def enable(onhand: Onhand, name: str) -> None:
    """Raises Unknown."""
    async with onhand.pool.connection() as connection:
        if not await q.ENABLE_WEB_USER.run(connection, name=name):
            raise Unknown("user", name)


async def remove(onhand: Onhand, name: str) -> None:
    """Forget a user; the ledger goes on naming them. Raises Unknown."""
    async with onhand.pool.connection() as connection:
        if not await q.DELETE_WEB_USER.run(connection, name=name):
            raise Unknown("user", name)


async def change_password(onhand: Onhand, name: str, session: str, current: str, password: str) -> None:
    """A new password, by whoever knows the present one if there is one; every other session and link ends.

    Raises Invalid, Locked: a wrong one counts as a wrong log-in does.
    """
    async with onhand.pool.connection() as connection:
        user = await q.FIND_WEB_USER.first(connection, name=name)
    if user is None:
        raise Unknown("user", name)
    if user.password_hash is not None and not await _proven(onhand, name, current):
        raise Invalid([FieldProblem("current", "INVALID_VALUE", "This is not your present password.")])
    await set_password(onhand, user.user_id, password)
    async with onhand.pool.connection() as connection:
        await q.END_WEB_SESSIONS.run(connection, name=name, kept_digest=digest(session))


async def set_password(onhand: Onhand, user_id: Id, password: str) -> None:
    """Raises Invalid."""
    if not PASSWORD_MIN_CHARS <= len(password) <= PASSWORD_MAX_CHARS:
        detail = f"A password has {PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS} characters."
        raise Invalid([FieldProblem("password", "INVALID_LENGTH", detail)])
    hashed = await asyncio.to_thread(_HASHER.hash, password)
    async with onhand.pool.connection() as connection:
        await q.SET_WEB_PASSWORD.run(connection, user_id=user_id, password_hash=hashed)


async def link(onhand: Onhand, name: str) -> str:
    """A secret that logs this user in once, within LINK_S seconds. Raises Unknown."""
    secret = secrets.token_urlsafe(32)
    async with onhand.pool.connection() as connection:
        user = await q.FIND_WEB_USER.first(connection, name=name)
        if user is None:
            raise Unknown("user", name)
        expires_at = onhand.now() + timedelta(seconds=LINK_S)
        await q.INSERT_WEB_LINK.run(connection, digest=digest(secret), user_id=user.user_id, expires_at=expires_at)
    return secret


async def enter(onhand: Onhand, secret: str) -> str | None:
    """The session that a one-time link opens; None when it was used already or is too old."""
    async with onhand.pool.connection() as connection:
        taken = await q.TAKE_WEB_LINK.first(connection, digest=digest(secret))
    if taken is None or taken.expires_at <= onhand.now():
        return None
    return await _open(onhand, taken.user_id)


async def log_in(onhand: Onhand, name: str, password: str) -> str | None:
    """The secret of a new session; None when name or password is wrong. Raises Locked."""
    user_id = await _proven(onhand, name, password)
    return None if user_id is None else await _open(onhand, user_id)


async def _proven(onhand: Onhand, name: str, password: str) -> Id | None:
    """Who has this name and this password. Raises Locked."""
    now = onhand.now()
    async with onhand.pool.connection() as connection:
        user = await q.CLAIM_WEB_ATTEMPT.first(
            connection,
            name=name,
            now=now,
            failures_max=FAILURES_MAX,
            locked_until=now + timedelta(seconds=LOCKED_S),
        )
        if user is None and await q.FIND_WEB_USER.first(connection, name=name):
            raise Locked
    hashed = user.password_hash if user else None
    right = await asyncio.to_thread(_verify, hashed or _NOBODY, password[:PASSWORD_MAX_CHARS])
    if user is None or hashed is None or not right:
        return None
    async with onhand.pool.connection() as connection:
        await q.CLEAR_WEB_FAILURES.run(connection, user_id=user.user_id)
    return user.user_id


def _verify(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


async def _open(onhand: Onhand, user_id: Id) -> str:
    secret = secrets.token_urlsafe(32)
    expires_at = onhand.now() + timedelta(seconds=SESSION_S)
    async with onhand.pool.connection() as connection:
        await q.INSERT_WEB_SESSION.run(connection, digest=digest(secret), user_id=user_id, expires_at=expires_at)
    return secret


async def of_session(onhand: Onhand, secret: str) -> q.WebSessionRow | None:
    async with onhand.pool.connection() as connection:
        return await q.FIND_WEB_SESSION.first(connection, digest=digest(secret), now=onhand.now())


async def log_out(onhand: Onhand, secret: str) -> None:
    """End this session, and forget those that ran out."""
    async with onhand.pool.connection() as connection:
        await q.DELETE_WEB_SESSION.run(connection, digest=digest(secret), now=onhand.now())
