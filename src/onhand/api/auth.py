"""Who asks, and whether they may: API keys by their SHA-256, kept in the process for a few seconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

from onhand.api.refusal import Refusal
from onhand.engine.directory import NotAtHandError
from onhand.services import keys
from onhand.services.context import Onhand

KEPT_S = 5.0  # how long a revoked key may still pass
ASKED_AGAIN_S = 2.5  # before its end
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
        self._digest_of: dict[bytes, bytes] = {}  # of Authorization headers with valid keys
        self._asking: dict[bytes, asyncio.Task[Caller | None]] = {}

    def at_hand(self, authorization: bytes | None) -> Caller:
        """A caller seen lately. Raises NotAtHandError: of any other, caller can tell.

        A key in use is asked for again before it is forgotten, so that its requests never have to wait.
        """
        digest = self._digest_of.get(authorization or b"")
        kept = self._valid.get(digest) if digest is not None else None
        left_s = kept[0] - self._clock() if kept is not None else 0.0
        if digest is None or kept is None or left_s <= 0.0:
            raise NotAtHandError
        if left_s < ASKED_AGAIN_S and digest not in self._asking:
            self._ask(digest)
        return kept[1]

    async def caller(self, authorization: bytes | None) -> Caller:
        """Raises Refusal: UNAUTHENTICATED."""
        key = bearer(authorization)
        if key is None:
            raise _unauthenticated("Send an API key: Authorization: Bearer KEY.", b'Bearer realm="onhand"')
        digest, now = keys.digest(key), self._clock()
        if (kept := self._valid.get(digest)) and kept[0] > now:
            _keep(self._digest_of, authorization or b"", digest)
            return kept[1]
        found = None if self._invalid.get(digest, 0.0) > now else await self._ask(digest)
        if found is None:
            challenge = b'Bearer realm="onhand", error="invalid_token"'
            raise _unauthenticated("The API key is not valid.", challenge)
        return found

    def _ask(self, digest: bytes) -> Awaitable[Caller | None]:
        """One question to the database, however many wait for the answer."""

        def asked(task: asyncio.Task[Caller | None]) -> None:
            self._asking.pop(digest)
            if not task.cancelled():
                task.exception()  # Whoever waits for it sees it; where nobody does, the next request asks again.

        if digest not in self._asking:
            self._asking[digest] = asyncio.create_task(self._find(digest))
            self._asking[digest].add_done_callback(asked)
        return asyncio.shield(self._asking[digest])

    async def _find(self, digest: bytes) -> Caller | None:
        row = await keys.find(self._onhand, digest)
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
