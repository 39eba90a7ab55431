"""Capacity on a real database: exact under races, and no sale ever waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from onhand.db import queries_room
from onhand.db.connect import connect
from onhand.domain.errors import CapacityExceeded
from onhand.engine.batch import Batch
from onhand.services import capacity, products, reconcile, reservations, stock, warehouses
from onhand.services.context import Onhand, open_onhand
from onhand.services.importing import Record, Refusal, StockImport
from onhand.services.names import warehouse_named
from onhand.services.requests import (
    AdjustmentLine,
    Dimensions,
    NewAdjustment,
    NewProduct,
    NewReceipt,
    ProductPatch,
    ReceiptLine,
    ReservationPart,
    WarehousePatch,
)
from support.services import ACTOR, Corner, a_corner, a_warehouse

pytestmark = pytest.mark.anyio
IN_WAREHOUSE = (
    "SELECT coalesce(sum(level.on_hand + damaged + quality_control + set_aside), 0)"
    " FROM level JOIN warehouse USING (warehouse_id) "
)


@asynccontextmanager
async def several(url: str, number: int) -> AsyncIterator[list[Onhand]]:
    """As in processes of their own: nothing shared but the database."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(open_onhand(url)) for _ in range(number)]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """While it is set, time passes between reading and writing."""
    racing, decide = asyncio.Event(), Batch._decide

    async def slowly(batch: Batch, *facts: Any) -> Any:
        await asyncio.sleep(0.6 if racing.is_set() else 0)
        return await decide(batch, *facts)

    monkeypatch.setattr(Batch, "_decide", slowly)
    return racing


async def a_sku(onhand: Onhand, number: int, **fields: Any) -> str:
    await products.create(onhand, NewProduct(sku=f"P-{number}", name="A product", **fields))
    return f"P-{number}"


async def came(onhand: Onhand, sku: str, place: str, units: int, key: str | None = None, **fields: Any) -> Any:
    line = ReceiptLine(quantity=units, sku=sku, warehouse=place, **fields)
    return (await stock.receive(onhand, ACTOR, NewReceipt(lines=[line]), key)).answer


async def lies(onhand: Onhand, place: str) -> int:
    async with onhand.pool.connection() as connection:
        row = await (await connection.execute(IN_WAREHOUSE + "WHERE code = %s", [place])).fetchone()
        return int(row[0])


async def sold(corner: Corner, units: int) -> None:
    held = await corner.reserve(units)
    await reservations.fulfill(corner.onhand, ACTOR, held.reservation_id, ReservationPart())


async def deliveries_at_once(url: str, slow: asyncio.Event) -> tuple[int, int]:
    """Four processes bring four of six products each, ten units fit: what lies there, how many were refused."""
    async with several(url, 4) as shops:
        place = await a_warehouse(shops[0], capacity=10, capacity_policy="refuse")
        skus = [await a_sku(shops[0], number) for number in range(4)]
        await capacity.measure(shops[0], (await warehouse_named(shops[0], place)).warehouse_id)
        for shop in shops:
            await shop.directory.read_warehouses()
        slow.set()
        answers = await asyncio.gather(
            *(came(shop, sku, place, 4) for shop, sku in zip(shops, skus, strict=True)), return_exceptions=True
        )
        slow.clear()
        refusals = [answer for answer in answers if isinstance(answer, BaseException)]
        assert {type(refusal) for refusal in refusals} <= {CapacityExceeded}
        return await lies(shops[0], place), len(refusals)


async def test_deliveries_of_different_products_at_once_never_fill_it_beyond(
    fresh_database_url: str, slow: asyncio.Event
) -> None:
    assert await deliveries_at_once(fresh_database_url, slow) == (8, 2)


async def test_without_the_lock_on_the_room_they_do(
    fresh_database_url: str, slow: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "FOR NO KEY UPDATE" in queries_room.LOCK_ROOMS.sql
    monkeypatch.setattr(queries_room.LOCK_ROOMS, "sql", queries_room.LOCK_ROOMS.sql.split("FOR NO KEY UPDATE")[0])
    assert (await deliveries_at_once(fresh_database_url, slow))[0] == 16


async def switched_meanwhile(url: str, slow: asyncio.Event) -> int:
    """A capacity of 10 is set while 8 units are under way in a batch; then 8 more come. What lies there."""
    async with several(url, 2) as (one, two):
        place = await a_warehouse(one, capacity=10)
        first, second = await a_sku(one, 1), await a_sku(one, 2)
        await two.directory.read_warehouses()
        slow.set()
        under_way = asyncio.create_task(came(one, first, place, 8))
        await asyncio.sleep(0.1)
        slow.clear()
        await warehouses.patch(two, place, WarehousePatch(capacity_policy="refuse"))
        await asyncio.gather(came(two, second, place, 8), under_way, return_exceptions=True)
        return await lies(one, place)


async def test_what_is_under_way_when_a_capacity_is_set_is_counted(
    fresh_database_url: str, slow: asyncio.Event
) -> None:
    assert await switched_meanwhile(fresh_database_url, slow) == 8


async def test_without_the_shared_lock_it_is_not(
    fresh_database_url: str, slow: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = queries_room.HOLD_UNCOUNTED_ROOMS
    assert "FOR KEY SHARE" in hold.sql
    monkeypatch.setattr(hold, "sql", hold.sql.split("FOR KEY SHARE")[0])
    assert await switched_meanwhile(fresh_database_url, slow) == 16


async def test_what_was_sold_makes_room(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand)
        await warehouses.patch(onhand, corner.warehouse, WarehousePatch(capacity=10, capacity_policy="refuse"))
        for _ in range(3):
            await corner.receive(10)
            with pytest.raises(CapacityExceeded):
                await corner.receive(1)
            await sold(corner, 10)
        other = await a_sku(onhand, 1)
        # The bound is at its end. Each of the two fits, whichever is judged on what the other has measured.
        await asyncio.gather(corner.receive(5), came(onhand, other, corner.warehouse, 5))
        assert await lies(onhand, corner.warehouse) == 10


async def test_three_hundred_deliveries_and_sales_at_once_keep_to_it(fresh_database_url: str) -> None:
    async with several(fresh_database_url, 3) as shops:
        corners = [await a_corner(shops[0]) for _ in range(6)]
        place = corners[0].warehouse
        await warehouses.patch(shops[0], place, WarehousePatch(capacity=40, capacity_policy="refuse"))
        for shop in shops:
            await shop.directory.read_warehouses()
        corners = [Corner(shop, corner.sku, place) for corner, shop in zip(corners, [*shops, *shops], strict=True)]
        most = 0

        async def live(corner: Corner) -> tuple[int, int]:
            nonlocal most
            taken = refusals = 0
            for _ in range(25):
                try:
                    await corner.receive(3)
                    taken += 3
                except CapacityExceeded:
                    refusals += 1
                    there = min(taken, 2)
                    if there:
                        await sold(corner, there)
                        taken -= there
                most = max(most, await lies(corner.onhand, place))
            return taken, refusals

        told = await asyncio.gather(*(live(corner) for corner in corners))
        assert most <= 40
        assert sum(refusals for _, refusals in told) > 0
        assert await lies(shops[0], place) == sum(taken for taken, _ in told)
        assert (await reconcile.run(shops[0])).clean


async def test_no_sale_waits_for_the_room(fresh_database_url: str) -> None:
    async with several(fresh_database_url, 2) as (one, two):
        corner = await a_corner(one, 10)
        other = Corner(two, await a_sku(one, 1), corner.warehouse)
        await warehouses.patch(one, corner.warehouse, WarehousePatch(capacity=10, capacity_policy="refuse"))
        await two.directory.read_warehouses()
        holder = await connect(fresh_database_url)
        async with holder, holder.transaction():
            await holder.execute("SELECT * FROM warehouse_room FOR UPDATE")
            waiting = asyncio.create_task(other.receive(1))
            await asyncio.sleep(0.2)
            async with asyncio.timeout(5):
                await sold(corner, 1)
                await sold(corner, 1)
            assert not waiting.done()
        await waiting
        assert await lies(one, corner.warehouse) == 9


async def test_a_key_gives_the_first_outcome_also_where_it_was_measured_first(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        place = await a_warehouse(onhand, capacity=5, capacity_policy="refuse")
        sku = await a_sku(onhand, 1)
        first = await came(onhand, sku, place, 5, "key-1")
        assert (await came(onhand, sku, place, 5, "key-1")).operation_id == first.operation_id
        for _ in range(2):
            with pytest.raises(CapacityExceeded) as refused:
                await came(onhand, sku, place, 1, "key-2")
        assert refused.value.replayed
        assert await lies(onhand, place) == 5


async def test_litres_follow_the_dimensions(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        place = await a_warehouse(onhand, capacity=10, capacity_in="litres", capacity_policy="refuse")
        box = Dimensions(length_mm=100, width_mm=100, height_mm=200)
        sku, flat = await a_sku(onhand, 1, dimensions=box), await a_sku(onhand, 2)
        await came(onhand, sku, place, 4, damaged=1)
        await came(onhand, flat, place, 1000)
        told = await capacity.filled(onhand, place)
        assert (told.used, told.free, told.units, told.unmeasured) == (8, 2, 1004, 1000)
        await products.patch(
            onhand, sku, ProductPatch(dimensions=Dimensions(length_mm=100, width_mm=100, height_mm=220))
        )
        with pytest.raises(CapacityExceeded) as refused:
            await came(onhand, sku, place, 1)
        assert [(x.requested, x.free, x.capacity_in) for x in refused.value.excesses] == [(3, 1, "litres")]
        await products.patch(onhand, sku, ProductPatch(dimensions=None))
        await came(onhand, sku, place, 10_000)


async def test_a_warning_says_how_full_it_is_and_a_count_is_never_refused(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        place = await a_warehouse(onhand, capacity=5, capacity_policy="warn")
        sku = await a_sku(onhand, 1)
        assert (await came(onhand, sku, place, 5)).warnings == []
        [warning] = (await came(onhand, sku, place, 2)).warnings
        assert (warning.code, warning.warehouse, warning.capacity, warning.used) == ("CAPACITY_EXCEEDED", place, 5, 7)
        await warehouses.patch(onhand, place, WarehousePatch(capacity_policy="refuse"))
        line = AdjustmentLine(reason="count", sku=sku, warehouse=place, counted_quantity=9)
        await stock.adjust(onhand, ACTOR, NewAdjustment(lines=[line]))
        with pytest.raises(CapacityExceeded):
            await came(onhand, sku, place, 1)
        await warehouses.patch(onhand, place, WarehousePatch(capacity_policy="ignore"))
        assert (await came(onhand, sku, place, 1)).warnings == []
        assert (await reconcile.run(onhand)).clean


async def test_an_import_takes_in_what_fits_and_tells_the_rest(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        place = await a_warehouse(onhand, capacity=10, capacity_policy="refuse")
        sku = await a_sku(onhand, 1)
        told: list[Refusal] = []
        units = [4, 5, 3, 1, 1]
        job = StockImport(onhand, b"digest", name="s.csv", repetition=0, refuse=told.append, advance=lambda _: None)
        records = [Record(line, [sku, place, str(each)]) for line, each in enumerate(units, 2)]
        summary = await job.run(records, len(records))
        assert (summary.received, summary.units, summary.refused) == (3, 10, 2)
        assert [(x.record.line, x.problem.code, x.problem.column) for x in sorted(told)] == [
            (4, "CAPACITY_EXCEEDED", "warehouse"),
            (6, "CAPACITY_EXCEEDED", "warehouse"),
        ]
        assert await lies(onhand, place) == 10
