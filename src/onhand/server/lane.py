"""The thin lane: the routes that carry the load go from the parser to their handler without framework and task.

Same port, same connections, same parser (httptools in uvicorn's protocol), same checks, errors, keys and metrics: only
ASGI, the router and asyncio's tasks are left out. Anything that is not plainly one of these routes takes the usual way.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from onhand.api import problems, table
from onhand.api.answer import Answer, Headers
from onhand.api.edge import NOT_MODIFIED, Exchange, record
from onhand.api.refusal import Refusal
from onhand.api.route import Begin, Route, Told
from onhand.api.serving import Desk, headers_of, must_be_small
from onhand.domain.limits import BODY_MAX_BYTES
from onhand.engine.directory import NotAtHandError
from onhand.server.protocol import Protocol

_HOT = {f"{route.method} {route.path}": (route, route.begin) for route in table.ROUTES if route.begin is not None}
_EXACT: dict[bytes, tuple[Route, Begin]] = {name.encode(): hot for name, hot in _HOT.items() if "{" not in name}
# A path of its own, though it looks like one of the patterns: availability/stream is no SKU.
_OTHERS = {f"{route.method} {route.path}".encode() for route in table.ROUTES if route.begin is None}
_PATTERNS = [
    (re.compile(re.sub(rb"\\{(\w+)\\}", rb"(?P<\1>[^/?]+)", re.escape(name.encode()))), hot)
    for name, hot in _HOT.items()
    if "{" in name
]
_NO_PARAMETERS: Mapping[str, str] = {}


def match(method: bytes, url: bytes) -> tuple[Route, Begin, Mapping[str, str], bytes] | None:
    """The hot route of a request, its path parameters as they came, and its query string."""
    path, _, query = url.partition(b"?")
    asked = method + b" " + path
    if (hot := _EXACT.get(asked)) is not None:
        return *hot, _NO_PARAMETERS, query
    if asked in _OTHERS:
        return None
    for pattern, hot in _PATTERNS:
        if (found := pattern.fullmatch(asked)) is not None:
            return *hot, {name: value.decode("latin-1") for name, value in found.groupdict().items()}, query
    return None


class LaneCycle:
    """One request of the lane. To uvicorn's protocol it looks like one of its own."""

    __slots__ = (
        "begin",
        "begun",
        "body",
        "disconnected",
        "exchange",
        "headers",
        "keep_alive",
        "more_body",
        "parameters",
        "parts",
        "protocol",
        "query",
        "response_complete",
        "route",
        "served",
        "size",
    )
    message_event = asyncio.Event()  # uvicorn sets it when a connection is lost; nobody waits for it here

    def __init__(
        self,
        protocol: "LaneProtocol",
        hot: tuple[Route, Begin, Mapping[str, str], bytes],
        headers: list[tuple[bytes, bytes]],
        *,
        keep_alive: bool,
    ) -> None:
        self.protocol = protocol
        self.route, self.begin, self.parameters, self.query = hot
        self.headers = headers_of(headers)
        self.keep_alive = keep_alive
        self.parts: list[bytes] = []
        self.size = 0
        self.more_body = True
        self.begun = False
        self.served = False
        self.disconnected = False
        self.response_complete = False
        self.exchange = Exchange()
        self.exchange.route = self.route.path

    def start(self) -> None:
        """Its turn has come: the answers before it on this connection are out."""
        self.begun = True
        if not self.more_body:
            self._serve()
            return
        try:
            must_be_small(self.headers)
        except Refusal as refusal:
            self.served = True
            self.respond(refusal)

    def take(self, body: bytes) -> None:
        """Keep the body as far as it may go and one part more, which tells that it went too far."""
        if self.size <= BODY_MAX_BYTES:
            self.parts.append(body)
        self.size += len(body)
        if self.begun and self.size > BODY_MAX_BYTES:
            self._serve()

    def complete(self) -> None:
        """The body is there."""
        self.more_body = False
        if self.begun:
            self._serve()

    def _serve(self) -> None:
        if self.served:
            return
        self.served = True
        body = self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)
        desk = self.protocol.desk
        try:
            desk.begin(self.route, self.begin, self.headers, self.parameters, self.query, body, self.respond)
        except NotAtHandError:
            self.protocol.keep(self._serve_waiting(body))
        except Exception as error:  # noqa: BLE001  every error is an answer
            self.respond(error)

    async def _serve_waiting(self, body: bytes) -> None:
        scope = {"headers": self.headers.items(), "path_params": self.parameters, "query_string": self.query}

        async def receive() -> Mapping[str, Any]:
            return {"type": "http.request", "body": body}

        desk = self.protocol.desk
        self.respond(await desk.serve(self.route, scope, receive, self.exchange.request_id))

    def respond(self, told: Told) -> None:
        """Write the answer, or the problem that an error is."""
        if isinstance(told, Exception):
            error = told
            try:
                told = problems.answer_at_hand(self.protocol.desk.onhand, error, self.exchange.request_id)
            except NotAtHandError:
                self.protocol.keep(self._respond_waiting(error))
                return
        if self.protocol.flow.write_paused:  # A caller that does not read what it asked for waits, not our memory.
            self.protocol.keep(self._write_waiting(told))
        else:
            self._write(told)

    async def _respond_waiting(self, error: Exception) -> None:
        self.respond(await problems.answer(self.protocol.desk.onhand, error, self.exchange.request_id))

    async def _write_waiting(self, answer: Answer) -> None:
        await self.protocol.flow.drain()
        self._write(answer)

    def _write(self, answer: Answer) -> None:
        exchange = self.exchange
        exchange.status = answer.status
        record(self.route.method, exchange)
        self.response_complete = True
        protocol = self.protocol
        if self.disconnected or protocol.transport.is_closing():
            return
        keep_alive = self.keep_alive and (b"connection", b"close") not in answer.headers
        length = b"" if answer.status == NOT_MODIFIED else b"content-length: %d\r\n" % len(answer.body)
        protocol.transport.write(
            b"%b%bx-request-id: %b\r\n%b\r\n%b"
            % (
                _head(answer.status, answer.headers, protocol.server_state.default_headers),
                length,
                exchange.request_id.encode(),
                b"" if keep_alive else b"connection: close\r\n",
                answer.body,
            )
        )
        if not keep_alive:
            protocol.transport.close()
        protocol.on_response_complete()


_heads: dict[tuple[int, Headers], bytes] = {}
_heads_of: list[Any] = [None]


def _head(status: int, headers: Headers, defaults: list[tuple[bytes, bytes]]) -> bytes:
    """The head of an answer up to its length. uvicorn makes new defaults (the date) every second."""
    if _heads_of[0] is not defaults:
        _heads_of[0] = defaults
        _heads.clear()
    head = _heads.get((status, headers))
    if head is None:
        named = [name + b": " + value + b"\r\n" for name, value in (*defaults, *headers) if name != b"connection"]
        head = _heads[status, headers] = STATUS_LINE[status] + b"".join(named)
    return head


class LaneProtocol(Protocol):
    """One connection; its hot requests take the lane."""

    def __init__(self, *arguments: Any, desk: Desk, **named: Any) -> None:  # noqa: ANN401  uvicorn's signature
        super().__init__(*arguments, **named)
        self.desk = desk
        self.cycle: Any  # one of uvicorn's, or a LaneCycle

    def keep(self, work: Any) -> None:  # noqa: ANN401  a coroutine
        """Run it as a task that the server waits for when it stops."""
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def on_headers_complete(self) -> None:
        hot = None
        if not self.expect_100_continue and not self.parser.should_upgrade():
            hot = match(self.parser.get_method(), self.url)
        if hot is None:
            super().on_headers_complete()
            return
        self._head_is_over()
        keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        before, self.cycle = self.cycle, LaneCycle(self, hot, self.headers, keep_alive=keep_alive)
        if before is not None and not before.response_complete:
            self.flow.pause_reading()  # uvicorn starts it when its turn comes
            self.pipeline.appendleft((self.cycle, self.app))
        else:
            self.cycle.start()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:  # noqa: ANN401  uvicorn's signature
        if isinstance(cycle, LaneCycle):
            cycle.start()
        else:
            super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        cycle = self.cycle
        if not isinstance(cycle, LaneCycle):
            super().on_body(body)
        elif not cycle.response_complete:
            cycle.take(body)

    def on_message_complete(self) -> None:
        cycle = self.cycle
        if not isinstance(cycle, LaneCycle):
            super().on_message_complete()
        else:
            cycle.complete()
