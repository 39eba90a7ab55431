"""The bench's own database, never a shop's: made beside the configured one, or one that is given and empty or ours."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import msgspec
import psycopg
from psycopg import sql

from onhand.bench.workload import Shape
from onhand.db.migrate import migrate
from onhand.embedded.cluster import SUPERUSER

NAME = "onhand_bench"
SCHEMA = "onhand_bench"  # holds the mark, and the tables of the textbook
DURABLE: Mapping[str, tuple[str, ...]] = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "remote_write", "remote_apply"),
}
# Tables from end to end, then indexes: those that are found by a column of theirs alone, and the ledger's of levels.
READING = (
    "SELECT sum(version) FROM level",
    "SELECT count(name) FROM product",
    "SET enable_seqscan = off",
    "SELECT count(product_id) FROM level",
    "SELECT count(sku) FROM product",
    "SELECT count(product_id) FROM product",
    "SET enable_sort = off",
    "SELECT count(*) FROM (SELECT FROM ledger ORDER BY cell, product_id, warehouse_id, version OFFSET 0) AS found",
)
TOLD = (
    "server_version",
    "shared_buffers",
    "max_wal_size",
    "wal_compression",
    "wal_sync_method",
    "commit_delay",
    "checkpoint_timeout",
    "autovacuum",
)


class BenchError(Exception):
    """The bench cannot or must not run; the text says why, and what to do."""


class Server(msgspec.Struct):
    """Settings of the PostgreSQL that was measured; durable: whether an answer of success means a commit on disk."""

    durable: bool
    settings: dict[str, str]


def read_once(url: str) -> None:
    """Bring what reads and reservations look at into memory, as far as there is room. Raises psycopg.Error.

    The textbook's level too, where it is: a server just started would first be given its memory, page by page.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in READING:
            connection.execute(statement)
        if _exists(connection, f"{SCHEMA}.level"):
            for seqscan in ("on", "off"):
                connection.execute(f"SET enable_seqscan = {seqscan}")
                connection.execute(sql.SQL("SELECT count(product_id) FROM {}.level").format(_schema()))


def name_of(shape: Shape) -> str:
    """The database of one size, where several lie beside each other."""
    return f"{NAME}_{shape.products}x{shape.warehouses}"


def beside(url: str, *, embedded: bool, name: str = NAME) -> str:
    """Make the database onhand_bench, or `name`, on the server of `url` if it is missing, and return its URL.

    embedded: the role of our own PostgreSQL may make no databases, its superuser may. Raises psycopg.Error, BenchError.
    """
    maker = with_parts(url, database="postgres", role=SUPERUSER) if embedded else url
    with psycopg.connect(maker, autocommit=True) as connection:
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            owner = urlsplit(url).username
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
            if embedded and owner:
                statement += sql.SQL(" OWNER {}").format(sql.Identifier(owner))
            try:
                connection.execute(statement)
            except psycopg.errors.InsufficientPrivilege:
                raise BenchError(
                    f"the role {owner} may not make the database {name}: make it and give it with --database-url"
                ) from None
    return with_parts(url, database=name)


def drop(url: str, *, embedded: bool) -> None:
    """Drop onhand_bench or another of the bench's own, and nothing else. Raises psycopg.Error, BenchError."""
    name = urlsplit(url).path.removeprefix("/")
    if name != NAME and not name.startswith(f"{NAME}_"):
        raise BenchError(f"only the bench's own database, {NAME}, can begin anew; empty yours yourself")
    with psycopg.connect(url, autocommit=True) as connection:
        marked = _exists(connection, f"{SCHEMA}.mark")
        if not marked:
            _must_be_empty(connection)
    maker = with_parts(url, database="postgres", role=SUPERUSER if embedded else None)
    with psycopg.connect(maker, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def scratch(url: str, name: str, *, embedded: bool) -> Iterator[str]:
    """The URL of an empty, migrated database of that name beside `url`, dropped when the block is left.

    Raises psycopg.Error, BenchError: one of that name is there already.
    """
    maker = with_parts(url, database="postgres", role=SUPERUSER) if embedded else url
    owner = urlsplit(url).username
    with psycopg.connect(maker, autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
        if embedded and owner:
            statement += sql.SQL(" OWNER {}").format(sql.Identifier(owner))
        try:
            connection.execute(statement)
        except psycopg.errors.DuplicateDatabase:
            raise BenchError(f"the database {name} is there already; drop it, if nobody needs it") from None
    try:
        migrate(with_parts(url, database=name))
        yield with_parts(url, database=name)
    finally:
        with psycopg.connect(maker, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def with_parts(url: str, *, database: str, role: str | None = None) -> str:
    """The URL of another database of the same server, as the same or another role."""
    parts = urlsplit(url)
    netloc = parts.netloc if role is None else f"{role}@{parts.netloc.rpartition('@')[2]}"
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{database}"))


def prepare(url: str, *, foreign: bool = False) -> Shape | None:
    """Migrate the database, refuse one that somebody else uses, and tell what is loaded in it (None: nothing).

    foreign: the caller knows that there is other data in it. Raises BenchError, psycopg.Error.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        marked = _exists(connection, f"{SCHEMA}.mark")
        if not marked and not foreign:
            _must_be_empty(connection)
    migrate(url)
    with psycopg.connect(url, autocommit=True) as connection:
        with connection.transaction():
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS {SCHEMA}.mark (products int NOT NULL, warehouses int NOT NULL)"
            )
        row = connection.execute(sql.SQL("SELECT products, warehouses FROM {}.mark").format(_schema())).fetchone()
    return Shape(*row) if row else None


def _must_be_empty(connection: psycopg.Connection) -> None:
    for table in ("product", "level", "ledger", "operation"):
        found = (
            _exists(connection, f"public.{table}")
            and connection.execute(
                sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier("public", table))
            ).fetchone()
        )
        if found and found[0]:
            raise BenchError(
                f"this database has rows in {table!r} that are not the bench's: "
                "give an empty one with --database-url, or leave it away and the bench makes its own"
            )


def _exists(connection: psycopg.Connection, table: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [table]).fetchone()
    return bool(row and row[0])


def _schema() -> sql.Identifier:
    return sql.Identifier(SCHEMA)


def look(url: str) -> Server:
    """What the server is set to. Raises psycopg.Error."""
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", [[*DURABLE, *TOLD]]
        ).fetchall()
    settings = {str(name): str(value) for name, value in rows}
    return Server(all(settings.get(name) in good for name, good in DURABLE.items()), settings)
