"""From a request on the wire to its handler: key, query, Idempotency-Key, body, in this order."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from onhand.api import decoding, problems
from onhand.api.answer import Answer
from onhand.api.auth import Caller, Keys, must_hold
from onhand.api.refusal import Refusal, invalid
from onhand.api.route import Begin, Call, Pending, Respond, Route
from onhand.domain.limits import BODY_MAX_BYTES, IDEMPOTENCY_KEY_MAX_CHARS
from onhand.services.context import Onhand
from onhand.services.names import NOTHING

Receive = Callable[[], Awaitable[Mapping[str, Any]]]

NOBODY = Caller("anonymous", frozenset())
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
DRAINED_MAX_BYTES = 64 * 1024 * 1024  # of a refused body that is read to its end, so that the caller sees the answer
VISIBLE = re.compile(rb"[\x21-\x7e]+")
TOO_LARGE = f"The body is larger than {BODY_MAX_BYTES:,} bytes."


class Desk:
    """Serves every route of one process."""

    def __init__(self, onhand: Onhand, pending: Pending) -> None:
        self.onhand = onhand
        self.pending = pending
        self.keys = Keys(onhand)

    async def serve(self, route: Route, scope: Mapping[str, Any], receive: Receive, request_id: str) -> Answer:
        """The answer of the route, or a problem. Never raises."""
        try:
            headers = headers_of(scope["headers"])
            caller = await self.keys.caller(headers.get(b"authorization")) if route.scopes else NOBODY
            call = self._call(route, caller, headers, scope["path_params"], scope["query_string"])
            if route.method in WITH_BODY:
                body = checked_body(route, headers, await read_body(headers, receive))
                call = call._replace(body=body)
            return await route.handle(call)
        except Exception as error:  # noqa: BLE001  the one place where every error becomes a problem
            return await problems.answer(self.onhand, error, request_id)

    def begin(
        self,
        route: Route,
        begin: Begin,
        headers: Mapping[bytes, bytes],
        path: Mapping[str, str],
        query: bytes,
        body: bytes,
        respond: Respond,
    ) -> None:
        """As serve, for a hot route whose body is there: without waiting.

        Raises Refusal, DomainError; NotAtHandError: serve can do it.
        """
        caller = self.keys.at_hand(headers.get(b"authorization"))
        call = self._call(route, caller, headers, path, query)
        if route.method in WITH_BODY:
            call = call._replace(body=checked_body(route, headers, body))
        begin(call, respond, NOTHING)

    def _call(
        self, route: Route, caller: Caller, headers: Mapping[bytes, bytes], path: Mapping[str, str], query: bytes
    ) -> Call:
        """All but the body. Raises Refusal."""
        if route.scopes:
            must_hold(caller, route.scopes)
        return Call(
            self.onhand,
            caller.actor,
            decoding.path(path),
            decoding.query(query, route.query),
            b"",
            idempotency_key(headers.get(b"idempotency-key")) if route.method != "GET" else None,
            self.pending,
            headers.get(b"if-none-match", b""),
            headers.get(b"accept-language", b""),
        )


def headers_of(given: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Those given twice are joined, as RFC 9110 has it: two keys are then one bad key, not a choice of ours."""
    headers: dict[bytes, bytes] = {}
    for name, value in given:
        headers[name] = headers[name] + b", " + value if name in headers else value
    return headers


def idempotency_key(value: bytes | None) -> str | None:
    """Raises Refusal."""
    if value is None:
        return None
    if not VISIBLE.fullmatch(value) or len(value) > IDEMPOTENCY_KEY_MAX_CHARS:
        detail = f"1 to {IDEMPOTENCY_KEY_MAX_CHARS} visible ASCII characters, without spaces."
        raise invalid("Idempotency-Key", "INVALID_VALUE", detail)
    return value.decode("ascii")


async def read_body(headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
    """The whole body, refused as soon as it is known to be too large. Raises Refusal."""
    must_be_small(headers)
    return await _read(receive)


def must_be_small(headers: Mapping[bytes, bytes]) -> None:
    """Raises Refusal."""
    announced = int(headers.get(b"content-length", b"0"))
    if announced > BODY_MAX_BYTES:
        close = ((b"connection", b"close"),) if announced > DRAINED_MAX_BYTES else ()
        raise Refusal("BODY_TOO_LARGE", TOO_LARGE, headers=close)


def checked_body(route: Route, headers: Mapping[bytes, bytes], body: bytes) -> bytes:
    """Raises Refusal."""
    if len(body) > BODY_MAX_BYTES:
        raise Refusal("BODY_TOO_LARGE", TOO_LARGE)
    if body:
        must_be_json(headers)
    elif route.optional_body:
        return b"{}"
    return body


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":  # What came so far is not what the caller meant.
            raise Refusal("MALFORMED_REQUEST", "The caller went away in the middle of the body.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_MAX_BYTES:
            raise Refusal("BODY_TOO_LARGE", TOO_LARGE)
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def must_be_json(headers: Mapping[bytes, bytes]) -> None:
    """Raises Refusal."""
    if headers.get(b"content-type") == b"application/json" and b"content-encoding" not in headers:
        return
    media_type, _, parameters = headers.get(b"content-type", b"").lower().partition(b";")
    charset = parameters.strip().removeprefix(b"charset=").strip(b'"')
    if media_type.strip() != b"application/json" or charset not in {b"", b"utf-8", b"utf8"}:
        raise Refusal("UNSUPPORTED_MEDIA_TYPE", "Send the body as Content-Type: application/json.")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Refusal("UNSUPPORTED_MEDIA_TYPE", "Send the body without Content-Encoding.")
