"""The schema: its constraints by name, each able to refuse; the ledger that cannot be changed; migrations."""

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from onhand.db.migrate import migrate, pending
from support.postgres import Postgres, database_of

ID, OTHER = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"
TIME = "2026-03-01T10:00:00Z"
ROWS: dict[str, dict[str, Any]] = {
    "product": {"product_id": ID, "sku": "A", "name": "A", "created_at": TIME, "updated_at": TIME},
    "warehouse": {
        "warehouse_id": ID,
        "code": "W",
        "name": "W",
        "latitude": 0,
        "longitude": 0,
        "created_at": TIME,
        "updated_at": TIME,
    },
    "level": {"product_id": ID, "warehouse_id": ID, "on_hand": 5, "reserved": 3, "backordered": 1},
    "operation": {"operation_id": ID, "type": "RECEIVE", "created_at": TIME, "created_by": "test"},
    "ledger": {
        "txn_id": ID,
        "operation_id": ID,
        "product_id": ID,
        "warehouse_id": ID,
        "version": 1,
        "created_at": TIME,
        "quantity": 5,
        "on_hand": 5,
        "reserved": 0,
        "type": "RECEIVE",
        "created_by": "test",
    },
    "ledger_state": {"txn_id": ID, "state": "damaged", "product_id": ID, "warehouse_id": ID, "quantity": 2},
    "reservation": {"reservation_id": ID, "status": "active", "created_at": TIME},
    "reservation_line": {"reservation_id": ID, "line": 0, "product_id": ID, "warehouse_id": ID, "quantity": 3},
    "transfer": {
        "transfer_id": ID,
        "from_warehouse_id": ID,
        "to_warehouse_id": OTHER,
        "status": "in_transit",
        "created_at": TIME,
        "created_by": "test",
    },
    "transfer_line": {"transfer_id": ID, "line": 0, "product_id": ID, "quantity": 3},
    "postal_code": {"country": "DE", "postal_code": "10115", "latitude": 52.5, "longitude": 13.4},
    "supplier": {"supplier_id": ID, "code": "S", "name": "S", "created_at": TIME, "updated_at": TIME},
    "supplier_product": {"supplier_id": OTHER, "product_id": ID, "lead_time_days": 3},
    "measured_lead_time": {"supplier_id": OTHER, "product_id": ID, "days": [3, 5]},
    "purchase_order": {
        "purchase_order_id": ID,
        "supplier_id": OTHER,
        "status": "draft",
        "created_at": TIME,
        "created_by": "test",
    },
    "purchase_order_line": {
        "purchase_order_id": ID,
        "line": 0,
        "product_id": ID,
        "warehouse_id": ID,
        "quantity": 3,
        "received": 1,
        "open": 2,
    },
    "count_session": {"count_id": ID, "warehouse_id": ID, "created_at": TIME, "created_by": "test"},
    "count_line": {"count_id": ID, "line": 0, "product_id": ID, "expected": 3, "expected_version": 1},
    "promise": {
        "reservation_id": ID,
        "line": 0,
        "warehouse_id": ID,
        "product_id": ID,
        "told_at": TIME,
        "told_from": "2026-03-01",
        "told_to": "2026-03-02",
        "ships_from": "2026-03-03",
        "ships_to": "2026-03-04",
        "evidence": "[]",
        "changed_at": TIME,
    },
    "routing_setting": {"rules": ["closest"], "updated_at": TIME, "updated_by": "test"},
    "customer_return": {"return_id": ID, "created_at": TIME, "created_by": "test"},
    "customer_return_line": {
        "return_id": ID,
        "line": 0,
        "reservation_id": ID,
        "reservation_line": 0,
        "from_warehouse_id": ID,
        "product_id": ID,
        "to_warehouse_id": ID,
        "quantity": 1,
        "disposition": "restock",
    },
    "reorder_note": {"note_id": ID, "product_id": ID, "warehouse_id": ID},
    "idempotency": {"digest": ID, "request_digest": ID, "created_at": TIME, "outcome": b""},
    "event": {"event_id": ID, "type": "x", "subject": "x", "created_at": TIME, "data": "{}"},
    "event_feed": {"cell": 1},
    "warehouse_revision": {"one_row": True},
    "webhook": {"webhook_id": ID, "url": "http://x", "secret": "x", "created_at": TIME, "updated_at": TIME},
    "webhook_delivery": {"webhook_id": OTHER, "event_id": ID, "next_attempt_at": TIME},
    "api_key": {"key_id": ID, "name": "x", "digest": b"x", "scopes": ["read"], "created_at": TIME},
    "web_user": {"user_id": ID, "name": "x", "scopes": ["read"], "created_at": TIME},
}
BAD: dict[str, list[dict[str, Any]]] = {
    "product_sku_length": [{"sku": ""}, {"sku": "x" * 101}],
    "product_selling_mode_known": [{"selling_mode": "gift"}],
    "product_selling_limit_not_negative": [{"selling_limit": -1}],
    "product_preorder_has_release_date": [{"selling_mode": "preorder"}],
    "product_measures_not_negative": [{measure: -1} for measure in ("weight_g", "length_mm", "width_mm", "height_mm")],
    "warehouse_code_length": [{"code": ""}, {"code": "x" * 51}],
    "warehouse_latitude_on_earth": [{"latitude": 90.1}, {"latitude": -90.1}, {"latitude": float("nan")}],
    "warehouse_longitude_on_earth": [{"longitude": 180.1}, {"longitude": -180.1}],
    "warehouse_capacity_positive": [{"capacity": 0}],
    "warehouse_capacity_in_known": [{"capacity_in": "boxes"}],
    "warehouse_capacity_policy_known": [{"capacity_policy": "shout"}],
    "warehouse_calendar_in_range": [
        *({name: bad} for name in ("handling_days", "receiving_days") for bad in (-1, 61)),
        *({"working_days": bad} for bad in ([], [0], [8], [1] * 8)),
        {"closed_on": [f"2026-01-{1 + n % 31:02}" for n in range(201)]},
    ],
    "warehouse_priority_in_range": [{"priority": -1}, {"priority": 1_000_001}],
    "promise_days_in_order": [
        {"told_from": None},
        {"ships_from": None},
        {"told_to": "2026-02-01"},
        {"ships_to": "2026-02-01"},
    ],
    "routing_setting_is_one": [{"routing_setting_id": 2}],
    "routing_setting_rules_known": [{"rules": ["closest", "cheapest"]}],
    "level_on_hand_not_negative": [{"on_hand": -1, "reserved": 0, "backordered": 0}],
    "level_backordered_within_reserved": [{"backordered": -1, "on_hand": 9}, {"backordered": 4}],
    "level_covered_within_on_hand": [{"on_hand": 1}],
    "level_set_aside_not_negative": [{"set_aside": -1}],
    "level_states_not_negative": [{state: -1} for state in ("damaged", "quality_control", "incoming")],
    "level_backorder_limit_not_negative": [{"backorder_limit": -1}],
    "level_settings_not_negative": [
        {"reorder_threshold": -1},
        {"reorder_quantity": 0},
        {"safety_stock": -1},
    ],
    "operation_type_known": [{"type": "SELL"}],
    "ledger_type_known": [{"type": "SELL"}],
    "ledger_sign_fits_type": [
        {"type": "RECEIVE", "quantity": -1},
        {"type": "RESERVE", "quantity": 1},
        {"type": "RELEASE", "quantity": -1},
        {"type": "FULFILL", "quantity": 1},
    ],
    "ledger_after_not_negative": [{"on_hand": -1}, {"reserved": -1}],
    "ledger_state_known": [{"state": "available"}],
    "ledger_state_moves": [{"quantity": 0}],
    "reservation_status_known": [{"status": "lost"}],
    "reservation_line_quantity_positive": [{"quantity": 0}],
    "reservation_line_parts_within_quantity": [
        {"fulfilled": -1},
        {"released": -1},
        {"backordered": -1},
        {"fulfilled": 1, "released": 1, "backordered": 2},
    ],
    "reservation_line_priority_in_range": [{"priority": 0}, {"priority": 10}],
    "transfer_status_known": [{"status": "forgotten"}],
    "transfer_line_shrinkage_within_cancelled": [{"lost": -1}, {"lost": 1}],
    "transfer_goes_elsewhere": [{"to_warehouse_id": ID}],
    "transfer_line_quantity_positive": [{"quantity": 0}],
    "transfer_line_parts_within_quantity": [{"received": -1}, {"cancelled": -1}, {"received": 2, "cancelled": 2}],
    "postal_code_latitude_on_earth": [{"latitude": 90.1}, {"latitude": -90.1}, {"latitude": float("nan")}],
    "postal_code_longitude_on_earth": [{"longitude": 180.1}, {"longitude": -180.1}],
    "supplier_code_length": [{"code": ""}, {"code": "x" * 51}],
    "supplier_lead_time_in_known": [{"lead_time_in": "moons"}],
    "supplier_reorders_known": [{"reorders": "never"}],
    "supplier_percents_in_range": [
        *({f"{way}_delivery_percent": bad} for way in ("over", "under") for bad in (-1, 101)),
    ],
    "supplier_product_terms_in_range": [
        *({"lead_time_days": bad} for bad in (-1, 1001)),
        *({name: 0} for name in ("minimum_order", "pack_size", "priority")),
        {"unit_cost": -1},
    ],
    "supplier_region_is_of_a_country": [{"holiday_region": "SN"}],
    "supplier_measured_after_receipts_in_range": [{"measured_after_receipts": bad} for bad in (-1, 21)],
    "measured_lead_time_days_in_range": [{"days": []}, {"days": [-1]}, {"days": [1] * 21}],
    "purchase_order_status_known": [{"status": "lost", "placed_at": TIME, "expected_arrival_date": "2026-03-01"}],
    "purchase_order_placed_has_dates": [{"status": "placed"}, {"status": "received", "placed_at": TIME}],
    "purchase_order_line_quantity_positive": [{"quantity": 0, "received": 0, "open": 0}],
    "purchase_order_line_parts_not_negative": [
        {"damaged": -1},
        {"quality_control": -1},
        {"cancelled": -1, "open": 3},
        {"damaged": 1, "quality_control": 1},
    ],
    "purchase_order_line_open_is_the_rest": [{"open": 3}, {"open": -1, "received": 4}],
    "count_session_status_known": [{"status": "lost"}],
    "count_session_approval_limit_not_negative": [{"approval_limit": -1}],
    "count_session_currency_known": [{"currency": "euro"}, {"currency": "eur"}],
    "count_session_value_not_negative": [{"approval_value": -1, "currency": "EUR"}],
    "count_session_value_has_currency": [{"approval_value": 1}],
    "count_line_unit_cost_not_negative": [{"unit_cost": -1}],
    "count_session_posted_has_time": [{"status": "posted"}, {"posted_at": TIME}],
    "count_line_not_negative": [
        {"expected": -1},
        {"counted": -1, "book": 0, "book_version": 1},
        {"counted": 0, "book": -1, "book_version": 1},
    ],
    "count_line_counted_against_a_book": [{"counted": 1}, {"book": 1}, {"counted": 1, "book": 1}],
    "customer_return_line_quantity_positive": [{"quantity": 0}],
    "customer_return_line_disposition_known": [{"disposition": "eaten"}],
    "customer_return_line_refused_goes_nowhere": [{"disposition": "refuse"}, {"to_warehouse_id": None}],
    "event_feed_position_not_negative": [{"position": -1}],
    "warehouse_revision_is_one_row": [{"one_row": False}],
    "webhook_url_length": [{"url": ""}, {"url": "x" * 2001}],
    "webhook_old_secret_ends": [{"old_secret": "x"}, {"old_secret_until": TIME}],
    "webhook_delivery_status_known": [{"status": "lost", "next_attempt_at": None}],
    "webhook_delivery_pending_has_time": [{"next_attempt_at": None}, {"status": "delivered"}],
    "webhook_delivery_attempts_not_negative": [{"attempts": -1}],
    "api_key_scopes_known": [{"scopes": ["read", "everything"]}],
    "web_user_scopes_known": [{"scopes": ["read", "everything"]}],
}
KEYS = {
    *("postal_code_pkey", "routing_setting_pkey", "promise_pkey"),
    *("web_user_pkey", "web_user_name_unique", "web_session_pkey", "web_session_user_id_fkey"),
    *("web_link_pkey", "web_link_user_id_fkey", "stock_alert_pkey", "refusal_pkey"),
    *("api_key_digest_unique", "api_key_name_unique", "api_key_pkey", "event_pkey", "idempotency_pkey"),
    *("ledger_level_version_unique", "ledger_pkey", "level_pkey", "level_product_id_fkey", "level_warehouse_id_fkey"),
    *("supplier_pkey", "supplier_code_unique", "supplier_product_pkey", "supplier_product_supplier_id_fkey"),
    *("measured_lead_time_pkey", "measured_lead_time_supplier_id_fkey", "measured_lead_time_product_id_fkey"),
    *("supplier_product_product_id_fkey", "purchase_order_pkey", "purchase_order_supplier_id_fkey"),
    *("purchase_order_line_pkey", "reorder_note_pkey", "ledger_state_pkey"),
    *("count_session_pkey", "count_session_warehouse_id_fkey", "count_line_pkey", "count_line_product_once"),
    *("warehouse_room_pkey", "warehouse_room_warehouse_id_fkey", "customer_return_pkey", "customer_return_line_pkey"),
    *("operation_pkey", "product_pkey", "product_sku_unique", "reconciliation_pkey", "reservation_line_pkey"),
    *("reservation_pkey", "transfer_from_warehouse_id_fkey", "transfer_line_pkey"),
    *(
        "warehouse_revision_pkey",
        "event_feed_pkey",
        "webhook_pkey",
        "webhook_delivery_pkey",
        "webhook_delivery_webhook_id_fkey",
    ),
    *("transfer_pkey", "transfer_to_warehouse_id_fkey", "warehouse_code_unique", "warehouse_pkey"),
}
CONSTRAINTS = """
SELECT conname, conrelid::regclass::text, contype::text FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype <> 'n' AND conrelid::regclass::text NOT LIKE '%yoyo%'
"""


@pytest.fixture(scope="module")
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def insert(connection: psycopg.Connection, table: str, row: dict[str, Any]) -> None:
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(map(sql.Placeholder, row)),
    )
    connection.execute(statement, row)


def fill(connection: psycopg.Connection) -> None:
    insert(connection, "product", ROWS["product"])
    insert(connection, "warehouse", ROWS["warehouse"])
    insert(connection, "warehouse", ROWS["warehouse"] | {"warehouse_id": OTHER, "code": "O"})
    insert(connection, "supplier", ROWS["supplier"] | {"supplier_id": OTHER, "code": "O"})
    connection.execute("DELETE FROM warehouse_revision")
    connection.execute("DELETE FROM routing_setting")  # Another test may have set the rules.
    insert(connection, "webhook", ROWS["webhook"] | {"webhook_id": OTHER})


def test_every_constraint_has_a_name_that_we_know(connection: psycopg.Connection) -> None:
    """Broken constraints are told to callers by their names: a new one belongs here and in the table of problems."""
    rows = connection.execute(CONSTRAINTS).fetchall()
    assert {name for name, _, kind in rows if kind == "c"} == set(BAD)
    assert {name for name, _, kind in rows if kind != "c"} == KEYS
    assert all(name.startswith(f"{table}_") for name, table, _ in rows)


@pytest.mark.parametrize("table", ROWS)
def test_a_good_row_is_taken(connection: psycopg.Connection, table: str) -> None:
    with connection.transaction(force_rollback=True):
        fill(connection)
        if table not in ("product", "warehouse"):
            insert(connection, table, ROWS[table])


@pytest.mark.parametrize(("constraint", "change"), [(name, bad) for name, changes in BAD.items() for bad in changes])
def test_a_bad_row_is_refused(connection: psycopg.Connection, constraint: str, change: dict[str, Any]) -> None:
    table = max((name for name in ROWS if constraint.startswith(f"{name}_")), key=len)
    with connection.transaction(force_rollback=True):
        fill(connection)
        new = {"sku": "B", "code": "B", "product_id": OTHER} if table in ("product", "warehouse") else {}
        row = ROWS[table] | {key: value for key, value in new.items() if key in ROWS[table]} | change
        if table == "warehouse":
            row["warehouse_id"] = "00000000-0000-7000-8000-000000000003"
        if table == "supplier":
            row = {"code": "B"} | row | change
        if constraint == "level_on_hand_not_negative":  # The other one speaks first, and says as much.
            connection.execute("ALTER TABLE level DROP CONSTRAINT level_covered_within_on_hand")
        with pytest.raises(psycopg.errors.CheckViolation) as error, connection.transaction():
            insert(connection, table, row)
    assert error.value.diag.constraint_name == constraint


CHANGES = ["UPDATE ledger SET quantity = quantity + 1", "DELETE FROM ledger", "TRUNCATE ledger"]
CHANGES += [change.replace("ledger", "ledger_state") for change in CHANGES]


@pytest.mark.parametrize("change", CHANGES)
def test_the_role_of_the_application_may_not_change_the_ledger(connection: psycopg.Connection, change: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
        connection.execute(change)


@pytest.mark.parametrize("change", CHANGES)
def test_a_superuser_is_stopped_by_the_trigger(postgres: Postgres, fresh_database_url: str, change: str) -> None:
    if postgres.superuser_url is None:
        pytest.skip("no superuser at hand: ONHAND_DATABASE_URL names a plain role")
    with psycopg.connect(postgres.named(database_of(fresh_database_url), superuser=True), autocommit=True) as root:
        fill(root)
        insert(root, "operation", ROWS["operation"])
        insert(root, "ledger", ROWS["ledger"])
        insert(root, "ledger_state", ROWS["ledger_state"])
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only") as error:
            root.execute(change)
        assert error.value.diag.constraint_name == "ledger_append_only"
        assert root.execute("SELECT quantity FROM ledger").fetchall() == [(5,)]
        for table in ("ledger", "ledger_state"):
            root.execute(f"ALTER TABLE {table} DISABLE TRIGGER ledger_append_only")
        root.execute(change)  # Without the trigger nothing would stop them.


def catalogue(url: str) -> list[Any]:
    """Everything that makes up the schema."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            """
            SELECT table_name || '.' || column_name, data_type || is_nullable || coalesce(column_default, '')
            FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '%yoyo%'
            UNION ALL SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE '%yoyo%'
            UNION ALL SELECT indexname, indexdef FROM pg_indexes
            WHERE schemaname = 'public' AND tablename NOT LIKE '%yoyo%' ORDER BY 1, 2
            """
        ).fetchall()


def test_migrations_are_applied_once(empty_database_url: str, database_url: str) -> None:
    todo = pending(empty_database_url)
    assert todo
    assert migrate(empty_database_url) == todo
    made = catalogue(empty_database_url)
    assert made == catalogue(database_url)
    assert (pending(empty_database_url), migrate(empty_database_url)) == ([], [])
    assert catalogue(empty_database_url) == made


def test_migrating_at_the_same_moment_is_safe(empty_database_url: str) -> None:
    done: list[list[str]] = []
    errors: list[BaseException] = []
    together = threading.Barrier(4)

    def one() -> None:
        together.wait()
        try:
            done.append(migrate(empty_database_url))
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert sorted(map(bool, done)) == [False, False, False, True]


def test_what_is_no_postgresql_is_refused() -> None:
    with pytest.raises(ValueError, match="postgresql://"):
        pending("mysql://localhost/onhand")
