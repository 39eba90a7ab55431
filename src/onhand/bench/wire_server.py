"""One server that answers every request with the same bytes: python -m onhand.bench.wire_server KIND PORT

What carries HTTP costs, and nothing else: no key, no database. All answer alike; only the way to the answer differs.
"""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from importlib.util import find_spec
from typing import Any, cast

import httptools
import litestar
import msgspec
import uvicorn
import uvloop

BODY = msgspec.json.encode({"reservation_id": "0193" * 8, "lines": [{"line": 0, "quantity": 1}] * 8})
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
ANSWER = b"HTTP/1.1 201 Created\r\n" + b"".join(b"%b: %b\r\n" % header for header in HEADERS) + b"\r\n" + BODY
BACKLOG = 2_048


class Bare(asyncio.Protocol):
    """A real parser and one write: the least that Python can do."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._transport.write(ANSWER)


async def serve_bare(listener: socket.socket) -> None:
    await (await asyncio.get_running_loop().create_server(Bare, sock=listener)).serve_forever()


Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


async def answer_asgi(_scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """ASGI 3.0, nothing around it. It reads the body, as every handler of ours must."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 201, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


async def answer_rsgi(_scope: Any, protocol: Any) -> None:  # noqa: ANN401  Granian's own interface
    """RSGI 1.5, as Granian calls it."""
    await protocol()
    protocol.response_bytes(201, [(name.decode(), value.decode()) for name, value in HEADERS], BODY)


@litestar.post("/v1/reservations")
async def _answer_route(request: litestar.Request[Any, Any, Any]) -> litestar.Response[bytes]:
    await request.body()
    return litestar.Response(BODY, media_type="application/json", status_code=201)


async def serve_uvicorn(listener: socket.socket, app: Any) -> None:  # noqa: ANN401  an ASGI application
    config = uvicorn.Config(app, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False)
    await uvicorn.Server(config).serve([listener])


def serve_granian(port: int, interface: str, answer: Any) -> None:  # noqa: ANN401  an ASGI or RSGI application
    """In this process. Its listener is its own."""
    from granian.constants import Interfaces  # type: ignore[import-not-found]  # noqa: PLC0415  only where it is there
    from granian.server.embed import Server  # type: ignore[import-not-found]  # noqa: PLC0415

    uvloop.run(
        Server(answer, address="127.0.0.1", port=port, interface=Interfaces(interface), log_enabled=False).serve()
    )


def kinds() -> list[str]:
    """What can be measured here, the least first: Granian only where it is installed (pip install granian)."""
    granian = ["Granian, RSGI", "Granian, ASGI"] if find_spec("granian") else []
    ours = ["uvicorn, ASGI, uvloop", "uvicorn, ASGI, asyncio", "uvicorn, Litestar, uvloop"]
    return ["bare protocol, uvloop", "bare protocol, asyncio", *granian, *ours]


def main(kind: str, port: int) -> None:
    if kind.startswith("Granian"):
        interface = kind.removeprefix("Granian, ").lower()
        serve_granian(port, interface, answer_rsgi if interface == "rsgi" else answer_asgi)
        return
    listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
    run: Callable[[Any], None] = asyncio.run if kind.endswith("asyncio") else uvloop.run
    if kind.startswith("bare"):
        run(serve_bare(listener))
    else:
        app = litestar.Litestar([_answer_route], openapi_config=None) if "Litestar" in kind else answer_asgi
        run(serve_uvicorn(listener, app))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
