"""Forward-only migrations: migrations/NNNN.name.sql, each applied once, in a transaction, in order (by yoyo)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import yoyo

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 0x6F6E68616E64  # "onhand": one migrating process at a time


@contextmanager
def _backend(url: str) -> Iterator[tuple[Any, Any]]:
    scheme, _, rest = url.partition("://")
    if scheme not in ("postgresql", "postgres"):
        raise ValueError("a database URL begins with postgresql://")
    backend = yoyo.get_backend(f"postgresql+psycopg://{rest}")
    try:
        yield backend, yoyo.read_migrations(str(MIGRATIONS))
    finally:
        backend.connection.close()


def pending(url: str) -> list[str]:
    """The names of the migrations still to be applied. Raises psycopg.OperationalError."""
    with _backend(url) as (backend, migrations):
        return [migration.id for migration in backend.to_apply(migrations)]


def migrate(url: str) -> list[str]:
    """Apply what is pending and name it. Safe to call from several processes at once. Raises psycopg.Error."""
    with psycopg.connect(url, autocommit=True) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", [LOCK])  # Released with the connection, even by a crash.
        with _backend(url) as (backend, migrations):
            todo = backend.to_apply(migrations)
            backend.apply_migrations(todo)
            return [migration.id for migration in todo]
