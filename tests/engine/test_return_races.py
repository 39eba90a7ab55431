"""Returns on a real database: raced, repeated after a lost answer, reconciled."""

import asyncio
from typing import Any

import pytest

from onhand.db import queries_level as q
from onhand.db.connect import connect
from onhand.domain.commands import ReturnLine, TakeBack
from onhand.domain.errors import DomainError, QuantityExceedsFulfilled
from onhand.domain.ids import Id
from onhand.domain.outcomes import ReturnDone
from onhand.engine.batch import Batch
from onhand.engine.job import Job
from onhand.services import reconcile
from onhand.services.context import open_onhand
from support.laws import broken_laws
from support.stock import Shop, header, opened

pytestmark = pytest.mark.anyio


async def shipped(shop: Shop, units: int) -> tuple[Id, tuple[Id, Id]]:
    """A reservation of which everything was fulfilled."""
    place = await shop.stocked(units)
    reservation = (await shop.reserve(*place, units)).reservation_id
    await shop.fulfill(reservation)
    return reservation, place


def back(reservation: Id, product: Id, units: int, disposition: str = "restock") -> TakeBack:
    return TakeBack(header(), (reservation,), (ReturnLine(product, units, disposition),))


async def at_once(url: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int, dict[str, Any]]:
    """Five units were shipped, two callers bring three of them back: how many were refused, what lies there."""
    decide = Batch._decide

    async def slow(batch: Batch, *facts: Any) -> Any:
        await asyncio.sleep(0.2)
        return await decide(batch, *facts)

    async with opened(url) as one, opened(url) as two:
        reservation, place = await shipped(one, 5)
        monkeypatch.setattr(Batch, "_decide", slow)
        answers = await asyncio.gather(
            *(shop.engine.submit(back(reservation, place[0], 3)) for shop in (one, two)), return_exceptions=True
        )
        assert all(isinstance(x, DomainError) or not isinstance(x, BaseException) for x in answers), answers
        async with one.pool.connection() as connection:
            broken = await broken_laws(connection)
        refusals = sum(isinstance(answer, QuantityExceedsFulfilled) for answer in answers)
        return refusals, (await one.level(*place))[0], broken


async def test_two_returns_of_the_same_units_at_once(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await at_once(fresh_database_url, monkeypatch) == (1, 3, {})


async def test_without_locks_more_comes_back_than_was_shipped(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(q.LOCK_LEVELS, "sql", q.LOCK_LEVELS.sql.split("FOR UPDATE")[0])
    async with opened(fresh_database_url) as shop, shop.pool.connection() as connection:
        await connection.execute("ALTER TABLE ledger DROP CONSTRAINT ledger_level_version_unique")
    refusals, _, broken = await at_once(fresh_database_url, monkeypatch)
    assert refusals == 0
    assert "nothing comes back that was not shipped" in broken


async def test_two_hundred_returns_and_sales_at_once(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as one, opened(fresh_database_url) as two:
        reservation, place = await shipped(one, 60)
        answers = await asyncio.gather(
            *(
                shop.engine.submit(back(reservation, place[0], 1, disposition))
                for shop in (one, two)
                for disposition in ("restock", "damaged")
                for _ in range(25)
            ),
            *(two.reserve(*place, 1) for _ in range(100)),
            return_exceptions=True,
        )
        returned = [x for x in answers[:100] if not isinstance(x, BaseException)]
        assert len(returned) == 60
        assert {type(x) for x in answers[:100] if isinstance(x, BaseException)} == {QuantityExceedsFulfilled}
        row = await one.row("SELECT on_hand + damaged FROM level WHERE product_id = %s", place[0])
        assert row == (60,)
        async with one.pool.connection() as connection:
            assert await broken_laws(connection) == {}
    async with open_onhand(fresh_database_url) as onhand:
        assert (await reconcile.run(onhand)).clean


@pytest.mark.parametrize("disposition", ["restock", "refuse"])
async def test_a_lost_answer_is_found_again(fresh_database_url: str, disposition: str) -> None:
    """The same command in a further batch, as after a COMMIT without an answer."""
    async with opened(fresh_database_url) as shop:
        reservation, place = await shipped(shop, 3)
        command = back(reservation, place[0], 2, disposition)
        first = (await shop.engine.submit(command)).verdict
        batch = shop.engine._make_batch([Job(command, None, lambda _: None, since_s=0)], [])
        async with await connect(fresh_database_url) as connection:
            [again] = await batch.attempt(connection)
        assert isinstance(again.verdict, ReturnDone)
        assert isinstance(first, ReturnDone)
        assert again.verdict.customer_return.parts == first.customer_return.parts
        assert await shop.level(*place) == (2 if disposition == "restock" else 0, 0, 0)
        assert await shop.row("SELECT count(*) FROM customer_return") == (1,)


async def test_reconciliation_sees_returns_that_were_changed(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop, open_onhand(fresh_database_url) as onhand:
        reservation, place = await shipped(shop, 3)
        await shop.engine.submit(back(reservation, place[0], 2, "quality_control"))
        assert (await reconcile.run(onhand)).clean
        async with shop.pool.connection() as connection:
            await connection.execute("UPDATE customer_return_line SET quantity = 4")
        kinds = {x.kind: x.cause for x in (await reconcile.run(onhand)).differences}
        assert set(kinds) == {"return_sums", "return_ledger"}
        assert "4 units of line 0 came back and 3 were shipped" in kinds["return_sums"]
        assert "says 4 units, the ledger took in 2" in kinds["return_ledger"]
