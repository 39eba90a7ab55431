"""What the tests of the embedded server share."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from onhand.embedded import postmaster
from onhand.embedded.cluster import SUPERUSER
from onhand.embedded.home import Home

DEADLINE_S = 30.0
IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can lend the server another account")


def until(condition: Callable[[], object], what: str) -> None:
    """Poll, because a busy machine makes any fixed sleep too short or too long."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE_S} s: {what}"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A killed child of a container's first process may wait as a zombie for ever.
    return "Z" not in subprocess.check_output(["ps", "-o", "stat=", "-p", str(pid)], text=True)


def query(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement).fetchone()
        return row and row[0]


def superuser_url(home: Path) -> str:
    address = postmaster.address(Home.at(home))
    assert address
    return address.url(SUPERUSER, "postgres")


def server_pid(home: Path) -> int:
    pid = postmaster.pid(Home.at(home))
    assert pid
    return pid


class App:
    """Another process that uses the server: tests/embedded/embedded_app.py."""

    def __init__(self, home: Path, *arguments: object, environment: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("embedded_app.py")), str(home), *map(str, arguments)],
            cwd="/",
            env=os.environ | (environment or {}),
            start_new_session=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def url(self) -> str:
        """Waits until the app has the server."""
        if not hasattr(self, "_url"):
            self._url = self.process.stdout.readline().strip()
        assert self._url, f"the app ended with status {self.process.wait()}"
        return self._url

    def close(self) -> None:
        """The app gives up the server and ends."""
        said, _ = self.process.communicate("", timeout=DEADLINE_S)
        assert said == "closed\n"

    def ended(self) -> int:
        """The status the app ends with."""
        self.process.communicate("", timeout=DEADLINE_S)
        return self.process.returncode

    def kill(self) -> None:
        """Kill -9, and with it all that shares its process group, as a terminal's hang-up would."""
        os.killpg(self.process.pid, 9)
        self.process.communicate()
