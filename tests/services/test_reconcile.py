"""The proof finds what was done past the engine, names it, and mends it by ledger entries."""

import psycopg
import pytest

from onhand.services import reconcile, reservations, stock
from onhand.services.context import open_onhand
from onhand.services.requests import AdjustmentLine, NewAdjustment, ReservationPart
from support.postgres import Postgres, database_of
from support.services import ACTOR, Corner, a_corner

pytestmark = pytest.mark.anyio

LEVEL = "WHERE product_id = (SELECT product_id FROM product WHERE sku = %(sku)s)"


async def a_busy_corner(onhand: reconcile.Onhand) -> Corner:
    corner = await a_corner(onhand, 20)
    held = await corner.reserve(5)
    await corner.reserve(3)
    await reservations.fulfill(onhand, ACTOR, held.reservation_id, ReservationPart())
    return corner


def tamper(postgres: Postgres, url: str, sql: str, sku: str) -> None:
    with psycopg.connect(postgres.named(database_of(url), superuser=True), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # past the triggers, as only a superuser can
        connection.execute(sql.encode(), {"sku": sku})


async def test_a_sound_store_is_clean(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        await a_busy_corner(onhand)
        report = await reconcile.run(onhand)
        assert report.clean
        assert (report.levels, report.reservations, report.on_hand, report.reserved) == (1, 2, 15, 3)
        assert (await reconcile.last(onhand)) == report


@pytest.mark.parametrize(
    ("sql", "kinds"),
    [
        (f"UPDATE level SET on_hand = on_hand + 3 {LEVEL}", {"ledger_sums"}),
        (f"UPDATE level SET reserved = reserved + 1 {LEVEL}", {"ledger_sums", "reservation_sums"}),
        (f"UPDATE level SET backordered = 1 {LEVEL}", {"reservation_sums"}),
        (f"UPDATE level SET version = version + 4 {LEVEL}", {"ledger_sums"}),
        (f"DELETE FROM ledger {LEVEL} AND version = 2", {"ledger_sums", "ledger_chain"}),
        (f"UPDATE ledger SET quantity = quantity + 1 {LEVEL} AND type = 'RECEIVE'", {"ledger_sums", "ledger_chain"}),
        (f"UPDATE ledger SET on_hand = on_hand + 1 {LEVEL} AND version = 2", {"ledger_chain"}),
        (f"DELETE FROM reservation_line {LEVEL} AND quantity = 3", {"reservation_sums", "reservation_status"}),
        (f"UPDATE reservation_line SET quantity = 4 {LEVEL} AND quantity = 3", {"reservation_sums"}),
        (f"DELETE FROM level {LEVEL}", {"ledger_sums", "reservation_sums"}),
    ],
)
async def test_what_was_done_past_the_engine_is_found_and_mended_in_the_ledger(
    postgres: Postgres, fresh_database_url: str, sql: str, kinds: set[str]
) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_busy_corner(onhand)
        await a_busy_corner(onhand)
        tamper(postgres, fresh_database_url, sql, corner.sku)
        found = await reconcile.run(onhand)
        assert {difference.kind for difference in found.differences} == kinds
        assert {difference.sku for difference in found.differences if difference.sku} == {corner.sku}
        assert all(difference.cause for difference in found.differences)
        rows = found.ledger_rows
        mended = await reconcile.run(onhand, repair=True)
        assert {difference.kind for difference in mended.differences} <= {"reservation_status"}
        assert mended.ledger_rows > rows
        assert mended.repairs
        assert not (await reconcile.run(onhand, repair=True)).repairs


async def test_a_difference_names_the_last_operations_that_touched_it(
    postgres: Postgres, fresh_database_url: str
) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_busy_corner(onhand)
        tamper(postgres, fresh_database_url, f"UPDATE level SET on_hand = on_hand - 2 {LEVEL}", corner.sku)
        difference = (await reconcile.run(onhand)).differences[0]
        assert [entry["type"] for entry in difference.last_operations] == ["FULFILL", "RESERVE", "RESERVE", "RECEIVE"]
        assert "2 less" in difference.cause


async def test_a_disabled_guard_is_a_difference(postgres: Postgres, fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        with psycopg.connect(
            postgres.named(database_of(fresh_database_url), superuser=True), autocommit=True
        ) as connection:
            connection.execute("ALTER TABLE ledger DISABLE TRIGGER ledger_append_only")
        assert [each.kind for each in (await reconcile.run(onhand)).differences] == ["ledger_unguarded"]


async def test_selling_goes_on_after_a_repair(postgres: Postgres, fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_busy_corner(onhand)
        tamper(postgres, fresh_database_url, f"UPDATE level SET on_hand = 3 {LEVEL}", corner.sku)
        await reconcile.run(onhand, repair=True)
        line = AdjustmentLine(reason="found", sku=corner.sku, warehouse=corner.warehouse, quantity_change=2)
        await stock.adjust(onhand, ACTOR, NewAdjustment(lines=[line]))
        await corner.reserve(2)
        assert (await reconcile.run(onhand)).clean
