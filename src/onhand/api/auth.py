"""Who asks, and whether they may: API keys by their SHA-256, kept in the process for a few seconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

from onhand.api.refusal import Refusal
from onhand.services import keys
from onhand.services.context import Onhand

KEPT_S = 5.0  # how long a revoked key may still pass
KEPT_MAX = 10_000  # of valid keys, and of invalid ones
KEY_MAX_CHARS = 500

ADMIN = "admin"

Kept = TypeVar("Kept")


class Caller(NamedTuple):
    actor: str
    scopes: frozenset[str]


class Keys:
    """Valid and invalid keys seen lately. Invalid ones are bounded on their own: guessing pushes no valid key out."""

    def __init__(self, onhand: Onhand, clock: Callable[[], float] = time.monotonic) -> None:
        self._onhand = onhand
        self._clock = clock
        self._valid: dict[bytes, tuple[float, Caller]] = {}
        self._invalid: dict[bytes, float] = {}
        self._asking: dict[bytes, asyncio.Task[Caller | None]] = {}

    async def caller(self, authorization: bytes | None) -> Caller:
        """Raises Refusal: UNAUTHENTICATED."""
        key = bearer(authorization)
        if key is None:
            raise _unauthenticated("Send an API key: Authorization: Bearer KEY.", b'Bearer realm="onhand"')
        digest, now = keys.digest(key), self._clock()
        if (kept := self._valid.get(digest)) and kept[0] > now:
            return kept[1]
        found = None if self._invalid.get(digest, 0.0) > now else await self._ask(digest, key)
        if found is None:
            challenge = b'Bearer realm="onhand", error="invalid_token"'
            raise _unauthenticated("The API key is not valid.", challenge)
        return found

    def _ask(self, digest: bytes, key: str) -> Awaitable[Caller | None]:
        """One question to the database, however many wait for the answer."""
        if digest not in self._asking:
            self._asking[digest] = asyncio.create_task(self._find(digest, key))
            self._asking[digest].add_done_callback(lambda _: self._asking.pop(digest))
        return asyncio.shield(self._asking[digest])

    async def _find(self, digest: bytes, key: str) -> Caller | None:
        row = await keys.find(self._onhand, key)
        until = self._clock() + KEPT_S
        if row is None:
            self._valid.pop(digest, None)
            _keep(self._invalid, digest, until)
            return None
        found = Caller(f"key:{row.name}", frozenset(row.scopes))
        self._invalid.pop(digest, None)
        _keep(self._valid, digest, (until, found))
        return found


def _keep(kept: dict[bytes, Kept], digest: bytes, value: Kept) -> None:
    if len(kept) >= KEPT_MAX:
        kept.clear()
    kept[digest] = value


def bearer(authorization: bytes | None) -> str | None:
    """The key in an Authorization header; None when there is none of our kind."""
    if authorization is None:
        return None
    scheme, _, key = authorization.decode("latin-1").partition(" ")
    key = key.strip()
    return key if scheme.lower() == "bearer" and 0 < len(key) <= KEY_MAX_CHARS else None


def must_hold(caller: Caller, scopes: frozenset[str]) -> None:
    """One of these scopes, or admin. Raises Refusal: FORBIDDEN."""
    if scopes.isdisjoint(caller.scopes) and ADMIN not in caller.scopes:
        needed = " or ".join(sorted(scopes))
        raise Refusal(
            "FORBIDDEN",
            f"The key lacks the scope {needed}.",
            [{"path": "Authorization", "code": "FORBIDDEN", "scope": needed}],
            ((b"www-authenticate", f'Bearer error="insufficient_scope", scope="{needed}"'.encode()),),
        )


def _unauthenticated(detail: str, challenge: bytes) -> Refusal:
    return Refusal("UNAUTHENTICATED", detail, headers=((b"www-authenticate", challenge),))
