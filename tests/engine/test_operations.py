"""The six operations through the real engine, one at a time."""

import pytest

from onhand.domain.commands import CancelTransfer, Dispatch, ReceiveTransfer, Reserve, ReserveLine, TransferLineWanted
from onhand.domain.ids import Id
from support.laws import broken_laws
from support.stock import Shop, header, opened

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
        await laws_hold(shop)


async def laws_hold(shop: Shop) -> None:
    async with shop.pool.connection() as connection:
        assert await broken_laws(connection) == {}


async def test_what_comes_by_lorry_or_comes_back_covers_those_who_wait(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop:
        product, here = await shop.stocked(6, limit=None)
        there = await shop.warehouse()
        lorries = []
        for units in (2, 4):
            move = Dispatch(header(), here, there, (TransferLineWanted(product, units),), immediate=False)
            await shop.engine.submit(move)
            lorries.append(move.header.operation_id)
        await shop.reserve(product, here, 3)
        await shop.reserve(product, there, 3)
        assert (await shop.level(product, here), await shop.level(product, there)) == ((0, 3, 3), (0, 3, 3))
        await shop.engine.submit(ReceiveTransfer(header(), lorries[0]))
        await shop.engine.submit(CancelTransfer(header(), lorries[1]))
        assert (await shop.level(product, here), await shop.level(product, there)) == ((4, 3, 0), (2, 3, 1))
        await laws_hold(shop)


async def test_long_queues_are_read_as_far_as_needed(fresh_database_url: str) -> None:
    """More wait than one look shows: the oldest 40 of 60 are covered, then the youngest 15 of those are not."""
    async with opened(fresh_database_url) as shop:
        product, warehouse = await shop.stocked(0, limit=None)
        waiting = [(await shop.reserve(product, warehouse, 2)).reservation_id for _ in range(60)]
        await shop.receive(product, warehouse, 80)
        assert await covered(shop, waiting) == [2] * 40 + [0] * 20
        done = await shop.count(product, warehouse, 51)
        assert [(short.reservation, short.quantity) for short in done.short] == [
            (waiting[n], 2 if n > 25 else 1) for n in range(39, 24, -1)
        ]
        assert await covered(shop, waiting) == [2] * 25 + [1] + [0] * 34
        await laws_hold(shop)


async def covered(shop: Shop, reservations: list[Id]) -> list[int]:
    rows = dict(await shop.rows("SELECT reservation_id, quantity - backordered FROM reservation_line"))
    return [rows[reservation] for reservation in reservations]


async def test_youngest_lines_of_one_order_come_last_line_first(fresh_database_url: str) -> None:
    """Two lines of one product in one order have two ledger rows each of which leads to both lines."""
    async with opened(fresh_database_url) as shop:
        product, warehouse = await shop.stocked(6)
        order = Reserve(header(), tuple(ReserveLine(product, 2, warehouse) for _ in range(3)))
        await shop.engine.submit(order)
        await shop.count(product, warehouse, 5)
        rows = await shop.rows("SELECT line, backordered FROM reservation_line ORDER BY line")
        assert rows == [(0, 0), (1, 0), (2, 1)]
        await laws_hold(shop)
