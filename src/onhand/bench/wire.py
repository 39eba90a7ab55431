"""What carries HTTP costs: servers and event loops side by side, each answering the same order with the same bytes.

A closed loop on keep-alive connections. Processor time per request of the server's process is the figure: the generator
is the same for all, and on a machine with few processors requests per second say as much about it.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import msgspec
import uvloop

from onhand.bench import wire_server
from onhand.bench.cpu import used_s
from onhand.bench.database import BenchError
from onhand.bench.served import free_port, serving
from onhand.bench.streams import Stream, in_turn
from onhand.bench.workload import sku

CONNECTIONS = 64
WARMUP_S = 0.5
READY_MAX_S = 20.0
OURS = "onhand, an availability"


class Carrier(msgspec.Struct):
    """us: of processor per request in the server; to_bare: that to a bare protocol on uvloop."""

    name: str
    per_s: float
    us: float
    to_bare: float


async def _load(port: int, request: bytes, pid: int, seconds: float) -> tuple[float, float]:
    """Requests per second, and the server's processor microseconds for each. Raises BenchError."""
    await Stream(in_turn([request])).closed(port, CONNECTIONS, WARMUP_S)
    before_s = used_s(pid)
    got = await Stream(in_turn([request])).closed(port, CONNECTIONS, seconds)
    after_s, answers = used_s(pid), len(got.latencies_s)
    if got.failed or not answers:
        raise BenchError(f"{got.failed} of {answers} requests failed")
    if before_s is None or after_s is None:
        raise BenchError("the processor time of a process is not told here")
    return got.per_s, 1e6 * (after_s - before_s) / answers


@contextmanager
def _server(kind: str) -> Iterator[tuple[int, int]]:
    """Port and process id. Raises BenchError."""
    port = free_port()
    command = [sys.executable, "-m", "onhand.bench.wire_server", kind, str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603  ourselves
    try:
        until = time.monotonic() + READY_MAX_S
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if process.poll() is not None or time.monotonic() > until:
                raise BenchError(f"{kind} did not start")
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.kill()
        process.wait()


def run(url: str, *, seconds: float, repeats: int, say: Callable[[str], None]) -> list[Carrier]:
    """Each in turn, as often as asked; the least of its processor times counts. Raises BenchError."""
    body = msgspec.json.encode({"lines": [{"sku": sku(0), "quantity": 1}], "order_id": "wire-1"})
    head = f"POST /v1/reservations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
    request = head.encode() + b"Content-Type: application/json\r\n\r\n" + body
    found: dict[str, list[tuple[float, float]]] = {}
    for number in range(repeats):
        for kind in wire_server.kinds():
            say(f"{kind}: run {number + 1} of {repeats}")
            with _server(kind) as (port, pid):
                found.setdefault(kind, []).append(uvloop.run(_load(port, request, pid, seconds)))
    with serving(url) as (port, authorization, pid):
        read = f"GET /v1/availability/{sku(0)} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {authorization}\r\n\r\n"
        for number in range(repeats):
            say(f"{OURS}: run {number + 1} of {repeats}")
            found.setdefault(OURS, []).append(uvloop.run(_load(port, read.encode(), pid, seconds)))
    best = {name: min(runs, key=lambda each: each[1]) for name, runs in found.items()}
    bare_us = best[wire_server.kinds()[0]][1]
    return [Carrier(name, round(per_s), round(us, 1), round(us / bare_us, 2)) for name, (per_s, us) in best.items()]
