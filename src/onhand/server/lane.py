"""The thin lane: the routes that carry the load go from the parser to their handler without the framework.

Same port, same connections, same parser (httptools in uvicorn's protocol), same checks, errors, keys and metrics: only
ASGI and the router are left out. Anything that is not plainly one of these routes takes the usual way.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from onhand.api import table
from onhand.api.answer import Answer
from onhand.api.edge import Exchange, record
from onhand.api.route import Route
from onhand.api.serving import Desk
from onhand.domain.limits import BODY_MAX_BYTES
from onhand.server.protocol import Protocol

HOT = (
    "POST /v1/reservations",
    "POST /v1/reservations/batch",
    "POST /v1/reservations/{reservation_id}/release",
    "POST /v1/reservations/{reservation_id}/fulfill",
    "GET /v1/availability/{sku}",
    "POST /v1/availability",
)
STREAM = b"GET /v1/availability/stream"  # looks like a SKU and is none
_ROUTES = {f"{route.method} {route.path}": route for route in table.ROUTES}
_EXACT: dict[bytes, Route] = {name.encode(): _ROUTES[name] for name in HOT if "{" not in name}
_PATTERNS = [
    (re.compile(re.sub(rb"\\{(\w+)\\}", rb"(?P<\1>[^/?]+)", re.escape(name.encode()))), _ROUTES[name])
    for name in HOT
    if "{" in name
]
_NO_PARAMETERS: Mapping[str, str] = {}


def match(method: bytes, url: bytes) -> tuple[Route, Mapping[str, str], bytes] | None:
    """The hot route of a request, its path parameters as they came, and its query string."""
    path, _, query = url.partition(b"?")
    asked = method + b" " + path
    if asked == STREAM:
        return None
    if (route := _EXACT.get(asked)) is not None:
        return route, _NO_PARAMETERS, query
    for pattern, candidate in _PATTERNS:
        if (found := pattern.fullmatch(asked)) is not None:
            return candidate, {name: value.decode("latin-1") for name, value in found.groupdict().items()}, query
    return None


class LaneCycle:
    """One request of the lane. To uvicorn's protocol it looks like one of its own."""

    def __init__(self, protocol: "LaneProtocol", route: Route, scope: dict[str, Any], *, keep_alive: bool) -> None:
        self.protocol = protocol
        self.route = route
        self.scope = scope
        self.keep_alive = keep_alive
        self.parts: list[bytes] = []
        self.size = 0
        self.more_body = True
        self.disconnected = False
        self.response_complete = False
        self.message_event = asyncio.Event()
        self.exchange = Exchange()

    async def run_asgi(self, app: object) -> None:
        """Serve and write the answer. The name is the one that uvicorn's protocol calls."""
        del app
        exchange = self.exchange
        exchange.route = self.route.path
        answer = await self.protocol.desk.serve(self.route, self.scope, self._receive, exchange.request_id)
        exchange.status = answer.status
        record(self.route.method, exchange)
        if self.protocol.flow.write_paused:  # A caller that does not read what it asked for waits, not our memory.
            await self.protocol.flow.drain()
        self._write(answer)

    def take(self, body: bytes) -> None:
        """Keep the body as far as it may go and one part more, which tells that it went too far."""
        if self.size <= BODY_MAX_BYTES:
            self.parts.append(body)
        self.size += len(body)

    async def _receive(self) -> dict[str, Any]:
        while self.more_body and not self.disconnected and self.size <= BODY_MAX_BYTES:
            self.protocol.flow.resume_reading()
            await self.message_event.wait()
            self.message_event.clear()
        if self.disconnected:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"".join(self.parts)}

    def _write(self, answer: Answer) -> None:
        self.response_complete = True
        if self.disconnected:
            return
        keep_alive = self.keep_alive and (b"connection", b"close") not in answer.headers
        lines = [STATUS_LINE[answer.status]]
        for name, value in (*self.protocol.server_state.default_headers, *answer.headers):
            if name != b"connection":
                lines += (name, b": ", value, b"\r\n")
        lines.append(b"content-length: %d\r\nx-request-id: " % len(answer.body))
        lines.append(self.exchange.request_id.encode())
        lines.append(b"\r\n\r\n" if keep_alive else b"\r\nconnection: close\r\n\r\n")
        lines.append(answer.body)
        self.protocol.transport.write(b"".join(lines))
        if not keep_alive:
            self.protocol.transport.close()
        self.protocol.on_response_complete()


class LaneProtocol(Protocol):
    """One connection; its hot requests take the lane."""

    def __init__(self, *arguments: Any, desk: Desk, **named: Any) -> None:  # noqa: ANN401  uvicorn's signature
        super().__init__(*arguments, **named)
        self.desk = desk
        self.cycle: Any  # one of uvicorn's, or a LaneCycle

    def on_headers_complete(self) -> None:
        found = None
        if not self.expect_100_continue and not self.parser.should_upgrade():
            found = match(self.parser.get_method(), self.url)
        if found is None:
            super().on_headers_complete()
            return
        self._head_is_over()
        route, parameters, query = found
        scope = {"headers": self.headers, "path_params": parameters, "query_string": query}
        keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        before, self.cycle = self.cycle, LaneCycle(self, route, scope, keep_alive=keep_alive)
        if before is not None and not before.response_complete:
            self.flow.pause_reading()  # uvicorn starts it when its turn comes
            self.pipeline.appendleft((self.cycle, self.app))
        else:
            self._start_asgi_task(self.cycle, self.app)

    def on_body(self, body: bytes) -> None:
        cycle = self.cycle
        if not isinstance(cycle, LaneCycle):
            super().on_body(body)
            return
        if not cycle.response_complete:
            cycle.take(body)
            cycle.message_event.set()

    def on_message_complete(self) -> None:
        cycle = self.cycle
        if not isinstance(cycle, LaneCycle):
            super().on_message_complete()
            return
        cycle.more_body = False
        cycle.message_event.set()
