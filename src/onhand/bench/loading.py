"""Filling the bench's database by COPY: products, levels, and the RECEIVE behind each unit, so that the books agree."""

import time
from collections.abc import Callable, Iterator

import msgspec
import psycopg
from psycopg import sql

from onhand.bench.database import SCHEMA, BenchError, prepare
from onhand.bench.names import hex_prefix
from onhand.bench.workload import (
    FLASH_PRODUCTS,
    FLASH_UNITS,
    OPERATION_ROWS,
    PLENTY_UNITS,
    Shape,
    sku,
    warehouse_code,
)

CHUNK_ROWS = 5_000
SAMPLE_ROWS = 50_000  # of each table, copied from memory for comparison
AT = "2026-01-01 00:00:00+00"
ACTOR = "key:bench"

Advance = Callable[[int, int], None]

COLUMNS = {
    "warehouse": "warehouse_id, code, name, latitude, longitude, created_at, updated_at",
    "product": "product_id, sku, name, created_at, updated_at",
    "level": "product_id, warehouse_id, on_hand, version, backorder_limit",
    "operation": "operation_id, type, reason, created_at, created_by",
    "ledger": "txn_id, operation_id, product_id, warehouse_id, version, created_at, quantity, on_hand, reserved, type, "
    "created_by, reason",
}


class Loaded(msgspec.Struct):
    """What loading did. ratio: our rows per second to those of a COPY of the same rows from memory."""

    levels: int
    rows: int
    seconds: float
    rows_per_s: float
    plain_rows_per_s: float
    ratio: float


def load(url: str, shape: Shape, *, foreign: bool = False, advance: Advance | None = None) -> Loaded:
    """Fill an empty bench database. Raises BenchError when it is filled already, psycopg.Error."""
    if shape.products <= 2 * FLASH_PRODUCTS:
        raise BenchError(f"the bench needs more than {2 * FLASH_PRODUCTS} products: ask for more levels")
    if not 1 <= shape.history <= FLASH_UNITS:
        raise BenchError(f"a level has 1 to {FLASH_UNITS} ledger rows behind it, not {shape.history}")
    if (there := prepare(url, foreign=foreign)) is not None:
        raise BenchError(f"{there.levels:,} levels are loaded already; --fresh begins anew")
    tables = {
        "warehouse": (shape.warehouses, _warehouses),
        "product": (shape.products, _products),
        "level": (shape.levels, _levels),
        "operation": (-(-shape.levels * shape.history // OPERATION_ROWS), _operations),
        "ledger": (shape.levels * shape.history, _ledger),
    }
    total = sum(rows for rows, _ in tables.values())
    with psycopg.connect(url) as connection:
        plain_s_per_row = plain(connection, shape, {name: rows for name, (rows, _) in tables.items()})
        connection.rollback()
        began, done = time.perf_counter(), 0
        for name, (rows, make) in tables.items():
            with connection.cursor() as cursor, cursor.copy(_copy(name)) as copy:
                for first in range(0, rows, CHUNK_ROWS):
                    until = min(rows, first + CHUNK_ROWS)
                    copy.write("".join(make(shape, first, until)))
                    done += until - first
                    if advance:
                        advance(done, total)
        connection.execute(
            sql.SQL("INSERT INTO {}.mark VALUES (%s, %s)").format(sql.Identifier(SCHEMA)), [*_two(shape)]
        )
        connection.commit()
        seconds = time.perf_counter() - began
    with psycopg.connect(url, autocommit=True) as connection:
        for name in tables:
            connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(name)))
    plain_s = sum(plain_s_per_row[name] * rows for name, (rows, _) in tables.items())
    return Loaded(shape.levels, total, seconds, total / seconds, total / plain_s, plain_s / seconds)


def _two(shape: Shape) -> tuple[int, int]:
    return shape.products, shape.warehouses


def _copy(table: str) -> sql.Composed:
    return sql.SQL("COPY {} (" + COLUMNS[table] + ") FROM STDIN").format(sql.Identifier(table))


def copy_warehouses(connection: psycopg.Connection, shape: Shape) -> None:
    """The warehouses alone."""
    with connection.cursor() as cursor, cursor.copy(_copy("warehouse")) as copy:
        copy.write("".join(_warehouses(shape, 0, shape.warehouses)))


def plain(connection: psycopg.Connection, shape: Shape, rows_of: dict[str, int]) -> dict[str, float]:
    """Seconds per row of COPY from memory into the same tables; what it wrote is rolled back by the caller."""
    seconds = {}
    for name, rows in rows_of.items():
        make = {"warehouse": _warehouses, "product": _products, "level": _levels, "operation": _operations}.get(
            name, _ledger
        )
        # Levels refer to products: of those there must be as many as the sample of levels speaks of.
        count = min(rows, SAMPLE_ROWS)
        data = "".join(make(shape, 0, count)).encode()
        with connection.cursor() as cursor:
            began = time.perf_counter()
            with cursor.copy(_copy(name)) as copy:
                for start in range(0, len(data), 1 << 18):
                    copy.write(data[start : start + (1 << 18)])
            seconds[name] = (time.perf_counter() - began) / count
    return seconds


def _units(shape: Shape, product: int) -> int:
    return FLASH_UNITS if product >= shape.plenty else PLENTY_UNITS


def _warehouses(_: Shape, first: int, until: int) -> Iterator[str]:
    prefix = hex_prefix("warehouse")
    for n in range(first, until):
        code = warehouse_code(n)
        yield f"{prefix}{n:012x}\t{code}\tBench {n}\t{51 + n % 10}\t{12 - n % 7}\t{AT}\t{AT}\n"


def _products(_: Shape, first: int, until: int) -> Iterator[str]:
    prefix = hex_prefix("product")
    for n in range(first, until):
        yield f"{prefix}{n:012x}\t{sku(n)}\tBench product {n}\t{AT}\t{AT}\n"


def _levels(shape: Shape, first: int, until: int) -> Iterator[str]:
    product, warehouse = hex_prefix("product"), hex_prefix("warehouse")
    for n in range(first, until):
        p, w = divmod(n, shape.warehouses)
        yield f"{product}{p:012x}\t{warehouse}{w:012x}\t{_units(shape, p)}\t{shape.history}\t0\n"


def _operations(_: Shape, first: int, until: int) -> Iterator[str]:
    prefix = hex_prefix("operation")
    for n in range(first, until):
        yield f"{prefix}{n:012x}\tRECEIVE\tbench\t{AT}\t{ACTOR}\n"


def _ledger(shape: Shape, first: int, until: int) -> Iterator[str]:
    txn, operation = hex_prefix("txn"), hex_prefix("operation")
    product, warehouse = hex_prefix("product"), hex_prefix("warehouse")
    for n in range(first, until):
        earlier, level = divmod(n, shape.levels)
        p, w = divmod(level, shape.warehouses)
        # All but one unit for each later receipt come with the first: in the end there is what the level says.
        on_hand = _units(shape, p) - shape.history + 1 + earlier
        yield (
            f"{txn}{n:012x}\t{operation}{n // OPERATION_ROWS:012x}\t{product}{p:012x}\t{warehouse}{w:012x}\t"
            f"{earlier + 1}\t{AT}\t{1 if earlier else on_hand}\t{on_hand}\t0\tRECEIVE\t{ACTOR}\tbench\n"
        )
