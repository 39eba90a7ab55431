"""A server of onhand on the bench's database, as `onhand serve` starts it, for as long as it is measured."""

import http.client
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import msgspec
import psycopg

from onhand.bench.database import BenchError
from onhand.bench.workload import Shape, sku, warehouse_code
from onhand.domain.limits import LINES_MAX, QUANTITY_MAX_UNITS

READY_MAX_S = 60.0
STOP_MAX_S = 30.0
CALLERS_PER_WORKER = 3
REFUSED = 409
# In a process of its own, by the same way in as the command line: the bench imports nothing above the services.
PROGRAM = """
import sys
from onhand.config import from_environment
from onhand.server.supervisor import serve
sys.exit(serve(from_environment(), sys.argv[1], port=int(sys.argv[2]), workers=int(sys.argv[3])))
"""


@contextmanager
def serving(url: str, workers: int = 1, settings: Mapping[str, str] | None = None) -> Iterator[tuple[int, str, int]]:
    """Port, Authorization and process id of a server that answers. Raises BenchError."""
    key, port = secrets.token_urlsafe(24), free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")}
    environment |= {"ONHAND_ADMIN_KEY": key, "ONHAND_DATABASE_URL": url, "ONHAND_LOG_FORMAT": "json"}
    environment |= settings or {}
    process = subprocess.Popen(  # noqa: S603 ourselves
        [sys.executable, "-c", PROGRAM, url, str(port), str(workers)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, port)
        yield port, f"Bearer {key}", process.pid
    finally:
        process.terminate()
        try:
            process.wait(STOP_MAX_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DELETE FROM api_key WHERE name = 'admin'")


def warm(port: int, authorization: str, shape: Shape, workers: int) -> None:
    """Let each worker learn every SKU, as one that has run for a while: by orders too large to be accepted.

    A thousand products in each; refused, and without an Idempotency-Key, they leave nothing behind. Which worker takes
    a connection is not ours to say: so many come at once that each has some. Raises BenchError.
    """
    callers = 1 if workers == 1 else CALLERS_PER_WORKER * workers
    with ThreadPoolExecutor(callers) as pool:
        for taught in [pool.submit(_teach, port, authorization, shape) for _ in range(callers)]:
            taught.result()


def _teach(port: int, authorization: str, shape: Shape) -> None:
    caller = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    code = warehouse_code(0)
    for first in range(0, shape.products, LINES_MAX):
        lines = [
            {"sku": sku(product), "warehouse": code, "quantity": QUANTITY_MAX_UNITS}
            for product in range(first, min(shape.products, first + LINES_MAX))
        ]
        caller.request("POST", "/v1/reservations", msgspec.json.encode({"lines": lines}), headers)
        answer = caller.getresponse()
        answer.read()
        if answer.status != REFUSED:
            raise BenchError(f"an order for more than there is was answered {answer.status}")
    caller.close()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + READY_MAX_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise BenchError(f"the server ended with status {process.returncode} before it answered")
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2):
            return
        time.sleep(0.1)
    raise BenchError(f"the server did not answer within {READY_MAX_S:.0f} s")
