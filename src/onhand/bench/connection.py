"""HTTP/1.1 on keep-alive connections, as cheap as Python can: requests are bytes made beforehand, answers are cut out.

Not a general client: it speaks to a server that says Content-Length, and fails loudly otherwise.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol, cast

END = b"\r\n\r\n"
LENGTH = b"content-length:"


class Sink(Protocol):
    """Who is told what came."""

    def answered(self, connection: "Connection", number: int, status: int, body: bytes) -> None: ...

    def lost(self, connection: "Connection", numbers: list[int]) -> None: ...


class Connection(asyncio.Protocol):
    """One connection; answers come in the order of the requests."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._waiting: deque[int] = deque()
        self._buffer = b""
        self.transport: asyncio.Transport | None = None

    @property
    def in_flight(self) -> int:
        return len(self._waiting)

    def send(self, number: int, request: bytes) -> None:
        self._waiting.append(number)
        assert self.transport is not None  # noqa: S101  nothing is sent before it is made
        self.transport.write(request)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is not derived from it

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.transport = None
        numbers = list(self._waiting)
        self._waiting.clear()
        self._sink.lost(self, numbers)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        at = 0
        while (head_end := buffer.find(END, at)) >= 0:
            body_at = head_end + 4
            body_end = body_at + content_length(buffer[at:head_end])
            if len(buffer) < body_end:
                break
            number = self._waiting.popleft()
            self._sink.answered(self, number, int(buffer[at + 9 : at + 12]), buffer[body_at:body_end])
            at = body_end
        self._buffer = buffer[at:]


def content_length(head: bytes) -> int:
    """Raises ValueError when the head does not say it."""
    lowered = head.lower()
    at = lowered.index(LENGTH) + len(LENGTH)
    end = lowered.find(b"\r\n", at)
    return int(lowered[at : end if end >= 0 else None])


async def connect(make: Callable[[], Connection], port: int, count: int) -> list[Connection]:
    """So many open connections to this machine. Raises OSError."""
    loop = asyncio.get_running_loop()
    made = await asyncio.gather(*(loop.create_connection(make, "127.0.0.1", port) for _ in range(count)))
    return [connection for _, connection in made]
