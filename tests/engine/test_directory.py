"""The directory of names forgets when it is full, and never in the middle of an answer."""

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
