"""HTTP on the wire: uvicorn's httptools protocol, with a limit on the head and problems instead of plain text."""

import asyncio
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from onhand.api.problems import answer_of, make
from onhand.api.request_id import new_request_id

HEAD_MAX_BYTES = 64 * 1024


class Protocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401  uvicorn's signature
        super().__init__(*arguments, **named)
        self._in_head = True
        self._head_bytes = 0
        self.heard_s = self.loop.time()  # when something last came or went on this connection

    @property
    def owes_nothing(self) -> bool:
        """Whether no answer is due: every request that has come whole is answered."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def data_received(self, data: bytes) -> None:
        self.heard_s = self.loop.time()
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes - len(data) > HEAD_MAX_BYTES:  # The newest piece may hold the body as well.
                self.send_400_response(f"The head of the request is larger than {HEAD_MAX_BYTES:,} bytes.")
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_is_over()
        super().on_headers_complete()

    def _head_is_over(self) -> None:
        self._in_head = False
        self._head_bytes = 0

    def on_response_complete(self) -> None:
        """As uvicorn's, but without a timer for each answer: `close_silent` looks after all connections."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.heard_s = self.loop.time()
        self.flow.resume_reading()
        if self.pipeline:
            self.loop.call_soon(self._start_asgi_task, *self.pipeline.pop())

    def send_400_response(self, msg: str) -> None:
        answer = answer_of(make("MALFORMED_REQUEST", msg, request_id := new_request_id()))
        headers = [
            *self.server_state.default_headers,
            *answer.headers,
            (b"content-length", str(len(answer.body)).encode()),
            (b"x-request-id", request_id.encode()),
            (b"connection", b"close"),
        ]
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        self.transport.write(STATUS_LINE[400] + lines + b"\r\n" + answer.body)
        self.transport.close()


async def close_silent(connections: Iterable[object], silent_max_s: float) -> None:
    """Close connections on which nothing has come or gone for so long, unless we owe them an answer; for ever."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(silent_max_s / 10)
        now = loop.time()
        for each in list(connections):
            if isinstance(each, Protocol) and now - each.heard_s > silent_max_s and each.owes_nothing:
                each.transport.close()
