"""A child of the supervisor: `python -m onhand.server.child worker` or `… jobs`, with its task on standard input."""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import structlog
import uvloop
from uvicorn import Config, Server

from onhand import log as logs
from onhand.api import stream
from onhand.api.app import make_app
from onhand.api.serving import Desk
from onhand.db.migrate import pending
from onhand.jobs import loop
from onhand.server import lifeline, task
from onhand.server.lane import LaneProtocol
from onhand.server.listening import BACKLOG
from onhand.server.protocol import close_silent
from onhand.services.context import open_onhand
from onhand.web.app import handlers
from onhand.web.pulse import Pulse
from onhand.web.rendering import error_page

KEEP_ALIVE_S = 75
FINISH_S = 7  # for requests under way; the supervisor allows 10 seconds for everything
STDIN = 0

log = structlog.get_logger()


class _Server(Server):
    """Stops on SIGTERM, ends with status 0, and says when it listens. SIGINT is the supervisor's affair."""

    def __init__(self, config: Config, ready: int | None, pulse: Pulse) -> None:
        super().__init__(config)
        self._ready = ready
        self._pulse = pulse

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        signal.signal(signal.SIGTERM, self.handle_exit)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._watch = asyncio.create_task(close_silent(self.server_state.connections, KEEP_ALIVE_S))
        if self._ready is not None:
            os.write(self._ready, b"1")
            os.close(self._ready)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        stream.end_all()
        await self._pulse.close()  # A stream without end would be waited for.
        await super().shutdown(sockets)


def collect_less() -> None:
    """Requests leave no cycles behind: with the default thresholds a tenth of the engine's time went to looking."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def work(todo: task.Task) -> None:
    """Answer requests until SIGTERM; then finish those under way, and what the engine has accepted."""
    collect_less()
    async with open_onhand(todo.url, redis_url=todo.redis_url) as onhand:
        desk = Desk(onhand, pending)
        pulse = Pulse(onhand)
        pulse.tell_refusals()
        config = Config(
            make_app(desk, handlers(onhand, pulse), error_page),
            http=partial(LaneProtocol, desk=desk),  # type: ignore[arg-type]  # called as a class is
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=FINISH_S,
        )
        await _Server(config, todo.ready, pulse).serve([socket.socket(fileno=todo.listener)])


async def run_jobs(todo: task.Task) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with open_onhand(todo.url, pool_size=4, redis_url=todo.redis_url) as onhand:
        await loop.run(onhand, stop)


def main(kind: str) -> int:
    todo = task.read(STDIN)
    lifeline.hold(STDIN, todo.parent_pid)
    logs.setup(todo.log_format)
    try:
        uvloop.run(work(todo) if kind == "worker" else run_jobs(todo))
    except Exception:
        log.exception("process_failed", kind=kind)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
