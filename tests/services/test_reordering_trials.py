"""Many racing trials: each level is sold below its threshold by two at once, while two processes sweep and batch.

ONHAND_REORDER_TRIALS=10000 runs as many levels; the usual number keeps the suite quick.
"""

import asyncio
import os
from typing import Any

import pytest

from onhand.domain.commands import Fulfill, Receive, Reserve, ReserveLine, StockLine
from onhand.domain.errors import Overloaded
from onhand.domain.ids import Id
from onhand.engine.engine import new_id
from onhand.services import reconcile, reordering, suppliers, warehouses
from onhand.services.context import Onhand, open_onhand
from onhand.services.requests import Location, NewWarehouse
from onhand.services.supply_requests import NewSupplier
from support.stock import header

pytestmark = pytest.mark.anyio

TRIALS = int(os.environ.get("ONHAND_REORDER_TRIALS", "400"))
AT_ONCE = 500
FURNISH = """
INSERT INTO product (product_id, sku, name, created_at, updated_at)
SELECT md5('p' || n)::uuid, 'P-' || n, 'P', now(), now() FROM generate_series(1, %(trials)s) n;
"""
SUPPLY = """
INSERT INTO supplier_product (supplier_id, product_id, lead_time_days, pack_size)
SELECT supplier_id, product_id, 3, 5 FROM supplier, product;
UPDATE level SET reorder_threshold = 10;
"""
TWICE = "SELECT count(*), count(DISTINCT product_id), min(quantity), max(quantity) FROM purchase_order_line"


async def held(onhand: Onhand, product: Id, warehouse: Id) -> list[Id]:
    """Two reservations of one unit each."""
    commands = [Reserve(header(), (ReserveLine(product, 1, warehouse),)) for _ in range(2)]
    await asyncio.gather(*(onhand.engine.submit(command) for command in commands))
    return [command.header.operation_id for command in commands]


async def test_no_level_is_ordered_twice(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as one, open_onhand(fresh_database_url) as two:
        await warehouses.create(one, NewWarehouse(code="W", name="W", location=Location(latitude=0, longitude=0)))
        await suppliers.create(one, NewSupplier(code="S", name="S"))
        async with one.pool.connection() as connection:
            await connection.execute(FURNISH, {"trials": TRIALS})
            rows = await (await connection.execute("SELECT product_id FROM product")).fetchall()
        [warehouse] = await one.directory.warehouses()
        products = [row[0] for row in rows]
        for start in range(0, TRIALS, AT_ONCE):
            lines = tuple(StockLine(product, warehouse, 11) for product in products[start : start + AT_ONCE])
            await one.engine.submit(Receive(header(operation_id=new_id()), lines))
        async with one.pool.connection() as connection:
            await connection.execute(SUPPLY)
        selling = True

        async def keep(onhand: Onhand, seconds: float) -> None:
            while selling:
                await reordering.sweep(onhand)
                await reordering.run(onhand)
                await asyncio.sleep(seconds)

        keepers = [asyncio.create_task(keep(onhand, seconds)) for onhand in (one, two) for seconds in (0.001, 0.007)]
        for start in range(0, TRIALS, AT_ONCE):
            some = products[start : start + AT_ONCE]
            pairs = await asyncio.gather(*(held(one, product, warehouse) for product in some))
            await asyncio.gather(
                *(
                    onhand.engine.submit(Fulfill(header(), reservation))
                    for pair in pairs
                    for onhand, reservation in zip((one, two), pair, strict=True)
                )
            )
        selling = False
        await asyncio.gather(*keepers)
        await reordering.sweep(one)
        async with one.pool.connection() as connection:
            [told] = await (await connection.execute(TWICE)).fetchall()
        assert told == (TRIALS, TRIALS, 15, 15)  # 9 on hand: up to twice the threshold is 11 more, three packs.
        assert (await reconcile.run(one)).clean


async def test_a_run_that_fails_in_the_middle_says_why_and_is_run_again(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are still coming when it fails: they are given up, and their connection is as good as before."""
    levels = 4_500
    async with open_onhand(fresh_database_url) as onhand:
        await warehouses.create(onhand, NewWarehouse(code="W", name="W", location=Location(latitude=0, longitude=0)))
        await suppliers.create(onhand, NewSupplier(code="S", name="S"))
        async with onhand.pool.connection() as connection:
            await connection.execute(FURNISH, {"trials": levels})
            await connection.execute(
                "INSERT INTO level (product_id, warehouse_id) SELECT product_id, warehouse_id FROM product, warehouse"
            )
            await connection.execute(SUPPLY)
        submit, submitted = onhand.engine.submit, 0

        async def busy(*arguments: Any) -> Any:
            nonlocal submitted
            submitted += 1
            if submitted == 2:
                raise Overloaded
            return await submit(*arguments)

        with monkeypatch.context() as patched:
            patched.setattr(onhand.engine, "submit", busy)
            for _ in range(3):
                submitted = 0
                with pytest.raises(Overloaded):
                    await reordering.run(onhand)
        report = await reordering.run(onhand)
        assert (report.levels, report.lines) == (levels - 3_000, levels - 3_000)
        assert (await reconcile.run(onhand)).clean
