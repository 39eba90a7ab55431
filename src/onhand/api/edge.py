"""The outermost layer: names each request, measures it, logs it, and lets nothing but answers out."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

import structlog

from onhand.api import metrics
from onhand.api.answer import Answer
from onhand.api.problems import answer_of, make
from onhand.api.request_id import new_request_id

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

EXCHANGE = "onhand"  # the key in the scope
NOT_MODIFIED = 304  # has no body, and no length: that of the body it stands for is not known (RFC 9110, 8.6)
WITHOUT_LENGTH = frozenset({204, NOT_MODIFIED})
TO_BE_EXPECTED = frozenset({409})  # sold out is business, not news

log = structlog.get_logger("onhand.access")


class Exchange:
    """One request and what becomes of it."""

    __slots__ = ("began_s", "request_id", "route", "status")

    def __init__(self) -> None:
        self.request_id = new_request_id()
        self.route = metrics.UNMATCHED
        self.status = 0
        self.began_s = time.perf_counter()


async def send_stream(receive: Receive, send: Send, answer: Answer, stream: AsyncIterator[bytes]) -> None:
    """Send the parts as they come; stop when the caller goes."""
    await send({"type": "http.response.start", "status": answer.status, "headers": [*answer.headers]})

    async def parts() -> None:
        async for part in stream:
            await send({"type": "http.response.body", "body": part, "more_body": True})

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    tasks = {asyncio.create_task(parts()), asyncio.create_task(gone())}
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()
    await send({"type": "http.response.body", "body": b""})


async def send_answer(send: Send, answer: Answer) -> None:
    headers = [*answer.headers]
    if answer.status not in WITHOUT_LENGTH:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


class Edge:
    """An ASGI application around another. Paths reach the router undecoded: a parameter may then hold a slash."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = Exchange()
        head = scope["method"] == "HEAD"
        inner = {
            **scope,
            "path": scope["raw_path"].decode("ascii"),
            "method": "GET" if head else scope["method"],  # The server sends no body to HEAD.
            EXCHANGE: exchange,
        }

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", exchange.request_id.encode())]
            await send(message)

        try:
            await self._app(inner, receive, send_named)
        except Exception:
            if exchange.status:  # Half an answer is out: only a broken connection can tell the caller.
                raise
            log.exception("request_failed", request_id=exchange.request_id)
            await send_answer(send_named, answer_of(make("INTERNAL", "The server failed.", exchange.request_id)))
        finally:
            record(scope["method"], exchange)


def record(method: str, exchange: Exchange) -> None:
    """Measure and log a request that has been answered."""
    seconds = time.perf_counter() - exchange.began_s
    status = exchange.status
    metrics.observe(method, exchange.route, status, seconds)
    _level(status)(
        "request",
        method=method,
        route=exchange.route,
        status=status,
        ms=round(seconds * 1000, 2),
        request_id=exchange.request_id,
    )


def _level(status: int) -> Callable[..., Any]:
    if status < 400 or status in TO_BE_EXPECTED:
        return log.debug  # type: ignore[no-any-return]
    return log.warning if status >= 500 else log.info  # type: ignore[no-any-return]
