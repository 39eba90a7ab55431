import dataclasses
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from onhand.domain.limits import IDEMPOTENCY_KEPT_S, QUANTITY_MAX_UNITS
from onhand.engine.batch import utc_now
from onhand.services import housekeeping, importing, products
from onhand.services.context import Onhand, open_onhand
from onhand.services.importing import CHUNK_ROWS, AlreadyRunningError, Problem, Record, Refusal, StockImport, Summary
from onhand.services.importing_products import PRODUCT_COLUMNS, import_products, parse_product
from onhand.services.requests import NewProduct
from support.services import a_corner, a_warehouse

pytestmark = pytest.mark.anyio
DIGEST = bytes(range(16))


def records(rows: Iterable[tuple[object, ...]]) -> list[Record]:
    return [Record(line, [str(cell) for cell in row]) for line, row in enumerate(rows, 2)]


async def received(
    onhand: Onhand, rows: list[Record], refused: list[Refusal] | None = None, *, repetition: int = 0
) -> Summary:
    refusals = [] if refused is None else refused
    job = StockImport(
        onhand, DIGEST, name="f.csv", repetition=repetition, refuse=refusals.append, advance=lambda done: None
    )
    return await job.run(rows, len(rows))


async def on_hand(onhand: Onhand, sku: str) -> int:
    async with onhand.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT coalesce(sum(on_hand), 0)::int FROM level JOIN product USING (product_id) WHERE sku = %s", [sku]
        )
        return (await cursor.fetchone() or (0,))[0]


async def test_rows_of_one_level_in_many_chunks_at_once(fresh_database_url: str) -> None:
    """The level is made by one of the chunks, and the others find it."""
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand)
        rows = records([(corner.sku, corner.warehouse, 2)] * (5 * CHUNK_ROWS + 1))
        assert await received(onhand, rows) == Summary(rows=len(rows), received=len(rows), units=2 * len(rows))
        assert await on_hand(onhand, corner.sku) == 2 * len(rows)
        again = await received(onhand, rows)
        assert (again.received, again.already, again.refused) == (0, len(rows), 0)


async def test_rows_that_would_overflow_are_refused_one_by_one(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        full, other = await a_corner(onhand, QUANTITY_MAX_UNITS - 5), await a_corner(onhand)
        rows = records(
            [
                (full.sku, full.warehouse, 3),
                (full.sku, full.warehouse, 3),
                (other.sku, other.warehouse, 7),
                (full.sku, full.warehouse, 2),
                (full.sku, full.warehouse, QUANTITY_MAX_UNITS),
            ]
        )
        refused: list[Refusal] = []
        summary = await received(onhand, rows, refused)
        assert (summary.received, summary.units, summary.refused) == (3, 12, 2)
        assert [(each.record.line, each.problem.code) for each in refused] == [
            (3, "LEVEL_OVERFLOW"),
            (6, "LEVEL_OVERFLOW"),
        ]
        again = await received(onhand, rows)
        assert (again.received, again.already, again.refused) == (0, 3, 2)
        assert await on_hand(onhand, full.sku) == QUANTITY_MAX_UNITS


async def test_nothing_is_received_twice_when_outcomes_are_no_longer_kept(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand)
        rows = records([(corner.sku, corner.warehouse, 1)] * (CHUNK_ROWS + 1) + [("NONE", corner.warehouse, 1)])
        assert (await received(onhand, rows)).received == CHUNK_ROWS + 1
        later = utc_now() + timedelta(seconds=IDEMPOTENCY_KEPT_S + 1)
        aged = dataclasses.replace(onhand, now=lambda: later)
        assert await housekeeping.forget_old_keys(aged) > 0
        again = await received(aged, rows)
        assert (again.received, again.already, again.refused) == (0, CHUNK_ROWS + 1, 1)
        assert await on_hand(onhand, corner.sku) == CHUNK_ROWS + 1


async def test_a_further_import_is_a_new_one_once_the_last_is_complete(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand)
        rows = records([(corner.sku, corner.warehouse, 1)] * (2 * CHUNK_ROWS))
        assert await importing.next_repetition(onhand, DIGEST, len(rows)) == 0
        await received(onhand, rows[:CHUNK_ROWS])  # as far as a crash let it
        assert await importing.next_repetition(onhand, DIGEST, len(rows)) == 0
        await received(onhand, rows)
        assert await importing.next_repetition(onhand, DIGEST, len(rows)) == 1
        await received(onhand, rows[:CHUNK_ROWS], repetition=1)
        assert await importing.next_repetition(onhand, DIGEST, len(rows)) == 1
        await received(onhand, rows, repetition=1)
        assert await importing.next_repetition(onhand, DIGEST, len(rows)) == 2
        assert await on_hand(onhand, corner.sku) == 4 * CHUNK_ROWS


async def test_one_at_a_time(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        async with importing.only_import(onhand, DIGEST):
            with pytest.raises(AlreadyRunningError):
                async with importing.only_import(onhand, DIGEST):
                    pass
            async with importing.only_import(onhand, DIGEST[::-1]):
                pass
        async with importing.only_import(onhand, DIGEST):
            pass


async def test_more_products_than_a_process_keeps_are_all_found(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onhand.engine.directory.PRODUCTS_KEPT_MAX", 500)
    async with open_onhand(fresh_database_url) as onhand:
        skus = [f"SKU-{number}" for number in range(3 * CHUNK_ROWS)]
        await products.create_many(onhand, [NewProduct(sku=sku, name=sku) for sku in skus])
        warehouse = await a_warehouse(onhand)
        rows = records((sku, warehouse, 1) for sku in skus + skus[::-1])
        assert (await received(onhand, rows)).refused == 0


async def test_a_stopped_import_of_products_is_gone_on_with(fresh_database_url: str, tmp_path: Path) -> None:
    def rows() -> list[Record]:
        return records((f"SKU-{number}", "Name", *[""] * 8) for number in range(2 * CHUNK_ROWS + 1))

    async with open_onhand(fresh_database_url) as onhand:

        async def imported(some: list[Record]) -> Summary:
            return await import_products(
                onhand,
                some,
                given=frozenset({"sku", "name"}),
                update=False,
                dry_run=False,
                refuse=pytest.fail,
                advance=lambda done: None,
            )

        assert (await imported(rows()[:CHUNK_ROWS])).created == CHUNK_ROWS
        summary = await imported(rows())
        assert (summary.created, summary.existing) == (CHUNK_ROWS + 1, CHUNK_ROWS)


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"sku": "a\nb"}, ("sku", "INVALID_VALUE")),
        ({"name": "x" * 501}, ("name", "INVALID_VALUE")),
        ({"weight_g": "2147483648"}, ("weight_g", "OUT_OF_RANGE")),
        ({"weight_g": "1e3"}, ("weight_g", "INVALID_VALUE")),
        ({"height_mm": "5"}, ("length_mm", "MISSING_FIELD")),
        ({"selling_mode": "always"}, ("selling_mode", "INVALID_VALUE")),
        ({"release_date": "2026-13-01"}, ("release_date", "INVALID_VALUE")),
    ],
)
async def test_a_bad_cell_is_named(cells: dict[str, str], problem: tuple[str, str]) -> None:
    row = {"sku": "MUG", "name": "Mug"} | cells
    found = parse_product([row.get(column, "") for column in PRODUCT_COLUMNS])
    assert isinstance(found, Problem)
    assert (found.column, found.code) == problem
    assert found.reason
