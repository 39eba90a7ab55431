"""HTTP on the wire: uvicorn's httptools protocol, with a limit on the head and problems instead of plain text."""

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

    def data_received(self, data: bytes) -> None:
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
