from datetime import timedelta
from typing import Any

import pytest

from onhand.domain.errors import Unknown
from onhand.services import products
from onhand.services.context import Onhand, open_onhand
from onhand.services.exporting import EXPORTS, ROWS_AT_ONCE, Filter, batches, resolve
from onhand.services.requests import NewProduct
from support.services import a_corner

pytestmark = pytest.mark.anyio


async def exported(onhand: Onhand, kind: str, wanted: Filter = Filter()) -> list[dict[str, Any]]:  # noqa: B008
    export = EXPORTS[kind]
    rows = batches(onhand, export, await resolve(onhand, wanted))
    return [dict(zip(export.columns, row, strict=True)) async for batch in rows for row in batch]


async def test_rows_come_some_at_a_time_and_all_of_one_moment(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        names = [f"SKU-{number:06}" for number in range(2 * ROWS_AT_ONCE + 1)]
        for start in range(0, len(names), 1_000):
            await products.create_many(onhand, [NewProduct(sku=sku, name=sku) for sku in names[start : start + 1_000]])
        export = EXPORTS["products"]
        found = []
        async for batch in batches(onhand, export, await resolve(onhand, Filter())):
            assert len(batch) <= ROWS_AT_ONCE
            found += [row[0] for row in batch]
            await products.create_many(onhand, [NewProduct(sku=f"SKU-9{len(found)}", name="late")])
        assert found == names


async def test_levels_stock_ledger_and_reservations(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner, other = await a_corner(onhand, 10), await a_corner(onhand, 5)
        held = await corner.reserve(4, order_id="SO-1")
        [level] = await exported(onhand, "levels", Filter(sku=corner.sku))
        assert (level["on_hand"], level["reserved"], level["available"]) == (10, 4, 6)
        stock = await exported(onhand, "stock", Filter(warehouse=other.warehouse))
        assert stock == [{"sku": other.sku, "warehouse": other.warehouse, "quantity": 5}]
        ledger = await exported(onhand, "ledger", Filter(sku=corner.sku))
        assert [(row["type"], row["quantity"]) for row in ledger] == [("RECEIVE", 10), ("RESERVE", -4)]
        [line] = await exported(onhand, "reservations")
        assert (str(line["reservation_id"]), line["order_id"], line["open"]) == (held.reservation_id, "SO-1", 4)


async def test_from_is_inclusive_and_to_exclusive(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        await a_corner(onhand, 10)
        [row] = await exported(onhand, "ledger")
        at, moment = row["created_at"], timedelta(microseconds=1)
        assert len(await exported(onhand, "ledger", Filter(from_time=at, to_time=at + moment))) == 1
        assert await exported(onhand, "ledger", Filter(to_time=at)) == []
        assert await exported(onhand, "ledger", Filter(from_time=at + moment)) == []


async def test_unknown_names_are_refused(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        for wanted in (Filter(sku="NONE"), Filter(warehouse="NONE")):
            with pytest.raises(Unknown):
                await exported(onhand, "levels", wanted)
        with pytest.raises(Unknown):
            await exported(onhand, "products", Filter(sku="NONE"))
