"""One PostgreSQL for the whole session: the one that ONHAND_DATABASE_URL names, else an embedded one."""

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from onhand.db.migrate import migrate
from onhand.embedded import server

FAST = {"fsync": "off", "synchronous_commit": "on", "full_page_writes": "off", "max_connections": "300"}

DROP_ATTEMPTS = 40


@dataclass
class Postgres:
    """url: of a plain role, a database that tests leave alone. superuser_url: None where we have no such rights."""

    url: str
    superuser_url: str | None
    _template: str = ""
    _made: list[str] = field(default_factory=list)

    def named(self, database: str, *, superuser: bool = False) -> str:
        """The URL of another database. Superuser: only where superuser_url is known."""
        url = self.superuser_url if superuser else self.url
        assert url is not None
        return _with(url, database=database)

    def empty(self) -> str:
        """The URL of a new database with nothing in it, owned by the plain role."""
        return self._create("template0")

    def fresh(self) -> str:
        """The URL of a new migrated database, copied from a template."""
        if not self._template:
            migrate(self.empty())
            self._template = self._made[-1]
        return self._create(self._template)

    def drop(self, url: str) -> None:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database_of(url)))
        for attempt in range(DROP_ATTEMPTS):
            try:
                self._execute(statement)
                break
            except psycopg.errors.InsufficientPrivilege:  # An autovacuum worker is in it: not ours to terminate.
                if attempt == DROP_ATTEMPTS - 1:
                    raise
                time.sleep(0.5)
        self._made.remove(database_of(url))

    def clear(self) -> None:
        for database in list(self._made):
            self.drop(self.named(database))

    def _create(self, template: str) -> str:
        name = f"onhand_test_{secrets.token_hex(6)}"
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)),
        )
        self._made.append(name)
        return self.named(name)

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


def database_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _with(url: str, *, role: str | None = None, password: str | None = None, database: str | None = None) -> str:
    parts = urlsplit(url)
    credentials, at, host = parts.netloc.rpartition("@")
    if role is not None:
        credentials, at = role if password is None else f"{role}:{password}", "@"
    path = parts.path if database is None else f"/{database}"
    return urlunsplit(parts._replace(netloc=f"{credentials}{at}{host}", path=path))


@contextmanager
def running() -> Iterator[Postgres]:
    url = os.environ.get("ONHAND_DATABASE_URL")
    with _given(url) if url else _embedded() as postgres:
        try:
            yield postgres
        finally:
            postgres.clear()


@contextmanager
def _embedded() -> Iterator[Postgres]:
    area = Path(tempfile.mkdtemp(prefix="onhand-pg-"))  # short: a socket's path has few bytes
    area.chmod(0o755)
    try:
        with server.start(area / "home", settings=FAST) as started:
            superuser_url = _with(started.url, role="postgres", database="postgres")
            with psycopg.connect(superuser_url, autocommit=True) as connection:
                connection.execute("ALTER ROLE onhand CREATEDB")
            yield Postgres(started.url, superuser_url)
    finally:
        shutil.rmtree(area, ignore_errors=True)


@contextmanager
def _given(url: str) -> Iterator[Postgres]:
    """A superuser could do what the schema forbids: if that is what we are given, the tests run as another role."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
        if row != (True,):
            yield Postgres(url, None)
            return
        role, password = f"onhand_test_{secrets.token_hex(4)}", secrets.token_hex(16)
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
        )
        try:
            yield Postgres(_with(url, role=role, password=password), url)
        finally:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
