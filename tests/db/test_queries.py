"""Every query is what its row type says, on the schema as migrated (STYLE 6)."""

import re
import types
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

import psycopg
import pytest
from psycopg import adapters

import onhand.db
from onhand.db.query import Query, Statement
from onhand.domain.ids import Id

NAMED = re.compile(r"^-- name: (\w+)(!?)", re.MULTILINE)
PARAMETER = re.compile(r"%\((\w+)\)s")
SQL = Path(onhand.db.__file__).parent / "sql"
MODULES = [
    import_module(f"onhand.db.{module.name}")
    for module in iter_modules(onhand.db.__path__)
    if module.name.startswith("queries")
]
ALL = {name: value for m in MODULES for name, value in vars(m).items() if isinstance(value, Query | Statement)}
QUERIES = {name: value for name, value in ALL.items() if isinstance(value, Query)}
PYTHON_TYPES: dict[str, set[object]] = {
    "uuid": {Id},
    "text": {str},
    "boolean": {bool},
    "smallint": {int},
    "integer": {int},
    "bigint": {int},
    "double precision": {float},
    "numeric": {Decimal},
    "date": {date},
    "date[]": {list},
    "time without time zone": {time},
    "timestamp with time zone": {datetime},
    "bytea": {bytes},
    "jsonb": {dict, list, Any},
    "text[]": {list},
    "uuid[]": {list},
    "integer[]": {list},
    "bigint[]": {list},
}


def written() -> dict[str, bool]:
    """Name of each query in sql/*.sql → whether it gives no rows."""
    found = [match for path in SQL.glob("*.sql") for match in NAMED.findall(path.read_text())]
    assert len(found) == len(dict(found)), "two queries of one name"
    return {name: bool(statement) for name, statement in found}


def test_queries_and_files_name_the_same() -> None:
    assert {value.name: isinstance(value, Statement) for value in ALL.values()} == written()
    assert {name: value.name.upper() for name, value in ALL.items()} == {name: name for name in ALL}


@pytest.fixture(scope="module")
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True, prepare_threshold=None) as connection:
        yield connection


class Described(NamedTuple):
    """What the server says of a statement: types by their names in PostgreSQL."""

    parameters: list[str]
    columns: list[str]
    types: list[str]


def prepared(connection: psycopg.Connection, query: Query[Any] | Statement) -> Described:
    numbers: dict[str, int] = {}
    text = PARAMETER.sub(lambda match: f"${numbers.setdefault(match[1], len(numbers) + 1)}", query.sql)
    answer = connection.pgconn.prepare(b"one", text.replace("%%", "%").encode())
    assert not answer.error_message, answer.error_message
    told = connection.pgconn.describe_prepared(b"one")
    connection.execute("DEALLOCATE one")
    return Described(
        [type_name(told.param_type(number)) for number in range(told.nparams)],
        [(told.fname(number) or b"").decode() for number in range(told.nfields)],
        [type_name(told.ftype(number)) for number in range(told.nfields)],
    )


def type_name(oid: int) -> str:
    info = adapters.types.get(oid)
    assert info is not None
    return f"{info.regtype}[]" if oid == info.array_oid else info.regtype


@pytest.mark.parametrize("name", ALL)
def test_it_prepares(connection: psycopg.Connection, name: str) -> None:
    described = prepared(connection, ALL[name])
    assert "unknown" not in described.parameters
    assert bool(described.columns) == isinstance(ALL[name], Query)


def core(hint: object) -> tuple[object, bool]:
    """The type without None, and whether None is allowed."""
    if get_origin(hint) in (Union, types.UnionType):
        [kind] = [part for part in get_args(hint) if part is not type(None)]
        return core(kind)[0], True
    return get_origin(hint) or hint, False


@pytest.mark.parametrize("name", QUERIES)
def test_its_columns_are_its_fields(connection: psycopg.Connection, name: str) -> None:
    query = QUERIES[name]
    assert prepared(connection, query).columns == list(query.row._fields)


@pytest.mark.parametrize("name", QUERIES)
def test_its_types_are_those_of_the_fields(connection: psycopg.Connection, name: str) -> None:
    query = QUERIES[name]
    hints = get_type_hints(query.row)
    for field, result in zip(query.row._fields, prepared(connection, query).types, strict=True):
        kind, _ = core(hints[field])
        assert kind in PYTHON_TYPES[result], f"{field}: {result} is not {kind}"


def nullable_columns(connection: psycopg.Connection) -> set[str]:
    """Columns that may be null in some table, by name."""
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND is_nullable = 'YES'"
    )
    return {row[0] for row in rows.fetchall()}


@pytest.mark.parametrize("name", QUERIES)
def test_what_may_be_null_is_optional(connection: psycopg.Connection, name: str) -> None:
    query = QUERIES[name]
    hints = get_type_hints(query.row)
    for field in set(query.row._fields) & nullable_columns(connection):
        _, optional = core(hints[field])
        tables = connection.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = %s "
            "AND is_nullable = 'YES'",
            [field],
        ).fetchall()
        if any(re.search(rf"\b(FROM|JOIN) {table}\b", query.sql) for (table,) in tables):
            assert optional, f"{field} may be null"


@pytest.mark.parametrize("name", [name for name in ALL if "FOR UPDATE" in ALL[name].sql])
def test_locks_on_several_levels_are_taken_in_key_order(name: str) -> None:
    sql = ALL[name].sql
    if "FROM level" in sql:
        assert re.search(r"ORDER BY (level\.)?product_id, (level\.)?warehouse_id\s+FOR UPDATE", sql)


HOT = [
    *("LOCK_LEVELS", "UPDATE_LEVELS", "INSERT_LEVELS", "INSERT_OPERATIONS", "FIND_OPERATIONS", "INSERT_LEDGER"),
    *("INSERT_EVENTS", "READ_RESERVATIONS", "READ_RESERVATION_LINES", "READ_WAITING_LINES", "READ_YOUNGEST_LINES"),
    *("INSERT_RESERVATIONS", "UPDATE_RESERVATIONS", "INSERT_RESERVATION_LINES", "UPDATE_RESERVATION_LINES"),
    *("READ_TRANSFERS", "READ_TRANSFER_LINES", "INSERT_TRANSFERS", "UPDATE_TRANSFERS"),
    *("INSERT_TRANSFER_LINES", "UPDATE_TRANSFER_LINES", "READ_IDEMPOTENCY", "INSERT_IDEMPOTENCY"),
    *("READ_LEVELS_OF_PRODUCTS", "FIND_LEVELS_OF_RESERVATIONS", "FIND_LEVELS_OF_TRANSFERS"),
]


@pytest.mark.parametrize("name", HOT)
def test_hot_statements_name_their_cell_and_compute_nothing_that_varies(name: str) -> None:
    """What Citus 13 asks of a statement within one cell (DESIGN: Scale)."""
    sql = ALL[name].sql
    assert "%(cell)s" in sql
    assert not re.search(
        r"\b(now|random|clock_timestamp|gen_random_uuid|nextval|MERGE|NOTIFY)\b", sql.replace("%(now)s", "")
    )
