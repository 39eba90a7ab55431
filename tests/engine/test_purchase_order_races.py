"""Purchase orders on a real database: raced, repeated, reconciled."""

import asyncio
from datetime import date
from typing import Any

import pytest

from onhand.db import queries_level as q
from onhand.domain.commands import (
    CancelPurchaseOrder,
    CreatePurchaseOrder,
    PlacePurchaseOrder,
    ReceivePurchaseOrder,
    StockLine,
)
from onhand.domain.errors import DomainError
from onhand.domain.ids import Id
from onhand.engine.batch import Batch
from onhand.services import reconcile
from onhand.services.context import open_onhand
from support.laws import broken_laws
from support.stock import Shop, header, opened
from support.supply import a_supplier

pytestmark = pytest.mark.anyio
DAY = date(2026, 3, 6)


async def drafted(shop: Shop, units: int = 5) -> tuple[Id, tuple[Id, Id]]:
    """A draft for a level that does not exist yet."""
    place = await shop.stocked(0)
    command = CreatePurchaseOrder(header(), await a_supplier(shop.pool), (StockLine(*place, units),))
    await shop.engine.submit(command)
    return command.header.operation_id, place


async def broken(shop: Shop) -> dict[str, list[Any]]:
    async with shop.pool.connection() as connection:
        return await broken_laws(connection)


def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read before either writes; a cancellation writes last, so that it overwrites what it has not seen."""
    decide = Batch._decide

    async def slow(batch: Batch, *facts: Any) -> Any:
        cancels = any(isinstance(job.command, CancelPurchaseOrder) for job in batch.jobs)
        await asyncio.sleep(0.4 if cancels else 0.2)
        return await decide(batch, *facts)

    monkeypatch.setattr(Batch, "_decide", slow)


async def placed_and_cancelled_at_once(url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    async with opened(url) as one, opened(url) as two:
        order, _ = await drafted(one)
        slowly(monkeypatch)
        answers = await asyncio.gather(
            one.engine.submit(PlacePurchaseOrder(header(), order, DAY)),
            two.engine.submit(CancelPurchaseOrder(header(), order)),
            return_exceptions=True,
        )
        assert all(isinstance(answer, DomainError) or not isinstance(answer, Exception) for answer in answers)
        return await broken(one)


async def test_an_order_is_not_placed_and_cancelled_at_once(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await placed_and_cancelled_at_once(fresh_database_url, monkeypatch) == {}


async def test_without_locks_it_would_be(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(q.LOCK_LEVELS, "sql", q.LOCK_LEVELS.sql.split("FOR UPDATE")[0])
    assert "what is under way is incoming" in await placed_and_cancelled_at_once(fresh_database_url, monkeypatch)


async def test_one_delivery_received_by_two_at_once_comes_once(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(fresh_database_url) as one, opened(fresh_database_url) as two:
        order, place = await drafted(one)
        await one.engine.submit(PlacePurchaseOrder(header(), order, DAY))
        slowly(monkeypatch)
        answers = await asyncio.gather(
            *(shop.engine.submit(ReceivePurchaseOrder(header(), order)) for shop in (one, two)), return_exceptions=True
        )
        assert sum(isinstance(answer, DomainError) for answer in answers) == 1
        assert await one.level(*place) == (5, 0, 0)
        assert await broken(one) == {}


async def test_an_order_written_twice_with_one_id_is_one(fresh_database_url: str) -> None:
    """As a retry after a lost answer writes it."""
    async with opened(fresh_database_url) as shop:
        place = await shop.stocked(0)
        command = CreatePurchaseOrder(header(), await a_supplier(shop.pool), (StockLine(*place, 5),))
        first, second = [(await shop.engine.submit(command)).verdict for _ in range(2)]
        assert first == second
        assert await shop.row("SELECT count(*) FROM purchase_order") == (1,)


async def test_reconciliation_knows_what_is_incoming(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop, open_onhand(fresh_database_url) as onhand:
        order, place = await drafted(shop)
        assert (await reconcile.run(onhand)).clean
        await shop.engine.submit(PlacePurchaseOrder(header(), order, DAY))
        assert (await reconcile.run(onhand)).clean
        async with shop.pool.connection() as connection:
            await connection.execute("UPDATE level SET incoming = incoming - 2 WHERE product_id = %s", [place[0]])
        [difference] = (await reconcile.run(onhand)).differences
        assert (difference.kind, difference.facts["level_incoming"], difference.facts["arriving"]) == (
            "incoming_sums",
            3,
            5,
        )
