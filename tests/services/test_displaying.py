"""What is displayed while it changes: no reader fails, and nobody sees what was before a change that was answered."""

import asyncio

import pytest

from onhand.services import availability, products
from onhand.services.context import Onhand, open_onhand
from onhand.services.requests import ProductPatch, Selling
from support.services import a_corner

pytestmark = pytest.mark.anyio


async def look(onhand: Onhand, sku: str, over: asyncio.Event) -> int:
    looks = 0
    while not over.is_set():
        for each in await availability.many(onhand, [sku]):
            assert each.age_ms < 60_000
        looks += 1
        await asyncio.sleep(0)
    return looks


async def test_settings_that_change_while_many_look(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 1)
        await corner.reserve(1)
        over = asyncio.Event()
        looking = [asyncio.create_task(look(onhand, corner.sku, over)) for _ in range(5)]
        seen = []
        for _ in range(60):
            for mode, status in (("backorder", "backorder"), ("deny", "out_of_stock")):
                await products.patch(onhand, corner.sku, ProductPatch(selling=Selling(mode=mode)))
                seen.append((await availability.get(onhand, corner.sku)).status == status)
        over.set()
        assert all(await asyncio.gather(*looking))
        assert all(seen), f"{seen.count(False)} of {len(seen)} saw the settings from before"
