"""From a PostgreSQL to a bench that is ready to measure: its database made, loaded and looked at."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from onhand import installation
from onhand.bench import baseline, database, loading
from onhand.bench.cpu import postmaster_of
from onhand.bench.database import BenchError
from onhand.bench.loading import Advance, Loaded
from onhand.bench.measure import Bench
from onhand.bench.workload import Shape
from onhand.config import Settings

WAREHOUSES = 10


@contextmanager
def bench_url(settings: Settings, database_url: str | None) -> Iterator[tuple[str, bool]]:
    """The URL of the bench's database, and whether it is on our embedded PostgreSQL. Raises BenchError."""
    if database_url is not None:
        yield database_url, False
        return
    with installation.database(settings) as url:
        embedded = settings.database_url is None
        yield database.beside(url, embedded=embedded), embedded


def shape_of(levels: int, warehouses: int = WAREHOUSES, ledger_rows: int | None = None) -> Shape:
    """Products times warehouses. Raises BenchError."""
    if levels < 1 or warehouses < 1 or levels % warehouses:
        raise BenchError(f"levels are products times {warehouses} warehouses: {levels:,} cannot be divided so")
    history, rest = divmod(levels if ledger_rows is None else ledger_rows, levels)
    if rest:
        raise BenchError(f"each of {levels:,} levels has as many ledger rows: {ledger_rows:,} cannot be divided so")
    return Shape(levels // warehouses, warehouses, history)


def provide(
    url: str, wanted: Shape | None, *, foreign: bool = False, advance: Advance | None = None
) -> tuple[Shape, Loaded | None]:
    """What is loaded in the database; loads it when nothing is. wanted None: whatever is there. Raises BenchError."""
    there = database.prepare(url, foreign=foreign)
    if there is None:
        if wanted is None:
            raise BenchError("nothing is loaded yet; run: onhand bench load")
        return wanted, loading.load(url, wanted, foreign=foreign, advance=advance)
    if wanted not in (None, there):
        raise BenchError(
            f"{there.products:,} products in {there.warehouses:,} warehouses are loaded; "
            "leave --levels away to measure with these, or begin anew: onhand bench load --fresh"
        )
    return there, None


def open_bench(url: str, shape: Shape, *, embedded: bool) -> Bench:
    """Ready to measure: the textbook has its tables and its program. Raises BenchError, psycopg.Error."""
    pgbench = baseline.program(embedded=embedded)
    baseline.prepare(url)
    with psycopg.connect(url, autocommit=True) as connection:
        pid = postmaster_of(connection)
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Bench(
        url=url,
        shape=shape,
        server=database.look(url),
        pgbench=pgbench,
        pids={} if pid is None else {"postgres": pid},
        processors=processors,
        workers=processors,
    )
