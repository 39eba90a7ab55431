"""Which PostgreSQL this installation works on: the configured one, or the embedded one while somebody uses it."""

from collections.abc import Iterator
from contextlib import contextmanager

from onhand.config import Settings
from onhand.embedded import server


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The URL of the database; the embedded server runs at least as long as this is open. Raises EmbeddedError."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    with server.start(settings.home) as embedded:
        yield embedded.url
