"""How fast `onhand import` is beside a plain COPY of the rows that it makes."""

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
import psycopg

from onhand.bench import loading
from onhand.bench.database import BenchError, prepare
from onhand.bench.workload import OPERATION_ROWS, Shape, sku, warehouse_code

UNITS = 100
TABLES = {"products": ("product",), "stock": ("level", "operation", "ledger")}


class Imported(msgspec.Struct):
    """ratio: our rows of the file per second to those of a COPY, from memory, of all rows that they become."""

    kind: str
    rows: int
    seconds: float
    rows_per_s: float
    plain_rows_per_s: float
    ratio: float


def run(url: str, shape: Shape, tell: Callable[[str], None]) -> list[Imported]:
    """Import products, and stock of each in each warehouse, into an empty database. Raises BenchError, psycopg.Error.

    The time is that of the whole command, from its start to its end.
    """
    prepare(url)
    plain_s = _plain_s(url, shape)
    found = []
    with tempfile.TemporaryDirectory(prefix="onhand-bench-") as folder:
        for kind, columns, rows in (
            ("products", ("sku", "name"), ((sku(n), f"Bench product {n}") for n in range(shape.products))),
            (
                "stock",
                ("sku", "warehouse", "quantity"),
                (
                    (sku(n), warehouse_code(place), UNITS)
                    for n in range(shape.products)
                    for place in range(shape.warehouses)
                ),
            ),
        ):
            tell(f"importing {kind}")
            file = Path(folder) / f"{kind}.csv"
            count = _write(file, columns, rows)
            seconds = _import(url, kind, file)
            plain = plain_s[kind]
            found.append(Imported(kind, count, seconds, count / seconds, count / plain, plain / seconds))
    return found


def _plain_s(url: str, shape: Shape) -> dict[str, float]:
    """Seconds that COPY takes for all rows of each kind; leaves the warehouses behind, and nothing else."""
    rows_of = {
        "warehouse": shape.warehouses,
        "product": shape.products,
        "level": shape.levels,
        "operation": -(-shape.levels // OPERATION_ROWS),
        "ledger": shape.levels,
    }
    with psycopg.connect(url) as connection:
        each_s = loading.plain(connection, shape, rows_of)
        connection.rollback()
        loading.copy_warehouses(connection, shape)
    return {kind: sum(each_s[table] * rows_of[table] for table in tables) for kind, tables in TABLES.items()}


def _write(file: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    count = 0
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(columns)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def _import(url: str, kind: str, file: Path) -> float:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")}
    began = time.perf_counter()
    ran = subprocess.run(  # noqa: S603 ourselves
        [sys.executable, "-m", "onhand.cli", "import", kind, str(file), "--json"],
        env=environment | {"ONHAND_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise BenchError(f"onhand import {kind} ended with status {ran.returncode}: {ran.stderr[-500:]}")
    return time.perf_counter() - began
