"""The daily batch over every level: how long it takes, how, and what one transaction per level would take.

The bench's levels get a threshold, its products suppliers; then so many levels, spread evenly, are put below theirs.
What is measured: the dry run, the run, the run again (nothing is low any more). The baseline is the textbook's way, on
a sample of the same levels: a transaction for each that locks it, sums what is on order, writes an order of one line,
and commits.
"""

import os
import time
from collections.abc import Awaitable, Callable

import msgspec
import psycopg
from psycopg import sql

from onhand.bench import database
from onhand.bench.cpu import Meter, postmaster_of
from onhand.bench.database import BenchError
from onhand.bench.workload import Shape
from onhand.db import queries_supply as q
from onhand.embedded.cluster import SUPERUSER
from onhand.engine.engine import new_id
from onhand.services import reordering
from onhand.services.context import CELL, open_onhand

SUPPLIERS = 50
SAMPLE_LEVELS = 1_000
Tell = Callable[[str], None]
Advance = Callable[[int, int], None]

SUPPLY = """
INSERT INTO supplier (supplier_id, code, name, created_at, updated_at)
SELECT md5('supplier ' || n)::uuid, 'BENCH-' || n, 'Bench ' || n, now(), now()
FROM generate_series(0, %(suppliers)s - 1) n ON CONFLICT DO NOTHING;
INSERT INTO supplier_product (supplier_id, product_id, lead_time_days, pack_size)
SELECT md5('supplier ' || abs(hashtext(product_id::text)::bigint) %% %(suppliers)s)::uuid, product_id, 3, 6 FROM product
WHERE NOT EXISTS (SELECT FROM supplier_product sold WHERE sold.product_id = product.product_id)
"""
# In two halves, so that the new versions of the rows find room on their pages.
FURNISH = """
UPDATE level SET reorder_threshold = least(5, on_hand), reorder_quantity = 100
WHERE reorder_threshold IS NULL AND abs(hashtext(product_id::text)::bigint) %% 2 = %(half)s
"""
LOWER = """
UPDATE level SET reorder_threshold = on_hand - backordered + quality_control + incoming + 10
WHERE abs(hashtextextended(product_id::text || warehouse_id::text, %(seed)s) %% 1000000) < %(per_million)s
  AND backordered <= on_hand + quality_control + incoming
"""
SAMPLE = """
SELECT product_id, warehouse_id, supplier_id FROM level JOIN supplier_product USING (product_id)
WHERE on_hand - backordered + quality_control + incoming < reorder_threshold LIMIT %s
"""


class Report(msgspec.Struct):
    """Seconds of wall clock. low: levels below their threshold; textbook_s: what the textbook would take for all of
    them, from a sample. cpu_s: processor seconds during the run, of ourselves, of PostgreSQL and of everybody else.
    """

    levels: int
    low: int
    orders: int
    lines: int
    dry_run_s: float
    run_s: float
    again_s: float
    textbook_s: float
    sample: int
    cpu_s: dict[str, float]
    plan: list[str]


async def run(
    url: str, shape: Shape, *, below: int, suppliers: int = SUPPLIERS, embedded: bool, tell: Tell, advance: Advance
) -> Report:
    """Raises BenchError, psycopg.Error, DomainError."""
    with psycopg.connect(url, autocommit=True) as connection:
        _furnish(connection, suppliers, tell)
        tell(f"putting {below:,} of {shape.levels:,} levels below their threshold")
        _lower(connection, shape, below)
        tell("the textbook, on a sample")
        textbook_s, sample = _textbook(connection)
        _checkpoint(url, embedded=embedded)  # What follows writes each page whole, as after a quiet night.
        plan = _plan(connection)
        pid = postmaster_of(connection)
    async with open_onhand(url) as onhand:
        tell("the dry run")
        _, dry_run_s = await _timed(reordering.run(onhand, dry_run=True))
        meter = Meter({"onhand": os.getpid(), **({} if pid is None else {"postgres": pid})})
        tell("the run")
        meter.start()
        done, run_s = await _timed(reordering.run(onhand, progress=advance))
        cpu_s = meter.stop()
        tell("the run again")
        again, again_s = await _timed(reordering.run(onhand))
    if again.lines or done.lines != done.levels:
        raise BenchError(f"{done.lines:,} lines for {done.levels:,} levels, then {again.lines:,} more: not each once")
    return Report(
        levels=shape.levels,
        low=done.levels,
        orders=done.orders,
        lines=done.lines,
        dry_run_s=round(dry_run_s, 2),
        run_s=round(run_s, 2),
        again_s=round(again_s, 2),
        textbook_s=round(textbook_s * done.levels / max(1, sample), 1),
        sample=sample,
        cpu_s=cpu_s,
        plan=plan,
    )


async def _timed(work: Awaitable[reordering.Report]) -> tuple[reordering.Report, float]:
    began = time.perf_counter()
    done = await work
    return done, time.perf_counter() - began


def _furnish(connection: psycopg.Connection, suppliers: int, tell: Tell) -> None:
    """Once; a further run finds it done."""
    row = connection.execute("SELECT EXISTS (SELECT FROM level WHERE reorder_threshold IS NULL)").fetchone()
    if row is None or not row[0]:
        return
    tell("suppliers, and a threshold for every level")
    for statement in SUPPLY.split(";\n"):
        connection.execute(statement, {"suppliers": suppliers})
    for half in (0, 1):
        connection.execute(FURNISH, {"half": half})
        connection.execute("VACUUM level")
    connection.execute("VACUUM (ANALYZE) supplier_product")


def _lower(connection: psycopg.Connection, shape: Shape, below: int) -> None:
    """Other levels each time: the number of orders made so far is the seed."""
    row = connection.execute("SELECT count(*) FROM purchase_order").fetchone()
    parameters = {"seed": row[0] if row else 0, "per_million": round(1_000_000 * below / shape.levels)}
    connection.execute(LOWER, parameters)
    connection.execute("VACUUM (ANALYZE) level")


def _textbook(connection: psycopg.Connection) -> tuple[float, int]:
    """Seconds for how many levels. What it wrote is taken back."""
    rows = connection.execute(SAMPLE, [SAMPLE_LEVELS]).fetchall()
    began = time.perf_counter()
    for product, warehouse, supplier in rows:
        with connection.transaction():
            key = {
                "product": product,
                "warehouse": warehouse,
                "supplier": supplier,
                "cell": CELL,
                "order": str(new_id()),
            }
            connection.execute(
                "SELECT on_hand, backordered, reorder_threshold FROM level WHERE cell = %(cell)s AND product_id = "
                "%(product)s AND warehouse_id = %(warehouse)s FOR UPDATE",
                key,
            )
            connection.execute(
                "SELECT coalesce(sum(open), 0) FROM purchase_order_line WHERE cell = %(cell)s AND product_id = "
                "%(product)s AND warehouse_id = %(warehouse)s AND open > 0",
                key,
            )
            connection.execute(
                "INSERT INTO purchase_order (purchase_order_id, supplier_id, status, expected_arrival_date, placed_at, "
                "created_at, created_by) "
                "SELECT %(order)s::uuid, %(supplier)s, 'placed', now(), now(), now(), 'textbook'",
                key,
            )
            connection.execute(
                "INSERT INTO purchase_order_line (purchase_order_id, line, product_id, warehouse_id, quantity, open) "
                "SELECT %(order)s::uuid, 0, %(product)s, %(warehouse)s, 102, 102",
                key,
            )
            connection.execute(
                "UPDATE level SET incoming = incoming + 102 WHERE cell = %(cell)s AND product_id = %(product)s "
                "AND warehouse_id = %(warehouse)s",
                key,
            )
    seconds = time.perf_counter() - began
    with connection.transaction():
        keys = {"products": [row[0] for row in rows], "warehouses": [row[1] for row in rows]}
        connection.execute(
            "UPDATE level SET incoming = incoming - 102 FROM unnest(%(products)s::uuid[], %(warehouses)s::uuid[]) "
            "AS took (product_id, warehouse_id) WHERE level.product_id = took.product_id "
            "AND level.warehouse_id = took.warehouse_id",
            keys,
        )
        connection.execute(
            "DELETE FROM purchase_order_line line USING purchase_order made "
            "WHERE made.purchase_order_id = line.purchase_order_id AND made.created_by = 'textbook'"
        )
        connection.execute("DELETE FROM purchase_order WHERE created_by = 'textbook'")
    return seconds, len(rows)


def _plan(connection: psycopg.Connection) -> list[str]:
    with connection.transaction():
        connection.execute("SET LOCAL parallel_tuple_cost = 0")  # as the run does
        explain = sql.SQL("EXPLAIN (ANALYZE, BUFFERS OFF) {}").format(sql.SQL(q.FIND_REORDERS.sql % {"cell": CELL}))
        return [str(row[0]) for row in connection.execute(explain).fetchall()]


def _checkpoint(url: str, *, embedded: bool) -> None:
    if embedded:  # Elsewhere our role may not.
        with psycopg.connect(
            database.with_parts(url, database="postgres", role=SUPERUSER), autocommit=True
        ) as connection:
            connection.execute("CHECKPOINT")
