"""What a handler gives back: status, body and headers, ready for the wire."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import msgspec

from onhand.services.submitting import Reply

Headers = tuple[tuple[bytes, bytes], ...]

JSON: Headers = ((b"content-type", b"application/json"),)
REPLAYED_HEADER = (b"idempotency-replayed", b"true")
REPLAYED: Headers = (*JSON, REPLAYED_HEADER)

_encoder = msgspec.json.Encoder()


class Answer(NamedTuple):
    """stream: what is sent instead of body, part by part, until it ends or the caller goes."""

    status: int
    body: bytes
    headers: Headers = JSON
    stream: AsyncIterator[bytes] | None = None


def ok(answer: Any, status: int = 200) -> Answer:  # noqa: ANN401  anything that msgspec encodes
    """An answer as JSON."""
    return Answer(status, _encoder.encode(answer))


def of_reply(reply: Reply[Any], status: int) -> Answer:
    """A service's reply as JSON; it says so when it is that of an earlier request."""
    return Answer(status, _encoder.encode(reply.answer), REPLAYED if reply.replayed else JSON)
