"""The six operations through the real engine, one at a time."""

import pytest

from support.laws import broken_laws
from support.stock import opened

pytestmark = pytest.mark.anyio


async def test_a_backorder_is_covered_by_the_next_receipt(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop:
        product, warehouse = await shop.stocked(5, limit=10)
        first = await shop.reserve(product, warehouse, 8)
        assert first.allocations[0].backordered == 3
        assert await shop.level(product, warehouse) == (5, 8, 3)
        await shop.receive(product, warehouse, 4)
        assert await shop.level(product, warehouse) == (9, 8, 0)
        done = await shop.fulfill(first.reservation_id)
        assert done.status == "fulfilled"
        assert await shop.level(product, warehouse) == (1, 0, 0)
        async with shop.pool.connection() as connection:
            assert await broken_laws(connection) == {}
