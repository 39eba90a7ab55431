"""Callers with one key at one moment, in one process."""

import asyncio

import pytest

from support.stock import key, opened

pytestmark = pytest.mark.anyio


async def test_a_caller_who_gives_up_leaves_the_answer_to_those_with_the_same_key(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop:
        product, warehouse = await shop.stocked(10)
        first = asyncio.create_task(shop.reserve(product, warehouse, 2, key=key("K")))
        others = [asyncio.create_task(shop.reserve(product, warehouse, 2, key=key("K"))) for _ in range(3)]
        await asyncio.sleep(0)  # All have asked; the batch is under way.
        first.cancel()
        reservations = {each.reservation_id for each in await asyncio.gather(*others)}
        assert len(reservations) == 1
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await shop.level(product, warehouse) == (10, 2, 0)


async def test_a_key_is_free_again_once_its_batch_is_done(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop:
        product, warehouse = await shop.stocked(10)
        for _ in range(3):
            await shop.reserve(product, warehouse, 2, key=key("K"))
        assert shop.engine._inflight == {}
        assert await shop.level(product, warehouse) == (10, 2, 0)
