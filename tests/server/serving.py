"""A server of processes, as a test sees it from outside."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import httpx

ADMIN_KEY = "test-admin-key-0123456789"
DEADLINE_S = 30.0


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE_S} s: {what}"
        time.sleep(0.02)


class Running:
    """The supervisor in a process group of its own. Use as a context manager."""

    def __init__(self, url: str, *, workers: int = 1, port: int | None = 0, **environment: str) -> None:
        options = {"host": "127.0.0.1", "workers": workers}
        if port is not None:
            options["port"] = port
        self.stderr = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed at the end
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")}
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("serving_app.py")), url, json.dumps(options)],
            env=kept | {"ONHAND_ADMIN_KEY": ADMIN_KEY, "ONHAND_LOG_FORMAT": "json"} | environment,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            text=True,
        )

    def __enter__(self) -> Self:
        self.base = self.said()
        assert self.base.startswith("http://"), (self.base, self.log())
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.process.stdout.close()
        self.stderr.close()

    def said(self) -> str:
        """The next line of its output: waits for it."""
        return self.process.stdout.readline().strip()

    def client(self, key: str | None = ADMIN_KEY, **options: object) -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=self.base, headers=headers, timeout=DEADLINE_S, **options)

    def async_client(self, key: str = ADMIN_KEY, **options: object) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.AsyncClient(base_url=self.base, headers=headers, timeout=DEADLINE_S, **options)

    def children(self, kind: str) -> list[int]:
        """The process ids of the workers, or of jobs."""
        listed = subprocess.run(
            ["ps", "-o", "pid=,stat=,args=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        rows = [line.split(None, 2) for line in listed.splitlines()]
        return [int(pid) for pid, state, args in rows if args.endswith(f" {kind}") and "Z" not in state]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Its exit status."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_S)

    def log(self) -> str:
        self.stderr.seek(0)
        return self.stderr.read()


class Shop:
    """Short words for what a test does before it begins. Names are unique, so that tests share a database."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def post(self, path: str, body: object, key: str | None = None, expect: int = 201) -> dict:
        headers = {"Idempotency-Key": key} if key else {}
        answer = self.client.post(path, json=body, headers=headers)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def product(self, **fields: object) -> str:
        sku = unique("SKU")
        self.post("/v1/products", {"sku": sku, "name": "A product", **fields})
        return sku

    def warehouse(self, **fields: object) -> str:
        code = unique("W")
        location = {"latitude": 51.4, "longitude": 12.2, "country": "DE"}
        self.post("/v1/warehouses", {"code": code, "name": "A warehouse", "location": location, **fields})
        return code

    def receive(self, sku: str, warehouse: str, quantity: int) -> dict:
        return self.post("/v1/receipts", {"lines": [{"sku": sku, "warehouse": warehouse, "quantity": quantity}]})

    def stocked(self, quantity: int, **fields: object) -> tuple[str, str]:
        """A new product in a new warehouse."""
        sku, warehouse = self.product(**fields), self.warehouse()
        self.receive(sku, warehouse, quantity)
        return sku, warehouse

    def reserve(self, sku: str, quantity: int, **fields: object) -> dict:
        return self.post("/v1/reservations", {"lines": [{"sku": sku, "quantity": quantity}], **fields})

    def level(self, sku: str, warehouse: str) -> dict:
        items = self.client.get("/v1/levels", params={"sku": sku, "warehouse": warehouse}).json()["items"]
        return items[0] if items else {}


def unique(prefix: str) -> str:
    return f"{prefix}-{os.urandom(5).hex()}"
