"""Real orders on a real database. None of the file is copied into the repository."""

import gzip
import itertools
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from shop_tools import kill_when_half_done, line, state, write

from onhand.services import levels, products, reconcile, reservations, stock, warehouses
from onhand.services.context import open_onhand
from onhand.services.ledger import find as find_ledger
from onhand.services.requests import AdjustmentLine, LedgerFilter, NewAdjustment
from onhand.shop.orders.places import WAREHOUSES, home_of
from onhand.shop.orders.report import ReplayReport
from onhand.shop.orders.run import ALL_GONE, MORE_THAN_THERE, NEVER_HELD
from onhand.shop.replay import replay_file
from support.postgres import Postgres

pytestmark = pytest.mark.anyio

PART_LINES = 12_000
PART_NAME = "part.csv"


@pytest.fixture
def part(real_orders: Path, tmp_path: Path) -> Path:
    """The first days of the real file: enough for cancellations, write-offs and two deliveries."""
    path = tmp_path / PART_NAME
    with gzip.open(real_orders, "rt", encoding="utf-8") as file:
        path.write_text("".join(itertools.islice(file, PART_LINES)), encoding="utf-8")
    return path


async def replay(url: str, path: Path, **options: int) -> ReplayReport:
    async with open_onhand(url) as onhand:
        return await replay_file(onhand, path, **options)


async def is_clean(url: str) -> bool:
    async with open_onhand(url) as onhand:
        return (await reconcile.run(onhand)).clean


def adds_up(report: ReplayReport) -> bool:
    """Every line is somewhere, every unit too."""
    done = report.done
    lines = report.lines_ordered + report.lines_cancelled + report.lines_corrected
    shortages = sum(report.shortages.values())
    return (
        report.lines == lines + report.lines_refused + report.lines_beyond_limit
        and report.units_ordered == done.reserved + shortages
        and report.orders == done.orders_reserved + done.orders_refused
        and done.orders_reserved == done.orders_fulfilled + done.orders_released + done.orders_open
    )


async def test_a_small_shop_lives_through_every_kind_of_row(fresh_database_url: str, tmp_path: Path) -> None:
    path = write(
        tmp_path / "orders.csv",
        [
            line("1001", "MUG1", 4, at="2010-12-01 09:00:00"),
            line("1001", "POST", 1, at="2010-12-01 09:00:00"),
            line("C1002", "MUG1", -1, at="2010-12-01 10:00:00"),  # not shipped yet: released
            line("1003", "MUG1", 2, at="2010-12-03 09:00:00"),
            line("C1004", "MUG1", -2, at="2010-12-03 10:00:00"),  # of 1003, released; nothing of it is left
            line("C1005", "MUG1", -2, at="2010-12-06 10:00:00"),  # of 1001, shipped: returned
            line("C1006", "MUG1", -5, at="2010-12-06 11:00:00"),  # one more of 1001, four of before
            line("1007", "MUG1", -3, description="damaged", price=0, customer="", at="2010-12-06 12:00:00"),
            line("1008", "MUG1", 5, description="found", price=0, customer="", at="2010-12-06 12:30:00"),
            line("1009", "MUG1", -9000, description="thrown away", price=0, customer="", at="2010-12-06 13:00:00"),
            line("1010", "NEW1", -5, description="check", price=0, customer="", at="2010-12-06 13:30:00"),
        ],
    )
    async with open_onhand(fresh_database_url) as onhand:
        report = await replay_file(onhand, path)
        done = report.done
        assert (done.orders_fulfilled, done.orders_released) == (1, 1)
        assert (done.reserved, done.released, done.fulfilled) == (6, 3, 3)
        assert (done.returned, done.returned_without_order) == (7, 4)
        assert (done.found, done.counted) == (5, 1)
        assert set(report.refusals) == {"no goods: postage (POST)", MORE_THAN_THERE}
        order = (await reservations.find(onhand, order_id="1001")).items[0]
        assert (order.status, order.lines[0].fulfilled, order.lines[0].released) == ("fulfilled", 3, 1)
        level = (await levels.find(onhand, sku="MUG1", warehouse=home_of("MUG1"))).items[0]
        assert level.on_hand == done.received - done.fulfilled + done.returned + done.found - done.written_off == 0
        returned = (await find_ledger(onhand, LedgerFilter(reference_id="C1005"))).items
        assert [(x.type, x.quantity, x.reason, x.reference_type) for x in returned] == [
            ("RECEIVE", 2, "return", "return")
        ]
        reasons = {x.reason for x in (await find_ledger(onhand, LedgerFilter(type="ADJUST"))).items}
        assert reasons == {"damaged", "found", "thrown away"}
    assert adds_up(report)
    assert await is_clean(fresh_database_url)


async def test_shortages_and_what_was_never_held_are_told(fresh_database_url: str, tmp_path: Path) -> None:
    many = [
        line(str(n), "MUG1", 9000, at=f"2010-12-01 09:{n - 1000:02}:00", customer=str(n)) for n in range(1000, 1009)
    ]
    cancelled = line("C2000", "MUG1", -9000, at="2010-12-01 11:00:00", customer="1008")
    report = await replay(fresh_database_url, write(tmp_path / "orders.csv", [*many, cancelled]))
    assert report.shortages[ALL_GONE]
    assert NEVER_HELD in report.refusals
    assert adds_up(report)
    assert await is_clean(fresh_database_url)


async def test_a_dry_run_reports_and_touches_nothing(fresh_database_url: str, tmp_path: Path) -> None:
    path = write(tmp_path / "orders.csv", [line(), line("1002", "POST")])
    async with open_onhand(fresh_database_url) as onhand:
        report = await replay_file(onhand, path, dry_run=True)
        assert (report.dry_run, report.orders, report.lines, report.lines_refused) == (True, 1, 2, 1)
        assert not (await products.find(onhand)).items
        assert not (await warehouses.find(onhand)).items


async def test_the_first_2000_invoices_of_the_real_file_reconcile(fresh_database_url: str, real_orders: Path) -> None:
    progress: list[tuple[int, int]] = []
    async with open_onhand(fresh_database_url) as onhand:
        report = await replay_file(
            onhand, real_orders, limit=2000, progress=lambda done, total: progress.append((done, total))
        )
    assert progress[-1] == (2000, 2000)
    assert adds_up(report)
    assert report.lines == 320_705
    assert report.done.orders_fulfilled > 0.9 * report.orders
    assert report.done.reserved > 0.8 * report.units_ordered
    assert min(report.done.backordered, report.done.released, report.done.returned, report.done.written_off) > 0
    assert len(WAREHOUSES) == 5
    assert await is_clean(fresh_database_url)


async def test_replayed_twice_nothing_changes(fresh_database_url: str, part: Path) -> None:
    first = await replay(fresh_database_url, part)
    before = state(fresh_database_url)
    second = await replay(fresh_database_url, part)
    assert state(fresh_database_url) == before
    assert (second.refusals, second.shortages) == (first.refusals, first.shortages)
    assert second.done.operations_replayed == second.done.operations == first.done.operations
    first.done.operations_replayed = second.done.operations_replayed
    assert second.done == first.done


async def test_a_limit_first_and_the_whole_file_then_is_the_whole_file(postgres: Postgres, part: Path) -> None:
    in_parts, at_once = postgres.fresh(), postgres.fresh()
    await replay(in_parts, part, limit=150)
    await replay(in_parts, part)
    await replay(at_once, part)
    # Only the write-offs that were counted at the end of the first part may come earlier than in one go.
    assert state(in_parts)["reservations"] == state(at_once)["reservations"]
    assert await is_clean(in_parts)


async def test_killed_in_the_middle_and_run_again_it_comes_to_the_same_end(postgres: Postgres, part: Path) -> None:
    killed, whole = postgres.fresh(), postgres.fresh()
    kill_when_half_done("replay", killed, part)
    assert rows_of(killed) > 0
    report = await replay(killed, part)
    assert 0 < report.done.operations_replayed < report.done.operations
    uninterrupted = await replay(whole, part)
    assert state(killed) == state(whole)
    uninterrupted.done.operations_replayed = report.done.operations_replayed
    assert report.done == uninterrupted.done
    assert await is_clean(killed)


async def test_a_database_that_breaks_off_all_connections_is_waited_for(postgres: Postgres, part: Path) -> None:
    broken, whole = postgres.fresh(), postgres.fresh()
    async with open_onhand(broken) as onhand:
        await replay_file(onhand, part, progress=_breaker(broken, at=(100, 200, 300)))
    await replay(whole, part)
    assert state(broken) == state(whole)
    assert await is_clean(broken)


def _breaker(url: str, at: tuple[int, ...]) -> Callable[[int, int], None]:
    left = list(at)

    def told(done: int, _: int) -> None:
        if left and done >= left[0]:
            left.pop(0)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%cell%'"
                )

    return told


def rows_of(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM ledger").fetchone()
    assert row is not None
    return int(row[0])


async def test_a_file_of_the_same_name_with_other_orders_is_told_apart(fresh_database_url: str, tmp_path: Path) -> None:
    await replay(fresh_database_url, write(tmp_path / "orders.csv", [line(units=1)]))
    report = await replay(fresh_database_url, write(tmp_path / "orders.csv", [line(units=2)]))
    assert report.refusals["IDEMPOTENCY_KEY_REUSED"].examples == [2]


async def test_a_shop_that_has_stock_already_is_not_disturbed(fresh_database_url: str, tmp_path: Path) -> None:
    path = write(tmp_path / "orders.csv", [line()])
    async with open_onhand(fresh_database_url) as onhand:
        await replay_file(onhand, path)
        found = AdjustmentLine(reason="found", sku="MUG1", warehouse=home_of("MUG1"), quantity_change=7)
        await stock.adjust(onhand, "test", NewAdjustment(lines=[found]))
        before = state(fresh_database_url)
        await replay_file(onhand, path)
    assert state(fresh_database_url) == before


async def test_slow_the_whole_real_file_reconciles(fresh_database_url: str, real_orders: Path) -> None:
    report = await replay(fresh_database_url, real_orders)
    assert adds_up(report)
    assert (report.lines, report.orders, report.products) == (320_705, 12_384, 3_664)
    assert report.done.orders_fulfilled > 0.9 * report.orders
    assert report.codes_in_two_cases
    assert report.countries_without_code == {"Unspecified": 10, "European Community": 3}
    assert await is_clean(fresh_database_url)
