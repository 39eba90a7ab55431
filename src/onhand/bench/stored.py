"""What the database has, before and after a run: the facts the audit judges by."""

from collections.abc import Iterable

import psycopg
from psycopg import sql

from onhand.bench.audit import Held, HeldLine, LevelName, Stock
from onhand.bench.database import SCHEMA, BenchError
from onhand.bench.names import bench_id, number_of
from onhand.bench.record import order_number
from onhand.bench.workload import Shape
from onhand.engine.engine import new_id

BEFORE = sql.Identifier(SCHEMA, "before")


def snapshot(url: str) -> bytes:
    """Copy the levels as they are; returns the id after which the run's reservations come."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(BEFORE))
        connection.execute(
            sql.SQL(
                "CREATE UNLOGGED TABLE {} AS SELECT product_id, warehouse_id, on_hand, reserved, version FROM level"
            ).format(BEFORE)
        )
        return bytes(new_id())


def unsold(url: str, shape: Shape) -> int:
    """A product of the flash sales that nobody has bought yet. Raises BenchError."""
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor(binary=True) as cursor:
        cursor.execute(
            "SELECT product_id FROM level WHERE cell = 0 AND product_id >= %s::uuid AND warehouse_id = %s::uuid "
            "AND reserved = 0 ORDER BY product_id LIMIT 1",
            [bench_id("product", shape.plenty).hex(), bench_id("warehouse", 0).hex()],
        )
        row = cursor.fetchone()
    if row is None:
        raise BenchError("every flash sale of this database is sold out; begin anew: onhand bench load --fresh")
    return number_of(row[0].bytes)


def stock(url: str, wanted: Iterable[LevelName]) -> dict[LevelName, Stock]:
    """The levels that changed since the snapshot, and the wanted ones."""
    names = list(wanted)
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor(binary=True) as cursor:
        cursor.execute(
            sql.SQL(
                "WITH wanted AS (SELECT * FROM unnest(%s::uuid[], %s::uuid[]) AS wanted (product_id, warehouse_id)) "
                "SELECT product_id, warehouse_id, coalesce(was.on_hand, 0), coalesce(was.reserved, 0), level.on_hand, "
                "level.reserved FROM level LEFT JOIN {} was USING (product_id, warehouse_id) "
                "WHERE was.version IS DISTINCT FROM level.version "
                "OR (product_id, warehouse_id) IN (SELECT product_id, warehouse_id FROM wanted)"
            ).format(BEFORE),
            [
                [bench_id("product", product).hex() for product, _ in names],
                [bench_id("warehouse", warehouse).hex() for _, warehouse in names],
            ],
        )
        return {(number_of(row[0].bytes), number_of(row[1].bytes)): Stock(*row[2:]) for row in cursor}


def held(url: str, run: str, since: bytes) -> list[Held]:
    """The run's reservations with their lines."""
    lines: dict[bytes, list[HeldLine]] = {}
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor(binary=True) as cursor:
        cursor.execute(
            "SELECT reservation_id, product_id, warehouse_id, quantity, fulfilled, released, backordered "
            "FROM reservation_line WHERE cell = 0 AND reservation_id >= %s::uuid",
            [since.hex()],
        )
        for row in cursor:
            line = HeldLine(number_of(row[1].bytes), number_of(row[2].bytes), *row[3:])
            lines.setdefault(row[0].bytes, []).append(line)
        cursor.execute(
            "SELECT reservation_id, order_id, status FROM reservation WHERE cell = 0 AND reservation_id >= %s::uuid",
            [since.hex()],
        )
        found = []
        for reservation_id, named, status in cursor:
            number = order_number(run, named or "")
            if number is not None:
                rows = tuple(lines.get(reservation_id.bytes, ()))
                found.append(Held(number, str(reservation_id), status, rows))
        return found
