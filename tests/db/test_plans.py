"""What keeps it fast when it is full: HOT updates, and plans that use the indexes made for them."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from onhand.db import queries_ledger, queries_level, queries_reservation
from support.postgres import Postgres
from support.stock import opened

RESERVATIONS, PRODUCTS = 20_000, 50
FILL = f"""
INSERT INTO product (product_id, sku, name, created_at, updated_at)
SELECT md5('p' || n)::uuid, 'SKU-' || n, 'Product', now(), now() FROM generate_series(1, {PRODUCTS}) n;
INSERT INTO warehouse (warehouse_id, code, name, latitude, longitude, created_at, updated_at)
SELECT md5('w' || n)::uuid, 'W-' || n, 'Warehouse', 0, 0, now(), now() FROM generate_series(1, 4) n;
INSERT INTO level (product_id, warehouse_id, on_hand)
SELECT product_id, warehouse_id, 1000 FROM product, warehouse;
CREATE TEMPORARY TABLE made AS
SELECT n, lpad(to_hex(n), 32, '0')::uuid AS id, md5('p' || n % {PRODUCTS} + 1)::uuid AS product,
       md5('w' || n % 4 + 1)::uuid AS warehouse FROM generate_series(1, {RESERVATIONS}) n;
INSERT INTO reservation (reservation_id, status, order_id, created_at, expires_at)
SELECT id, CASE WHEN n % 20 = 0 THEN 'active' ELSE 'fulfilled' END, 'SO-' || n, now(), now() - n * interval '1 second'
FROM made;
INSERT INTO reservation_line (reservation_id, line, product_id, warehouse_id, quantity, fulfilled, backordered)
SELECT id, 0, product, warehouse, 2, CASE WHEN n % 20 = 0 THEN 0 ELSE 2 END, CASE WHEN n % 40 = 0 THEN 1 ELSE 0 END
FROM made;
INSERT INTO operation (operation_id, type, created_at, created_by) SELECT id, 'RESERVE', now(), 'test' FROM made;
INSERT INTO ledger (txn_id, operation_id, product_id, warehouse_id, version, created_at, quantity, on_hand, reserved,
                    type, created_by)
SELECT id, id, product, warehouse, n, now(), -2, 1000, 2, 'RESERVE', 'test' FROM made;
"""
ONE, TWO = "lpad(to_hex(40), 32, '0')::uuid", "lpad(to_hex(80), 32, '0')::uuid"
PRODUCT, WAREHOUSE = "md5('p41')::uuid", "md5('w1')::uuid"
PLANS: dict[str, tuple[Any, dict[str, str], set[str]]] = {
    "waiting": (
        queries_reservation.READ_WAITING_LINES,
        {"product_id": PRODUCT, "warehouse_id": WAREHOUSE, "row_limit": "10"},
        {"reservation_line_waiting"},
    ),
    "youngest": (
        queries_reservation.READ_YOUNGEST_LINES,
        {"product_id": PRODUCT, "warehouse_id": WAREHOUSE, "row_limit": "10"},
        {"ledger_level_version_unique", "reservation_line_pkey"},
    ),
    "reservations": (
        queries_reservation.READ_RESERVATIONS,
        {"reservation_ids": f"ARRAY[{ONE}, {TWO}]"},
        {"reservation_pkey"},
    ),
    "lines": (
        queries_reservation.READ_RESERVATION_LINES,
        {"reservation_ids": f"ARRAY[{ONE}, {TWO}]"},
        {"reservation_line_pkey"},
    ),
    "levels of reservations": (
        queries_level.FIND_LEVELS_OF_RESERVATIONS,
        {"reservation_ids": f"ARRAY[{ONE}, {TWO}]"},
        {"reservation_line_pkey"},
    ),
    "operations": (queries_ledger.FIND_OPERATIONS, {"operation_ids": f"ARRAY[{ONE}, {TWO}]"}, {"operation_pkey"}),
    "of an order": (
        queries_reservation.FIND_RESERVATIONS_OF_ORDER,
        {"order_id": "'SO-40'", "before": "NULL", "row_limit": "10"},
        {"reservation_order_id"},
    ),
    "ended holds": (
        queries_reservation.FIND_ENDED_HOLDS,
        {"now": "now()", "after_end": "NULL", "after_id": "NULL", "row_limit": "10"},
        {"reservation_ends"},
    ),
    "further ended holds": (
        queries_reservation.FIND_ENDED_HOLDS,
        {"now": "now()", "after_end": "(now() - interval '1 hour')", "after_id": ONE, "row_limit": "10"},
        {"reservation_ends"},
    ),
}


@pytest.fixture(scope="module")
def full(postgres: Postgres) -> Iterator[psycopg.Connection]:
    """A database with a past: most reservations are shipped long since."""
    url = postgres.fresh()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(FILL)
        connection.execute("VACUUM ANALYZE")
        yield connection
    postgres.drop(url)


def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from walk(child)


@pytest.mark.parametrize("name", PLANS)
def test_look_ups_use_their_indexes(full: psycopg.Connection, name: str) -> None:
    query, parameters, indexes = PLANS[name]
    text = query.sql % {**parameters, "cell": "0"}
    row = full.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", prepare=False).fetchone()
    assert row is not None
    plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
    nodes = list(walk(plan[0]["Plan"]))
    assert indexes <= {node["Index Name"] for node in nodes if "Index Name" in node}
    assert "Seq Scan" not in {node["Node Type"] for node in nodes}
    assert plan[0]["Plan"]["Actual Rows"] > 0, "it must have something to find"


def test_the_youngest_are_found_without_reading_the_whole_past(full: psycopg.Connection) -> None:
    query, parameters, _ = PLANS["youngest"]
    text = query.sql % {**parameters, "cell": "0"}
    row = full.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text}", prepare=False).fetchone()
    assert row is not None
    [scan] = [node for node in walk(row[0][0]["Plan"]) if node.get("Index Name") == "ledger_level_version_unique"]
    assert scan["Scan Direction"] == "Backward"
    assert scan["Actual Rows"] <= 20, "ten were asked for, and each of its reservations is open"


def test_holds_that_are_over_or_ended_before_are_not_read_by_the_sweep(full: psycopg.Connection) -> None:
    query, parameters, _ = PLANS["further ended holds"]
    text = query.sql % {**parameters, "cell": "0"}
    row = full.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", prepare=False).fetchone()
    assert row is not None
    assert {node["Node Type"] for node in walk(row[0][0]["Plan"])} <= {"Limit", "Index Scan", "Index Only Scan"}
    assert not any(node.get("Rows Removed by Filter") for node in walk(row[0][0]["Plan"]))


def test_stock_changes_are_hot_updates(fresh_database_url: str) -> None:
    """No index on a quantity and room on the page: a change of a level leaves no dead index entries."""

    async def sell() -> tuple[int, int]:
        async with opened(fresh_database_url, lanes=1) as shop:
            place = await shop.stocked(1_000)
            for _ in range(300):
                await shop.reserve(*place, 1)
        with psycopg.connect(fresh_database_url, autocommit=True) as connection:
            for _ in range(100):
                row = connection.execute(
                    "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'level'"
                ).fetchone()
                assert row is not None
                if row[0] >= 300:
                    return row[0], row[1]
                await asyncio.sleep(0.1)  # Counters are told with a delay.
        raise AssertionError("the updates were never counted")

    updates, hot = asyncio.run(sell())
    assert hot >= 0.95 * updates
