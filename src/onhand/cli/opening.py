"""From the environment to an open installation, with words for a person where it cannot be."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import uvloop

from onhand import installation, log
from onhand.cli.errors import CliError
from onhand.cli.terminal import say
from onhand.config import Settings, from_environment
from onhand.db import migrate
from onhand.embedded.home import Home
from onhand.services.context import Onhand, open_onhand

Result = TypeVar("Result")


def quiet_logs() -> None:
    """Warnings of the parts go to stderr: stdout belongs to the result. The pool's are told by the error they cause."""
    log.setup("console", level=logging.WARNING)
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # It warns of pipelines that end in an error we handle.
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)


def has_embedded_data(settings: Settings) -> bool:
    """Whether the embedded PostgreSQL has ever been made."""
    return Home.at(settings.home).data.exists()


@contextmanager
def existing_database(settings: Settings) -> Iterator[str]:
    """The URL of the database, which must be there and migrated. Raises CliError."""
    if settings.database_url is None and not has_embedded_data(settings):
        raise CliError(
            f"there is no database yet in {settings.home}",
            "`onhand serve --migrate` makes it and serves; `onhand migrate` only makes it.",
        )
    with installation.database(settings) as url:
        must_be_migrated(url)
        yield url


def must_be_migrated(url: str) -> None:
    """Raises CliError, psycopg.OperationalError."""
    if pending := migrate.pending(url):
        raise CliError(f"the database lacks {len(pending)} migration(s): {', '.join(pending)}", "Run: onhand migrate")


def migrated(url: str) -> list[str]:
    """Apply what is pending and say so. Raises psycopg.Error."""
    applied = migrate.migrate(url)
    if applied:
        say(f"onhand: migrated: {', '.join(applied)}")
    return applied


def run(work: Callable[[Onhand], Awaitable[Result]]) -> Result:
    """Do the work on the configured, migrated database. Raises what the work raises, and CliError."""
    quiet_logs()
    with existing_database(from_environment()) as url:
        return run_on(url, work)


def run_on(url: str, work: Callable[[Onhand], Awaitable[Result]]) -> Result:
    """Do the work on this database."""

    async def opened() -> Result:
        async with open_onhand(url, redis_url=from_environment().redis_url) as onhand:
            return await work(onhand)

    return uvloop.run(opened())
