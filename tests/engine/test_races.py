"""Races, each run without its guard first: there it does the harm that the guard is for. Then with it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from onhand.db import queries_idempotency, queries_level
from onhand.domain.errors import IdempotencyKeyReused, InsufficientStock, ReservationClosed
from onhand.domain.outcomes import Nothing
from onhand.engine.batch import Batch
from onhand.engine.engine import new_id
from support.buyers import BuyerProcess
from support.laws import broken_laws
from support.stock import Shop, key, opened

pytestmark = pytest.mark.anyio


SLOW_S = 0.3
racing = asyncio.Event()


@pytest.fixture(autouse=True)
def slow_decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a race, time between reading and writing: whoever is not kept out reads what is about to change."""
    decide = Batch._decide

    async def slowly(batch: Batch, *facts: Any) -> Any:
        await asyncio.sleep(SLOW_S if racing.is_set() else 0)
        return await decide(batch, *facts)

    monkeypatch.setattr(Batch, "_decide", slowly)


def drop(url: str, table: str, *constraints: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for constraint in constraints:
            connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint} CASCADE")


def without_locks(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No row locks, and no chain of versions behind them."""
    assert "FOR UPDATE" in queries_level.LOCK_LEVELS.sql
    monkeypatch.setattr(queries_level.LOCK_LEVELS, "sql", queries_level.LOCK_LEVELS.sql.split("FOR UPDATE")[0])
    drop(url, "ledger", "ledger_level_version_unique")


@asynccontextmanager
async def several(url: str, number: int, **options: Any) -> AsyncIterator[list[Shop]]:
    """Engines as in processes of their own: nothing shared but the database."""
    async with AsyncExitStack() as stack:
        shops = [await stack.enter_async_context(opened(url, **options)) for _ in range(number)]
        await asyncio.gather(*(shop.expire(new_id()) for shop in shops))  # Nothing, but now they are connected.
        yield shops


async def at_once(*calls: Coroutine[Any, Any, Any]) -> list[Any]:
    racing.set()
    try:
        async with asyncio.timeout(60):
            return await asyncio.gather(*calls, return_exceptions=True)
    finally:
        racing.clear()


async def laws_broken(shop: Shop) -> set[str]:
    async with shop.pool.connection() as connection:
        return set(await broken_laws(connection))


async def last_unit(url: str) -> tuple[int, set[str]]:
    """100 callers at 5 engines want the last unit: how many got it, and what is wrong afterwards."""
    async with several(url, 5) as shops:
        place = await shops[0].stocked(1)
        answers = await at_once(*(shop.reserve(*place, 1) for shop in shops for _ in range(20)))
        sold = [answer for answer in answers if not isinstance(answer, BaseException)]
        assert all(isinstance(x, InsufficientStock) for x in answers if isinstance(x, BaseException))
        return len(sold), await laws_broken(shops[0])


async def test_without_locks_the_last_unit_is_sold_more_than_once(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_locks(fresh_database_url, monkeypatch)
    sold, broken = await last_unit(fresh_database_url)
    assert sold > 1
    assert broken


async def test_without_locks_the_chain_of_versions_still_stands(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second line of defence: two that both think they hold a level cannot both write its next version."""
    monkeypatch.setattr(queries_level.LOCK_LEVELS, "sql", queries_level.LOCK_LEVELS.sql.split("FOR UPDATE")[0])
    async with several(fresh_database_url, 2, lanes=1) as shops:
        place = await shops[0].stocked(1)
        answers = await at_once(*(shop.reserve(*place, 1) for shop in shops))
        assert sum(isinstance(answer, psycopg.errors.UniqueViolation) for answer in answers) <= 1
        assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
        assert await laws_broken(shops[0]) == set()


async def test_the_last_unit_is_sold_once(fresh_database_url: str) -> None:
    assert await last_unit(fresh_database_url) == (1, set())


async def test_the_last_units_are_sold_once_by_several_processes(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop:
        place = await shop.stocked(40)
        processes = [BuyerProcess(fresh_database_url, *place, orders=30) for _ in range(3)]
        for process in processes:
            process.wait_until_ready()
        for process in processes:
            process.let_loose()
        outcomes = [await asyncio.to_thread(process.outcome) for process in processes]
        sold = [reservation for outcome in outcomes for reservation in outcome["sold"]]
        assert [outcome["failed"] for outcome in outcomes] == [[]] * 3
        assert len(sold) == len(set(sold)) == 40
        assert sum(outcome["refused"] for outcome in outcomes) == 50
        assert await shop.level(*place) == (40, 40, 0)
        assert await laws_broken(shop) == set()


async def expiry_against_shipping(url: str) -> tuple[list[str], set[str]]:
    """One engine's clock says the hold has run out, the other's that it still has a second: what each made of it."""
    end = datetime.now(UTC) + timedelta(seconds=60)
    async with (
        opened(url, now=lambda: end - timedelta(seconds=1)) as early,
        opened(url, now=lambda: end + timedelta(seconds=1)) as late,
    ):
        place = await early.stocked(5)
        reservation = (await early.reserve(*place, 3, expires_in_s=1)).reservation_id
        await late.expire(new_id())  # Nothing, but now it is connected.
        shipped, expired = await at_once(early.fulfill(reservation), late.expire(reservation))
        done = [] if isinstance(shipped, ReservationClosed) else [shipped.status]
        done += [] if isinstance(expired, Nothing) else [expired.reservation.status]
        return done, await laws_broken(early)


async def test_without_locks_what_was_shipped_is_also_given_back(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_locks(fresh_database_url, monkeypatch)
    done, broken = await expiry_against_shipping(fresh_database_url)
    assert done == ["fulfilled", "expired"]
    assert broken


async def test_a_hold_is_either_shipped_or_expired(fresh_database_url: str) -> None:
    done, broken = await expiry_against_shipping(fresh_database_url)
    assert done in (["fulfilled"], ["expired"])
    assert broken == set()


async def release_against_receipt(url: str) -> tuple[tuple[int, int, int], set[str]]:
    """5 of 10 reserved units wait. Five are given back while five arrive: nobody needs to wait any longer."""
    async with several(url, 2) as (shop, other):
        place = await shop.stocked(5, limit=None)
        first, second, third = [(await shop.reserve(*place, units)).reservation_id for units in (5, 3, 2)]
        answers = await at_once(shop.release(first), other.receive(*place, 5))
        assert not any(isinstance(answer, BaseException) for answer in answers), answers
        if await laws_broken(shop) == set():
            await shop.fulfill(second)
            await other.fulfill(third)
        return await shop.level(*place), await laws_broken(shop)


async def test_without_locks_a_release_and_a_receipt_lose_each_other(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_locks(fresh_database_url, monkeypatch)
    assert (await release_against_receipt(fresh_database_url))[1]


async def test_units_given_back_while_others_arrive_all_find_someone(fresh_database_url: str) -> None:
    assert await release_against_receipt(fresh_database_url) == ((5, 0, 0), set())


async def new_level(url: str) -> list[Any]:
    async with several(url, 4) as shops:
        place = await shops[0].stocked(0)
        for shop in shops:
            await shop.engine.directory.read_warehouses()
        answers = await at_once(*(shop.receive(*place, 1) for shop in shops))
        assert not any(isinstance(answer, BaseException) for answer in answers), answers
        return await shops[0].rows("SELECT on_hand, version FROM level WHERE product_id = %s", place[0])


async def test_without_its_key_a_level_is_made_several_times(fresh_database_url: str) -> None:
    drop(fresh_database_url, "level", "level_pkey")
    drop(fresh_database_url, "ledger", "ledger_level_version_unique")
    assert (await new_level(fresh_database_url))[:2] == [(1, 1), (1, 1)]


async def test_a_new_level_is_made_once(fresh_database_url: str) -> None:
    assert await new_level(fresh_database_url) == [(4, 4)]


async def same_key(url: str) -> tuple[int, int]:
    """One order sent to three engines at once, twice each: how many orders it became, and how many units it took."""
    async with several(url, 3) as shops:
        place = await shops[0].stocked(10)
        answers = await at_once(
            *(shop.reserve(*place, 1, key=key("order", "body")) for shop in shops for _ in range(2))
        )
        assert not any(isinstance(answer, BaseException) for answer in answers), answers
        assert await laws_broken(shops[0]) == set()
        return len({answer.reservation_id for answer in answers}), (await shops[0].level(*place))[1]


async def test_without_its_memory_an_order_sent_again_is_taken_again(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(fresh_database_url, "idempotency", "idempotency_pkey")
    monkeypatch.setattr(
        queries_idempotency.READ_IDEMPOTENCY,
        "sql",
        queries_idempotency.READ_IDEMPOTENCY.sql.rstrip("; ") + " AND false",
    )
    assert await same_key(fresh_database_url) == (3, 3)


async def test_an_order_sent_to_several_engines_at_once_is_taken_once(fresh_database_url: str) -> None:
    assert await same_key(fresh_database_url) == (1, 1)


async def test_an_order_sent_to_several_processes_at_once_is_taken_once(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop:
        place = await shop.stocked(10)
        processes = [BuyerProcess(fresh_database_url, *place, orders=3, keyed=True) for _ in range(2)]
        for process in processes:
            process.wait_until_ready()
        for process in processes:
            process.let_loose()
        outcomes = [await asyncio.to_thread(process.outcome) for process in processes]
        assert [outcome["failed"] for outcome in outcomes] == [[], []]
        assert len({reservation for outcome in outcomes for reservation in outcome["sold"]}) == 1
        assert await shop.level(*place) == (10, 1, 0)


@pytest.mark.parametrize("engines", [1, 2])
async def test_of_two_orders_with_one_key_one_is_refused(fresh_database_url: str, engines: int) -> None:
    async with several(fresh_database_url, engines) as shops:
        place = await shops[0].stocked(10)
        answers = await at_once(
            shops[0].reserve(*place, 1, key=key("order", "one")), shops[-1].reserve(*place, 2, key=key("order", "two"))
        )
        assert sum(isinstance(answer, IdempotencyKeyReused) for answer in answers) == 1
        [taken] = [answer for answer in answers if not isinstance(answer, BaseException)]
        assert (await shops[0].level(*place))[1] == taken.allocations[0].quantity


async def test_a_key_whose_order_touches_no_common_row_is_kept_once(fresh_database_url: str) -> None:
    """Two bodies with one key over different levels: only the key itself can tell."""
    async with several(fresh_database_url, 2) as shops:
        places = [await shop.stocked(5) for shop in shops]
        answers = await at_once(
            *(
                shop.reserve(*place, 1, key=key("order", str(n)))
                for n, (shop, place) in enumerate(zip(shops, places, strict=True))
            )
        )
        assert sum(isinstance(answer, IdempotencyKeyReused) for answer in answers) == 1
        assert sum([(await shops[0].level(*place))[1] for place in places]) == 1
