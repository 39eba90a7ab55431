"""The parent of all processes: binds, starts, watches, restarts, stops."""

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType

import psycopg
import structlog

from onhand import log as logs
from onhand.config import Settings
from onhand.db.migrate import pending
from onhand.server import task
from onhand.server.errors import ServeError
from onhand.server.listening import base_url, listen
from onhand.services import keys
from onhand.services.context import open_onhand

STOP_S = 9.5  # then what is left is killed
LOOK_EVERY_S = 0.1
PAUSE_FIRST_S = 0.1
PAUSE_MAX_S = 5.0
STEADY_S = 10.0  # a process that lived so long starts anew with the first pause
STILLBORN_MAX = 5  # deaths before anything ever answered: then it is us, not bad luck
KILLED_BY_CALLER = 130

Announce = Callable[[str], None]

log = structlog.get_logger()


def serve(
    settings: Settings,
    url: str,
    *,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    announce: Announce | None = None,
) -> int:
    """Serve until SIGINT or SIGTERM; block until all is finished and return an exit status. Main thread only.

    host, port and workers left out are those of the settings. announce is called once, with the base URL, when the
    server answers. The database must be migrated. Raises ServeError when it cannot start.
    """
    logs.setup(settings.log_format)
    host, port = host or settings.host, settings.port if port is None else port
    with ExitStack() as held:
        listener = held.enter_context(listen(host, port))
        supervisor = Supervisor(url, settings, listener, workers or settings.workers)
        held.enter_context(supervisor.signals())
        prepare(settings, url)
        return supervisor.run(announce or (lambda _: None))


def prepare(settings: Settings, url: str) -> None:
    """See that the database is there and migrated, and that ONHAND_ADMIN_KEY is valid. Raises ServeError."""
    try:
        lacking = pending(url)
        if lacking:
            names = ", ".join(lacking)
            raise ServeError(f"The database lacks migrations ({names}): run `onhand migrate`, or serve with --migrate.")
        if settings.admin_key is not None:
            asyncio.run(_put_admin_key(url, settings.admin_key))
    except psycopg.OperationalError as error:
        raise ServeError(f"The database cannot be reached: {str(error).strip()}") from None


async def _put_admin_key(url: str, key: str) -> None:
    async with open_onhand(url, pool_size=1) as onhand:
        await keys.put(onhand, "admin", key, keys.SCOPES)


class Child:
    """One place among the processes, and who holds it at present."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.process: subprocess.Popen[bytes] | None = None
        self.pause_s = 0.0
        self.started_s = 0.0
        self.start_at_s = 0.0

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def buried(self, now_s: float) -> int:
        """Its exit status; the next may start after a pause that grows while they keep dying."""
        assert self.process is not None  # noqa: S101  the caller has just seen it dead
        if self.process.stdin:
            self.process.stdin.close()
        status, self.process = self.process.returncode, None
        steady = now_s - self.started_s > STEADY_S
        self.pause_s = PAUSE_FIRST_S if steady or not self.pause_s else min(self.pause_s * 2, PAUSE_MAX_S)
        self.start_at_s = now_s + self.pause_s
        return status


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """A child inherits the mask from its first instruction on: Ctrl-C at a terminal is for the supervisor alone."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)  # One that came meanwhile is delivered now.


class Supervisor:
    def __init__(self, url: str, settings: Settings, listener: socket.socket, workers: int) -> None:
        self._url = url
        self._settings = settings
        self._listener = listener
        self._children = [Child("worker") for _ in range(workers)] + [Child("jobs")]
        self._stops = 0
        self._deaths = 0

    def signals(self) -> ExitStack:
        """SIGINT and SIGTERM ask for an end; what they did before comes back with the context's end."""
        held = ExitStack()
        for number in (signal.SIGINT, signal.SIGTERM):
            held.callback(signal.signal, number, signal.signal(number, self._on_signal))
        return held

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stops += 1

    def run(self, announce: Announce) -> int:
        with ExitStack() as held:
            metrics = held.enter_context(tempfile.TemporaryDirectory(prefix="onhand-metrics-"))
            self._environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": metrics}
            ready, self._ready = os.pipe()
            held.callback(os.close, ready)
            held.callback(os.close, self._ready)
            held.callback(self._kill)  # whatever happens here, no child is left behind
            self._watch(ready, announce)
            return self._stop()

    def _watch(self, ready: int, announce: Announce) -> None:
        answering = False
        while not self._stops:
            self._replace_dead(answering=answering)
            if not answering and select.select([ready], [], [], LOOK_EVERY_S)[0]:
                answering = True
                announce(base_url(self._listener))
            elif answering:
                time.sleep(LOOK_EVERY_S)

    def _replace_dead(self, *, answering: bool) -> None:
        now_s = time.monotonic()
        for child in self._children:
            if child.alive:
                continue
            if child.process is not None:
                pid, status = child.process.pid, child.buried(now_s)
                log.warning("process_died", kind=child.kind, pid=pid, status=status, again_in_s=child.pause_s)
                self._deaths += 1
                if not answering and self._deaths >= STILLBORN_MAX:
                    raise ServeError("The server's processes end as soon as they start; the log says why.")
            if now_s >= child.start_at_s:
                self._start(child, now_s)

    def _start(self, child: Child, now_s: float) -> None:
        todo = task.Task(self._url, self._settings.redis_url, self._settings.log_format, os.getpid())
        inherited: tuple[int, ...] = ()
        if child.kind == "worker":
            todo.listener, todo.ready = self._listener.fileno(), self._ready
            inherited = (todo.listener, todo.ready)
        child.started_s = now_s
        with _sigint_blocked():
            child.process = subprocess.Popen(  # noqa: S603  our own interpreter and module
                [sys.executable, "-P", "-m", "onhand.server.child", child.kind],
                stdin=subprocess.PIPE,
                pass_fds=inherited,
                env=self._environment,
            )
        assert child.process.stdin is not None  # noqa: S101  a pipe was asked for
        with suppress(BrokenPipeError):  # It is dead already: the next look buries it.
            child.process.stdin.write(task.line(todo))
            child.process.stdin.flush()

    def _stop(self) -> int:
        """0 when every process has finished by itself."""
        self._listener.close()
        for child in self._children:
            if child.process is not None:
                child.process.terminate()
        deadline_s = time.monotonic() + STOP_S
        while any(child.alive for child in self._children):
            if self._stops > 1:
                return KILLED_BY_CALLER
            if time.monotonic() > deadline_s:
                log.error("processes_killed", pids=[c.process.pid for c in self._children if c.alive and c.process])
                return 1
            time.sleep(LOOK_EVERY_S / 2)
        return 0

    def _kill(self) -> None:
        for child in self._children:
            if child.process is not None:
                child.process.kill()
                child.process.wait()
                if child.process.stdin:
                    child.process.stdin.close()
