"""The database that a bench measures in, and what it says where it cannot."""

from collections.abc import Iterator
from contextlib import contextmanager

from onhand.bench import session
from onhand.bench.database import BenchError
from onhand.cli.errors import CliError
from onhand.cli.opening import quiet_logs
from onhand.config import from_environment


@contextmanager
def bench_errors() -> Iterator[None]:
    """Raises CliError for a BenchError."""
    try:
        yield
    except BenchError as error:
        raise CliError(str(error)) from error


@contextmanager
def bench_database(database_url: str | None) -> Iterator[tuple[str, bool]]:
    """The URL of the bench's database, and whether it is on our embedded PostgreSQL. Raises CliError."""
    quiet_logs()
    with bench_errors(), session.bench_url(from_environment(), database_url) as found:
        yield found
