"""Server-sent events (WHATWG HTML, 9.2): availability as it changes."""

import asyncio
from collections.abc import AsyncIterator

import msgspec

from onhand.api.answer import Answer
from onhand.api.display import etag
from onhand.api.queries import StreamParameters
from onhand.api.refusal import invalid
from onhand.api.route import Call
from onhand.domain.errors import Overloaded
from onhand.domain.limits import (
    AVAILABILITY_STREAM_S,
    AVAILABILITY_STREAM_SKUS_MAX,
    AVAILABILITY_STREAMS_MAX,
)
from onhand.services import answers, availability
from onhand.services.context import Onhand

LOOK_EVERY_S = 0.25  # for what other processes do, where nobody tells of it
HEADERS = ((b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"))

_encoder = msgspec.json.Encoder()
_open: set["_Page"] = set()


class _Page:
    """An open page."""

    over = False


def end_all() -> None:
    """The process stops: pages end when they look next, not after their half minute. Each connects anew, elsewhere."""
    for page in _open:
        page.over = True


async def stream(call: Call) -> Answer:
    """Raises Refusal, Unknown, Overloaded."""
    query: StreamParameters = call.query
    skus = list(dict.fromkeys(sku for sku in query.skus.split(",") if sku))
    if not 1 <= len(skus) <= AVAILABILITY_STREAM_SKUS_MAX:
        detail = f"Give 1 to {AVAILABILITY_STREAM_SKUS_MAX} SKUs."
        raise invalid("skus", "INVALID_LENGTH", detail)
    if len(_open) >= AVAILABILITY_STREAMS_MAX:
        raise Overloaded
    first = await availability.many(call.onhand, skus)
    return Answer(200, b"", HEADERS, stream=_events(call.onhand, skus, first))


async def _events(onhand: Onhand, skus: list[str], first: list[answers.Availability]) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    until_s = loop.time() + AVAILABILITY_STREAM_S
    shown: dict[str, bytes] = {}
    me = _Page()
    _open.add(me)
    try:
        with onhand.display.local.watching(onhand.display.products(skus)) as changed:
            seen = first
            while not me.over:
                news = [answer for answer in seen if shown.get(answer.sku) != etag(answer)]
                if news:
                    shown |= {answer.sku: etag(answer) for answer in news}
                    yield b"".join(b"data: " + _encoder.encode(answer) + b"\n\n" for answer in news)
                left_s = until_s - loop.time()
                if left_s <= 0:
                    return
                try:
                    async with asyncio.timeout(min(left_s, LOOK_EVERY_S)):
                        await changed.wait()
                except TimeoutError:
                    pass
                changed.clear()
                seen = await availability.many(onhand, skus)
    finally:
        _open.discard(me)
