"""onhand serve: the server, its database, and the demo beside it; started and stopped together."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Annotated

from cyclopts import Parameter

from onhand import installation
from onhand.cli import demo as shop
from onhand.cli import opening
from onhand.cli.errors import CliError
from onhand.cli.terminal import say, show
from onhand.cli.user import newcomer_link
from onhand.config import Settings, from_environment
from onhand.server import supervisor

DEMO_STOP_S = 5.0

Host = Annotated[str | None, Parameter(help="Address to listen on (default: ONHAND_HOST, else 127.0.0.1).")]
Port = Annotated[int | None, Parameter(help="Port (default: ONHAND_PORT, else 8000 or the next free one).")]
Workers = Annotated[int | None, Parameter(help="Server processes (default: ONHAND_WORKERS, else 1).")]
Migrate = Annotated[bool, Parameter(help="Bring the database to this version first.")]
Demo = Annotated[bool, Parameter(help="Fill an empty store with a demo shop, and keep its orders coming.")]


def serve(
    *, host: Host = None, port: Port = None, workers: Workers = None, migrate: Migrate = False, demo: Demo = False
) -> int:
    """Serve the API, and do its jobs, on the configured database."""
    if port is not None and not 0 <= port <= 65535:
        raise CliError("--port is a whole number from 0 to 65535")
    if workers is not None and not 1 <= workers <= 256:
        raise CliError("--workers is a whole number from 1 to 256")
    settings = from_environment()
    try:
        with ExitStack() as held:
            held.enter_context(_termination_is_interruption())
            url = held.enter_context(_database(settings, migrate=migrate))
            key = _prepared_demo(settings, url) if demo else None
            link = opening.run_on(url, newcomer_link) if key else None
            orders = held.enter_context(_live_orders()) if key else None

            def announce(address: str) -> None:
                _announce(address, key, link)
                if orders is not None:
                    orders.start(url)

            status = supervisor.serve(settings, url, host=host, port=port, workers=workers, announce=announce)
    except KeyboardInterrupt:  # Before the server had begun: there was nothing to finish.
        status = 0
    say("onhand: stopped")
    return status


@contextmanager
def _database(settings: Settings, *, migrate: bool) -> Iterator[str]:
    opening.quiet_logs()
    if settings.database_url is None:
        made = opening.has_embedded_data(settings)
        if not made and not migrate:
            raise CliError(f"there is no database yet in {settings.home}", "To make it: onhand serve --migrate")
        say(f"onhand: {'starting' if made else 'making'} PostgreSQL in {settings.home}")
    with installation.database(settings, keep_up=True) as url:
        if migrate:
            opening.migrated(url)
        else:
            opening.must_be_migrated(url)
        yield url


def _prepared_demo(settings: Settings, url: str) -> str | None:
    return opening.run_on(url, lambda onhand: shop.prepare(onhand, settings.home))


def _announce(address: str, key: str | None, link: str | None) -> None:
    show()
    show(f"  onhand serves on  {address}", style="bold")
    if link is not None:
        show(f"  to look around    {address}{link}  (logs you in, once)", style="bold")
    show(f"  to read about it  {address}/docs")
    if key is None:
        show("  a key to use it   onhand key create --name NAME --scope read,reserve,operate")
    else:
        show(f"  the demo's key    {key}")
        show()
        show(f"  curl -H 'Authorization: Bearer {key}' '{address}/v1/levels?limit=3'")
    show()
    show("  Ctrl-C stops it.")
    show()
    sys.stdout.flush()


class _Orders:
    """The demo's orders: a process beside the server, that ends with it whatever ends it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "onhand.cli", "demo", "--live", "--attached"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"ONHAND_DATABASE_URL": url},
        )

    def stop(self) -> None:
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        try:
            self._process.wait(DEMO_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def _live_orders() -> Iterator[_Orders]:
    orders = _Orders()
    try:
        yield orders
    finally:
        orders.stop()


@contextmanager
def _termination_is_interruption() -> Iterator[None]:
    """SIGTERM ends the start as Ctrl-C does; the server then has its own ways for both."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
