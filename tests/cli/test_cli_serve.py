"""`make run`, as a person has it: from nothing to a shop, and cleanly back."""

import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg
import pytest
from cli_tools import COMMAND, answered, environment, furnish, onhand, query, refused

from onhand.embedded import server

READY_S = 240.0  # the first start makes a cluster and a shop with a past
STOP_S = 15.0


def until(condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


class Serving:
    """onhand serve in a process group of its own, as at a terminal."""

    def __init__(self, *arguments: str, url: str | None = None, **settings: str) -> None:
        self.stdout, self.stderr = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            [*COMMAND, "serve", *arguments],
            env=environment(url, **{"port": "0"} | settings),
            stdout=self.stdout,
            stderr=self.stderr,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        def ready() -> bool:
            assert self.process.poll() is None, self.said()
            return "Ctrl-C stops it." in self.said()

        try:
            until(ready, "ready", READY_S)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.stdout.close()
        self.stderr.close()

    def said(self) -> str:
        text = ""
        for file in (self.stdout, self.stderr):
            file.seek(0)
            text += file.read()
        return text

    def found(self, pattern: str) -> str:
        match = re.search(pattern, self.said())
        assert match, self.said()
        return match[1]

    @property
    def address(self) -> str:
        return self.found(r"serves on +(http://\S+)")

    @property
    def key(self) -> str:
        return self.found(r"key +(onhand_\S+)")

    def stop(self, number: int) -> None:
        """As Ctrl-C at a terminal: every process of the group hears it."""
        began = time.monotonic()
        os.killpg(self.process.pid, number)
        assert self.process.wait(STOP_S + 15) == 0, self.said()
        assert time.monotonic() - began < STOP_S, self.said()
        assert "Traceback" not in self.said()
        assert "Warning" not in self.said()


@pytest.fixture
def home() -> Iterator[Path]:
    """Short: a socket's path has few bytes."""
    path = Path(tempfile.mkdtemp(prefix="onhand-cli-"))
    path.chmod(0o755)
    yield path / "home"
    shutil.rmtree(path)


def processes_of(home: Path) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if str(home) in command:
                found.append(command)
    return found


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def six_operations(address: str, key: str) -> None:
    with httpx.Client(base_url=f"{address}/v1", headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:

        def post(path: str, **body: Any) -> Any:
            answer = client.post(path, json=body)
            assert answer.is_success, answer.text
            return answer.json()

        places = [warehouse["code"] for warehouse in client.get("/warehouses").json()["items"][:2]]
        post("/products", sku="TEST-MUG", name="A mug")
        mug = {"sku": "TEST-MUG", "warehouse": places[0]}
        post("/receipts", lines=[{**mug, "quantity": 10}])
        held = [post("/reservations", lines=[{**mug, "quantity": 3}])["reservation_id"] for _ in range(2)]
        post(f"/reservations/{held[0]}/release")
        post(f"/reservations/{held[1]}/fulfill")
        post("/adjustments", lines=[{**mug, "quantity_change": -1, "reason": "damaged"}])
        move = {"from": places[0], "to": places[1], "lines": [{"sku": "TEST-MUG", "quantity": 2}]}
        post("/transfers", **move)
        levels = client.get("/levels", params={"sku": "TEST-MUG"}).json()["items"]
        assert {level["warehouse"]: level["on_hand"] for level in levels} == {places[0]: 4, places[1]: 2}


def test_from_nothing_to_a_shop_and_back_and_again(home: Path) -> None:
    with Serving("--migrate", "--demo", home=str(home)) as first:
        address, key = first.address, first.key
        assert (home / "demo-key").read_text().strip() == key
        assert stat.S_IMODE((home / "demo-key").stat().st_mode) == 0o600

        curl = first.found(r"(curl -H .*)")
        ran = subprocess.run(curl, shell=True, check=True, capture_output=True, text=True)
        assert '"items"' in ran.stdout
        six_operations(address, key)

        url = answered("config", "--show-secrets", home=str(home))["database_url"]
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) > 50 FROM product").fetchone() == (True,)
        orders = query(url, "SELECT count(*) FROM reservation")
        until(lambda: query(url, "SELECT count(*) FROM reservation") > orders, "a live order")

        found = answered("doctor", home=str(home), port="0")
        assert found["healthy"]
        assert onhand("key", "create", "--name", "x", "--scope", "read", home=str(home)).returncode == 0
        sums = query(url, "SELECT count(*) FROM operation")
        first.stop(signal.SIGINT)
    assert server.attach(home) is None
    until(lambda: not processes_of(home), "every process of the home is gone")

    began = time.monotonic()
    with Serving("--demo", home=str(home)) as second:
        assert time.monotonic() - began < 30  # Seconds; other tests may share the machine.
        assert second.key == key
        assert query(url, "SELECT count(*) FROM operation") >= sums
        with httpx.Client(base_url=second.address, headers={"Authorization": f"Bearer {key}"}) as client:
            assert len(client.get("/v1/levels", params={"sku": "TEST-MUG"}).json()["items"]) == 2
        second.stop(signal.SIGTERM)
    assert answered("reconcile", home=str(home))["clean"]
    assert server.attach(home) is None


def test_postgresql_killed_beside_a_server_is_started_again(home: Path) -> None:
    admin = "a-key-of-the-test-0123"
    with Serving("--migrate", home=str(home), admin_key=admin) as serving:
        headers = {"Authorization": f"Bearer {admin}"}
        with httpx.Client(base_url=serving.address, headers=headers, timeout=30) as client:
            assert client.post("/v1/products", json={"sku": "MUG", "name": "A mug"}).status_code == 201
            pid_file = home / "data" / "postmaster.pid"
            pid = int(pid_file.read_text().splitlines()[0])
            os.kill(pid, signal.SIGKILL)
            # For a moment more those of its children answer that have not noticed.
            until(lambda: pid_file.exists() and not pid_file.read_text().startswith(f"{pid}\n"), "another one", 60.0)
            until(lambda: client.get("/v1/products/MUG").status_code == 200, "it answers again", 60.0)
            assert client.post("/v1/products", json={"sku": "CUP", "name": "A cup"}).status_code == 201
        os.killpg(serving.process.pid, signal.SIGTERM)
        assert serving.process.wait(STOP_S + 15) == 0, serving.said()
    assert server.attach(home) is None


def test_ctrl_c_while_the_shop_is_being_filled(home: Path) -> None:
    serving = Serving("--migrate", "--demo", home=str(home))
    try:
        until((home / "demo-key").exists, "the fill has begun", READY_S)
        time.sleep(1)
        serving.stop(signal.SIGINT)
        assert "serves on" not in serving.said()
    finally:
        serving.__exit__()
    assert server.attach(home) is None


def test_a_database_that_is_not_migrated_is_refused(home: Path, empty_database_url: str) -> None:
    assert "onhand serve --migrate" in refused("serve", home=str(home))
    assert not home.exists()
    said = refused("serve", "--port", "0", url=empty_database_url)
    assert "Run: onhand migrate" in said
    assert query(empty_database_url, "SELECT to_regclass('level')") == [(None,)]


def test_a_port_in_use_and_numbers_that_cannot_be(fresh_database_url: str) -> None:
    with Serving(url=fresh_database_url) as serving:
        port = serving.address.rpartition(":")[2]
        assert "in use" in refused("serve", "--port", port, exit_code=1, url=fresh_database_url)
    assert "--port" in refused("serve", "--port", "65536", url=fresh_database_url)
    assert "--workers" in refused("serve", "--workers", "0", url=fresh_database_url)


def test_a_store_of_somebodys_own_gets_no_demo(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG"])
    with Serving("--demo", url=url, home=str(tmp_path)) as serving:
        assert "left alone" in serving.said()
        assert "onhand_" not in serving.said()
        serving.stop(signal.SIGINT)
    assert query(url, "SELECT (SELECT count(*) FROM product), (SELECT count(*) FROM reservation)") == [(1, 0)]
    assert list(tmp_path.iterdir()) == []
    assert onhand("demo", url=url, home=str(tmp_path)).returncode == 1
    assert "not the demo's" in refused("demo", "--live", exit_code=1, url=url, home=str(tmp_path))


def test_killed_it_leaves_no_process_behind(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG"])
    query(url, "INSERT INTO api_key VALUES (gen_random_uuid(), 'demo', 'x', '{}', now()) RETURNING 1")  # filled once
    with Serving("--demo", url=url, home=str(tmp_path)) as serving:
        until(lambda: len(children_of(serving.process.pid)) == 3, "worker, jobs and demo")
        children = children_of(serving.process.pid)
        serving.process.kill()
        until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), "the children are gone")
