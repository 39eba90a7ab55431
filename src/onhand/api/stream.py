"""Server-sent events (WHATWG HTML, 9.2): availability as it changes."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import psycopg
import structlog

from onhand.api import display
from onhand.api.answer import Answer
from onhand.api.display import etag
from onhand.api.hot import awaited
from onhand.api.queries import StreamParameters
from onhand.api.refusal import invalid
from onhand.api.route import Call
from onhand.domain.errors import Overloaded, Unknown
from onhand.domain.limits import (
    AVAILABILITY_STREAM_S,
    AVAILABILITY_STREAM_SKUS_MAX,
    AVAILABILITY_STREAMS_MAX,
)
from onhand.services import answers, availability
from onhand.services.context import Onhand

LOOK_EVERY_S = 0.25  # for what other processes do, where nobody tells of it
LOOKED_AT_ONCE = 250
HEADERS = ((b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"))

_encoder = msgspec.json.Encoder()
_open: set["_Page"] = set()
_looking: set[asyncio.Task[None]] = set()

log = structlog.get_logger()


class _Page:
    """An open page: what it shows, and an event that tells it to look."""

    def __init__(self, skus: list[str], changed: asyncio.Event) -> None:
        self.skus = skus
        self.changed = changed
        self.over = False

    def end(self) -> None:
        """It connects anew by itself."""
        self.over = True
        self.changed.set()


def end_all() -> None:
    """The process stops: pages end now, not after their half minute. Each connects anew, elsewhere."""
    for page in _open:
        page.end()


async def stream(call: Call) -> Answer:
    """Raises Refusal, Unknown, Overloaded."""
    query: StreamParameters = call.query
    if query.skus is None:
        return await _of_that_name(call)
    skus = list(dict.fromkeys(sku for sku in query.skus.split(",") if sku))
    if not 1 <= len(skus) <= AVAILABILITY_STREAM_SKUS_MAX:
        detail = f"Give 1 to {AVAILABILITY_STREAM_SKUS_MAX} SKUs."
        raise invalid("skus", "INVALID_LENGTH", detail)
    if len(_open) >= AVAILABILITY_STREAMS_MAX:
        raise Overloaded
    first = await availability.many(call.onhand, skus)
    return Answer(200, b"", HEADERS, stream=_events(call.onhand, skus, first))


async def _of_that_name(call: Call) -> Answer:
    """A SKU may have the name of this route. Raises Refusal."""
    try:
        return await awaited(display.one)(call._replace(path={"sku": "stream"}))
    except Unknown:
        raise invalid("skus", "MISSING_FIELD", "This field is needed.") from None


async def _events(onhand: Onhand, skus: list[str], first: list[answers.Availability]) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    until_s = loop.time() + AVAILABILITY_STREAM_S
    shown: dict[str, bytes] = {}
    with onhand.display.local.watching(onhand.display.products(skus)) as changed:
        page = _Page(skus, changed)
        _open.add(page)
        _look_for_all(onhand)
        try:
            seen = first
            while not page.over:
                news = [answer for answer in seen if shown.get(answer.sku) != etag(answer)]
                if news:
                    shown |= {answer.sku: etag(answer) for answer in news}
                    yield b"".join(b"data: " + _encoder.encode(answer) + b"\n\n" for answer in news)
                left_s = until_s - loop.time()
                if left_s <= 0:
                    return
                try:
                    async with asyncio.timeout(left_s):
                        await changed.wait()
                except TimeoutError:
                    return
                changed.clear()
                seen = await availability.many(onhand, skus)
        finally:
            _open.discard(page)


def _look_for_all(onhand: Onhand) -> None:
    """One task looks for every page of the process, as long as there is any: what has changed wakes those it is on."""
    if all(task.done() for task in _looking):
        task = asyncio.create_task(_look(onhand))
        _looking.add(task)
        task.add_done_callback(_looking.discard)


async def _look(onhand: Onhand) -> None:
    try:
        warehouses = await onhand.directory.warehouses()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if not _open:
                return
            skus = list(dict.fromkeys(sku for page in _open for sku in page.skus))
            for first in range(0, len(skus), LOOKED_AT_ONCE):
                await onhand.display.stocks(skus[first : first + LOOKED_AT_ONCE])
            before, warehouses = warehouses, await onhand.directory.warehouses()
            if warehouses is not before:
                for page in _open:
                    page.changed.set()
    except psycopg.OperationalError as error:  # A page that hears nothing would believe that nothing has changed.
        log.warning("streams_ended", error=repr(error))
        end_all()
