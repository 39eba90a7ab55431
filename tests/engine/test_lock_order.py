"""Locks are taken in one order, whatever order commands name their levels in: batches queue and never deadlock."""

import asyncio
import random
from typing import Any

import pytest
from psycopg import errors as pg

from onhand.db import queries_level as q
from onhand.domain.commands import Dispatch, Receive, Reserve, ReserveLine, StockLine, TransferLineWanted
from onhand.domain.ids import Id
from onhand.engine import batch as batch_module
from onhand.engine import lane as lane_module
from onhand.engine.job import Job
from onhand.engine.planning import Foresight
from onhand.engine.reading import Facts
from support.laws import broken_laws
from support.stock import Shop, header, opened

pytestmark = pytest.mark.anyio
LEVELS = 60
ROUNDS = 15
UNLOCKED = "SELECT product_id, warehouse_id FROM level ORDER BY 1, 2 FOR UPDATE SKIP LOCKED"
EACH_ITS_OWN_ORDER = "ORDER BY md5(level.product_id::text || pg_backend_pid()), "


@pytest.fixture
def deadlocks(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """The deadlocks that lanes ran into and mended by trying again."""
    seen: list[Exception] = []
    is_conflict = lane_module._is_conflict

    def watching(error: Any) -> bool:
        if isinstance(error, pg.DeadlockDetected):
            seen.append(error)
        return is_conflict(error)

    monkeypatch.setattr(lane_module, "_is_conflict", watching)
    return seen


def in_another_order(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ORDER BY" in q.LOCK_LEVELS.sql
    monkeypatch.setattr(q.LOCK_LEVELS, "sql", q.LOCK_LEVELS.sql.replace("ORDER BY ", EACH_ITS_OWN_ORDER))


async def stocked(shop: Shop, levels: int) -> list[tuple[Id, Id]]:
    warehouse = await shop.warehouse()
    places = [(await shop.product(limit=None), warehouse) for _ in range(levels)]
    await shop.engine.submit(Receive(header(), tuple(StockLine(*place, 1_000) for place in places)))
    return sorted(places)


def reserve(places: list[tuple[Id, Id]]) -> Reserve:
    return Reserve(header(), tuple(ReserveLine(product, 1, warehouse) for product, warehouse in places))


async def locked_by_a_waiting_batch(shop: Shop, places: list[tuple[Id, Id]], held: tuple[Id, Id]) -> set[Any]:
    """Someone holds one level; a batch names all of them at random and waits for it: which does it hold already?"""
    shuffled = random.sample(places, len(places))
    async with shop.pool.connection() as holder:
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM level WHERE (product_id, warehouse_id) = (%s, %s) FOR UPDATE", held)
            waiting = asyncio.create_task(shop.engine.submit(reserve(shuffled)))
            await asyncio.sleep(0.4)
            free = set(await shop.rows(UNLOCKED))
        await waiting
    return set(places) - free - {held}


async def test_a_batch_holds_what_comes_before_the_level_it_waits_for(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop:
        places = await stocked(shop, LEVELS)
        assert await locked_by_a_waiting_batch(shop, places, places[25]) == set(places[:25])


async def test_without_the_order_it_holds_anything(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    in_another_order(monkeypatch)
    async with opened(fresh_database_url) as shop:
        places = await stocked(shop, LEVELS)
        assert await locked_by_a_waiting_batch(shop, places, places[25]) != set(places[:25])


async def crossing(url: str, deadlocks: list[Exception], *, until_deadlock: bool = False) -> None:
    """Two engines reserve, ship, give back and move the same products, each naming them in its own order."""
    async with opened(url, lanes=2) as one, opened(url, lanes=2) as other:
        # Many levels take long to lock: where the order is wrong, the batches soon meet halfway.
        places = await stocked(one, 10 * LEVELS if until_deadlock else LEVELS)
        elsewhere = await one.warehouse()
        for _ in range(10 * ROUNDS if until_deadlock else ROUNDS):
            orders = [
                (shop, reserve(named)) for shop, named in ((one, places), (other, places[::-1])) for _ in range(2)
            ]
            async with asyncio.timeout(60):
                await asyncio.gather(*(shop.engine.submit(order) for shop, order in orders))
                made = [order.header.operation_id for _, order in orders]
                moves = tuple(TransferLineWanted(product, 1) for product, _ in places)
                await asyncio.gather(
                    one.release(made[0]),
                    other.fulfill(made[1]),
                    one.fulfill(made[2]),
                    other.release(made[3]),
                    one.engine.submit(Dispatch(header(), places[0][1], elsewhere, moves)),
                    other.engine.submit(reserve(places[::-1])),
                )
            if until_deadlock and deadlocks:
                break
        async with one.pool.connection() as connection:
            assert await broken_laws(connection) == {}


async def test_without_the_order_batches_deadlock(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, deadlocks: list[Exception]
) -> None:
    """PostgreSQL breaks the deadlock after a second, and the lane tries again: slow, but right all the same."""
    in_another_order(monkeypatch)
    await crossing(fresh_database_url, deadlocks, until_deadlock=True)
    assert deadlocks


async def test_batches_that_name_levels_in_opposite_orders_never_deadlock(
    fresh_database_url: str, deadlocks: list[Exception]
) -> None:
    await crossing(fresh_database_url, deadlocks)
    assert deadlocks == []


async def test_new_levels_are_made_in_one_order_too(fresh_database_url: str, deadlocks: list[Exception]) -> None:
    async with opened(fresh_database_url) as one, opened(fresh_database_url) as other:
        for _ in range(ROUNDS):
            warehouse = await one.warehouse()
            await other.engine.directory.read_warehouses()
            lines = [StockLine(await one.product(), warehouse, 1) for _ in range(20)]
            async with asyncio.timeout(60):
                await asyncio.gather(
                    one.engine.submit(Receive(header(), tuple(lines))),
                    other.engine.submit(Receive(header(), tuple(lines[::-1]))),
                )
            assert {await one.level(line.product, warehouse) for line in lines} == {(2, 0, 0)}
    assert deadlocks == []


async def test_a_reservation_made_between_looking_and_locking_is_locked_too(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where its levels are is looked up before the locks: a reservation that came in between has others."""
    locate = batch_module.Batch._locate
    missed = False

    async def hasty(batch: Any, connection: Any, *wanted: Any) -> Foresight:
        nonlocal missed
        if not missed:
            missed = True
            return Foresight()  # As if the reservation had been committed right after the look.
        return await locate(batch, connection, *wanted)

    async with opened(fresh_database_url, lanes=1) as shop:
        place = await shop.stocked(5)
        reservation = (await shop.reserve(*place, 3)).reservation_id
        locked: list[int] = []
        decide = batch_module.Batch._decide

        async def watching(batch: Any, *arguments: Any) -> Any:
            locked.extend(len(facts.levels) for facts in arguments if isinstance(facts, Facts))
            return await decide(batch, *arguments)

        monkeypatch.setattr(batch_module.Batch, "_locate", hasty)
        monkeypatch.setattr(batch_module.Batch, "_decide", watching)
        assert (await shop.fulfill(reservation)).status == "fulfilled"
        assert missed
        assert locked == [1]


def test_a_job_counts_its_lines() -> None:
    lines = tuple(StockLine(Id(bytes(16)), Id(bytes(16)), 1) for _ in range(7))
    assert Job(Receive(header(), lines), None, None, 0.0).lines == 7  # type: ignore[arg-type]
