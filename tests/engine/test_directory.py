"""The directory of names forgets when it is full, and never in the middle of an answer."""

import asyncio

import pytest

from onhand.engine import directory
from onhand.engine.directory import Directory
from support.stock import opened

pytestmark = pytest.mark.anyio


async def test_a_full_directory_still_finds_everything(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "PRODUCTS_KEPT_MAX", 3)
    async with opened(fresh_database_url) as shop:
        made = {f"SKU-{n}": await shop.product(sku=f"SKU-{n}") for n in range(5)}
        names = Directory(shop.pool)
        await names.product_ids({"SKU-0", "SKU-1"})
        assert await names.product_ids(set(made)) == made
        await names.skus({made["SKU-2"]})
        assert await names.skus(set(made.values())) == {product: sku for sku, product in made.items()}


async def test_what_many_lack_at_the_same_moment_is_asked_for_once(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    every = directory.q.FIND_PRODUCTS.all

    async def counted(connection, **parameters):
        asked.append(parameters)
        return await every(connection, **parameters)

    monkeypatch.setattr(directory.q.FIND_PRODUCTS, "all", counted)
    async with opened(fresh_database_url) as shop:
        made = {f"SKU-{n}": await shop.product(sku=f"SKU-{n}") for n in range(50)}
        names = Directory(shop.pool)
        told = await asyncio.gather(*(names.product_ids({sku, "NONE"}) for sku in made))
    assert {sku: product for each in told for sku, product in each.items()} == made
    assert len(asked) == 1


async def test_warehouses_read_by_many_at_once_are_read_few_times_and_after_each_asked(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[float] = []
    reading = asyncio.Event()
    every = directory.q.READ_WAREHOUSES.all

    async def counted(connection, **parameters):
        began.append(asyncio.get_running_loop().time())
        reading.set()
        return await every(connection, **parameters)

    monkeypatch.setattr(directory.q.READ_WAREHOUSES, "all", counted)
    async with opened(fresh_database_url) as shop:
        names = Directory(shop.pool)
        first = asyncio.create_task(names.read_warehouses())
        await reading.wait()
        asked = asyncio.get_running_loop().time()
        await asyncio.gather(*(names.read_warehouses() for _ in range(50)))
        await first
        assert len(began) == 2
        assert began[1] >= asked


async def test_an_older_read_of_warehouses_that_comes_late_changes_nothing(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = directory.q.READ_WAREHOUSES.all
    delays_s = iter([0.2, 0.0])

    async def late(connection, **parameters):
        rows = await every(connection, **parameters)
        await asyncio.sleep(next(delays_s))
        return rows

    async with opened(fresh_database_url) as shop:
        warehouse = await shop.warehouse()
        monkeypatch.setattr(directory.q.READ_WAREHOUSES, "all", late)
        names = Directory(shop.pool)
        async with shop.pool.connection() as one, shop.pool.connection() as other:
            older = asyncio.create_task(names.read_warehouses(one))
            await asyncio.sleep(0.05)
            await other.execute("UPDATE warehouse SET active = false")
            await names.read_warehouses(other)
            assert not names.by_id[warehouse].active
            await older
        assert not names.by_id[warehouse].active
