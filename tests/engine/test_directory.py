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
