"""Which PostgreSQL this installation works on: the configured one, or the embedded one while somebody uses it."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import structlog

from onhand.config import Settings
from onhand.embedded import server
from onhand.embedded.errors import EmbeddedError

REVIVE_EVERY_S = 0.5

log = structlog.get_logger()


@contextmanager
def database(settings: Settings, *, keep_up: bool = False) -> Iterator[str]:
    """The URL of the database; the embedded server runs at least as long as this is open. Raises EmbeddedError.

    keep_up: an embedded server that dies meanwhile is started again, for those who go on for days.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    with server.start(settings.home) as embedded:
        if not keep_up:
            yield embedded.url
            return
        with _kept_up(embedded):
            yield embedded.url


@contextmanager
def _kept_up(embedded: server.EmbeddedServer) -> Iterator[None]:
    stop = Event()

    def keep() -> None:
        while not stop.wait(REVIVE_EVERY_S):
            try:
                if embedded.revive():
                    log.warning("postgresql_started_again")
            except EmbeddedError:  # The next look tries again.
                log.exception("postgresql_not_started")

    thread = Thread(target=keep, name="keeps PostgreSQL up", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
