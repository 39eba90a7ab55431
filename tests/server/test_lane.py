"""The lane of the hot routes on a real server in this process: order, depth, and silent connections."""

import asyncio
import gc
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import psycopg
import pytest
from uvicorn import Config, Server

from onhand.api.app import make_app
from onhand.api.serving import Desk
from onhand.server.lane import LaneProtocol
from onhand.server.protocol import close_silent
from onhand.services import keys
from onhand.services.context import open_onhand
from support.stock import opened

pytestmark = pytest.mark.anyio

KEY = "test-key-of-the-lane-0123456789"
SILENT_MAX_S = 0.4
DEPTH = 3_000
BATCH = "POST /v1/reservations/batch"


@asynccontextmanager
async def lane(url: str) -> AsyncIterator[int]:
    """The port of a server on this database, which closes silent connections after SILENT_MAX_S."""
    async with open_onhand(url) as onhand:
        await keys.put(onhand, "lane", KEY, ["read", "reserve"])
        desk = Desk(onhand, lambda _: [])
        config = Config(
            make_app(desk), http=partial(LaneProtocol, desk=desk), ws="none", lifespan="off", log_config=None
        )
        server = Server(config)
        server.capture_signals = suppress  # type: ignore[method-assign,assignment]  # pytest's own
        with socket.create_server(("127.0.0.1", 0)) as listener:
            serving = asyncio.create_task(server.serve([listener]))
            watching = asyncio.create_task(close_silent(server.server_state.connections, SILENT_MAX_S))
            try:
                yield listener.getsockname()[1]
            finally:
                watching.cancel()
                server.should_exit = True
                await serving


def request(body: bytes, line: str = "POST /v1/reservations") -> bytes:
    head = f"{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next(int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length"))
    return int(head.split()[1]), json.loads(await reader.readexactly(length))


async def test_what_waits_behind_a_slow_request_is_answered_in_order_however_much_it_is(
    fresh_database_url: str,
) -> None:
    async with opened(fresh_database_url) as shop:
        product, warehouse = await shop.product(sku="MUG"), await shop.warehouse(code="LEJ1")
        await shop.receive(product, warehouse, 5)
    order = request(b'{"lines": [{"sku": "MUG", "warehouse": "LEJ1", "quantity": 1}]}')
    async with lane(fresh_database_url) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(order)
        assert (await answer(reader))[0] == 201  # The key is at hand from here on.
        with psycopg.connect(fresh_database_url) as holding:
            holding.execute("SELECT 1 FROM level FOR UPDATE")
            writer.write(order + request(b"{") * DEPTH + order)
            await asyncio.sleep(3 * SILENT_MAX_S)  # Whom we owe an answer is not silent.
        assert (await answer(reader))[0] == 201
        refused = [await answer(reader) for _ in range(DEPTH)]
        assert {(status, problem["code"]) for status, problem in refused} == {(400, "MALFORMED_JSON")}
        assert len({problem["instance"] for _, problem in refused}) == DEPTH
        assert (await answer(reader))[0] == 201
        writer.close()


async def test_a_connection_on_which_nothing_happens_is_closed(fresh_database_url: str) -> None:
    async with lane(fresh_database_url) as port:
        for begun in (b"", b"POST /v1/reservations HTTP/1.1\r\nHost:", request(b"{}")[:-1]):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(begun)
            async with asyncio.timeout(10 * SILENT_MAX_S):
                await reader.read()
            writer.close()


async def test_no_answer_leaves_cycles_for_the_collector(fresh_database_url: str) -> None:
    """Refusals that did (an error, its traceback, its frame) made a busy process stand still for 0.4 s at a time."""
    async with opened(fresh_database_url) as shop:
        product, warehouse = await shop.product(sku="MUG"), await shop.warehouse(code="LEJ1")
        await shop.receive(product, warehouse, 1_000)
    line = b'{"lines": [{"sku": "MUG", "warehouse": "LEJ1", "quantity": %d}]}'
    asked = {
        201: [request(line % 1)],
        409: [request(line % 2_000), request(b'{"lines": [{"sku": "MUG", "quantity": 2000}]}')],
        400: [request(b"{")],
        422: [request(line % 0)],
        404: [
            request(b"{}", "POST /v1/reservations/0192f0c1-7b3a-7000-8000-000000000000/release"),
            request(b"", "GET /v1/availability/NONE"),
        ],
        200: [request(b"", "GET /v1/availability/MUG"), request(b'{"reservations": [%b]}' % (line % 2_000), BATCH)],
    }
    async with lane(fresh_database_url) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for status, requests in asked.items():
            for each in requests:
                left = []
                for times in (20, 100):  # First whatever is made once.
                    gc.collect()
                    gc.disable()
                    try:
                        for _ in range(times):
                            writer.write(each)
                            assert (await answer(reader))[0] == status
                        left.append(gc.collect())
                    finally:
                        gc.enable()
                assert left[1] < 100, f"{left[1]} objects of 100 answers {status} to {each.decode()}"
        writer.close()
