"""Damaged units and quality control on a real database: raced, reconciled, mended."""

import asyncio

import pytest

from onhand.db import queries_level as q
from onhand.domain.commands import ChangeState, Receive, StateLine, StockLine
from onhand.domain.errors import DomainError
from onhand.domain.ids import Id
from onhand.engine.batch import Batch
from onhand.services import reconcile
from onhand.services.context import open_onhand
from support.laws import broken_laws
from support.stock import Shop, header, opened

pytestmark = pytest.mark.anyio
READ_STATES = "SELECT on_hand, damaged, quality_control FROM level WHERE product_id = %s"


async def with_damaged(shop: Shop) -> tuple[Id, Id]:
    """Seven units, of which five are damaged."""
    place = await shop.stocked(0)
    await shop.engine.submit(Receive(header(), (StockLine(*place, 7, 5),)))
    return place


def taken(place: tuple[Id, Id], units: int, source: str = "damaged", target: str = "available") -> ChangeState:
    return ChangeState(header(), (StateLine(*place, units, source, target, "mended"),))


async def mended_by_two_at_once(url: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, object, dict[str, object]]:
    """How many of two were refused, the level after them, and the laws that are broken."""
    decide = Batch._decide

    async def slow(batch: Batch, *facts: object) -> object:
        await asyncio.sleep(0.2)
        return await decide(batch, *facts)  # type: ignore[arg-type]

    async with opened(url) as one, opened(url) as two:
        place = await with_damaged(one)
        monkeypatch.setattr(Batch, "_decide", slow)
        answers = await asyncio.gather(
            *(shop.engine.submit(taken(place, 4)) for shop in (one, two)), return_exceptions=True
        )
        async with one.pool.connection() as connection:
            broken = await broken_laws(connection)
        refusals = sum(isinstance(answer, DomainError) for answer in answers)
        return refusals, await one.row(READ_STATES, place[0]), broken


async def test_two_at_once_do_not_mend_the_same_units(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await mended_by_two_at_once(fresh_database_url, monkeypatch) == (1, (6, 1, 0), {})


async def test_without_locks_they_are_stopped_by_the_version_alone(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And with that key gone too, they would mend them twice."""
    monkeypatch.setattr(q.LOCK_LEVELS, "sql", q.LOCK_LEVELS.sql.split("FOR UPDATE")[0])
    async with opened(fresh_database_url) as shop, shop.pool.connection() as connection:
        await connection.execute("ALTER TABLE ledger DROP CONSTRAINT ledger_level_version_unique")
    refusals, _, broken = await mended_by_two_at_once(fresh_database_url, monkeypatch)
    assert refusals == 0
    assert "law 2: what moved into and out of a state is what is in it" in broken


async def test_a_sale_and_a_damage_at_once_leave_the_books_in_order(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as one, opened(fresh_database_url) as two:
        place = await one.stocked(60)
        held = [await one.reserve(*place, 2) for _ in range(20)]
        answers = await asyncio.gather(
            *(one.fulfill(each.reservation_id) for each in held),
            *(two.engine.submit(taken(place, 2, "available", "damaged")) for _ in range(20)),
            return_exceptions=True,
        )
        assert all(isinstance(answer, DomainError) or not isinstance(answer, BaseException) for answer in answers)
        sold = 2 * sum(not isinstance(answer, BaseException) for answer in answers[:20])
        broke = 2 * sum(not isinstance(answer, BaseException) for answer in answers[20:])
        assert await one.row(READ_STATES, place[0]) == (60 - sold - broke, broke, 0)
        async with one.pool.connection() as connection:
            assert await broken_laws(connection) == {}


async def test_reconciliation_knows_the_states_and_mends_their_books(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop, open_onhand(fresh_database_url) as onhand:
        place = await with_damaged(shop)
        assert (await reconcile.run(onhand)).clean
        async with shop.pool.connection() as connection:
            await connection.execute(
                "UPDATE level SET damaged = 3, quality_control = 1, set_aside = 2 WHERE product_id = %s", [place[0]]
            )
        report = await reconcile.run(onhand)
        [difference] = report.differences
        assert difference.kind == "state_sums"
        assert difference.cause.startswith(
            "The level says 3 damaged, its ledger 5; the level says 1 in quality control, its ledger 0; "
            "the level says 2 set aside"
        )
        mended = await reconcile.run(onhand, repair=True)
        assert (mended.clean, len(mended.repairs), mended.repairs[0].lines[0].damaged) == (True, 1, 3)
        assert await shop.row(READ_STATES, place[0]) == (2, 3, 1)
        async with shop.pool.connection() as connection:
            assert await broken_laws(connection) == {}
