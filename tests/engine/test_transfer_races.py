"""Transfers on a real database: received, sent back and written off at the same moment."""

import asyncio
from typing import Any

import pytest

from onhand.db import queries_level as q
from onhand.domain.commands import CancelTransfer, Dispatch, ReceiveTransfer, TransferLineWanted, WriteOffTransfer
from onhand.domain.errors import DomainError
from onhand.domain.ids import Id
from onhand.engine.batch import Batch
from onhand.services import reconcile
from onhand.services.context import open_onhand
from support.laws import broken_laws
from support.stock import Shop, header, opened

pytestmark = pytest.mark.anyio


async def under_way(shop: Shop, units: int) -> tuple[Id, Id, Id]:
    """The transfer, its product and where it goes."""
    place, destination = await shop.stocked(units), await shop.warehouse()
    command = Dispatch(header(), place[1], destination, (TransferLineWanted(place[0], units),), immediate=False)
    await shop.engine.submit(command)
    return command.header.operation_id, place[0], destination


async def all_at_once(url: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, dict[str, Any]]:
    """Received, sent back and lost, all of it each: how many came through, and which laws are broken."""
    decide = Batch._decide

    async def slow(batch: Batch, *facts: Any) -> Any:
        await asyncio.sleep(0.2)
        return await decide(batch, *facts)

    async with opened(url) as one, opened(url) as two, opened(url) as three:
        transfer, _, _ = await under_way(one, 5)
        monkeypatch.setattr(Batch, "_decide", slow)
        commands = (
            ReceiveTransfer(header(), transfer),
            CancelTransfer(header(), transfer),
            WriteOffTransfer(header(reason="lost"), transfer),
        )
        answers = await asyncio.gather(
            *(shop.engine.submit(command) for shop, command in zip((one, two, three), commands, strict=True)),
            return_exceptions=True,
        )
        assert all(isinstance(x, DomainError) or not isinstance(x, BaseException) for x in answers), answers
        async with one.pool.connection() as connection:
            return sum(not isinstance(x, BaseException) for x in answers), await broken_laws(connection)


async def test_only_one_of_them_has_it(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await all_at_once(fresh_database_url, monkeypatch) == (1, {})


async def test_without_locks_several_have_it(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(q.LOCK_LEVELS, "sql", q.LOCK_LEVELS.sql.split("FOR UPDATE")[0])
    async with opened(fresh_database_url) as shop, shop.pool.connection() as connection:
        await connection.execute("ALTER TABLE ledger DROP CONSTRAINT ledger_level_version_unique")
    accepted, broken = await all_at_once(fresh_database_url, monkeypatch)
    assert accepted > 1
    assert broken


async def test_in_parts_from_three_docks_at_once(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as one, opened(fresh_database_url) as two:
        transfer, product, destination = await under_way(one, 60)
        part = (TransferLineWanted(product, 1),)
        answers = await asyncio.gather(
            *(
                shop.engine.submit(command)
                for shop in (one, two)
                for _ in range(20)
                for command in (
                    ReceiveTransfer(header(), transfer, part),
                    WriteOffTransfer(header(reason="broken on the way"), transfer, part),
                )
            ),
            return_exceptions=True,
        )
        assert sum(not isinstance(answer, BaseException) for answer in answers) == 60
        row = await one.row("SELECT received, cancelled, lost, quantity FROM transfer_line")
        assert row[0] + row[1] == row[3] == 60
        assert row[1] == row[2]
        assert await one.level(product, destination) == (row[0], 0, 0)
        async with one.pool.connection() as connection:
            assert await broken_laws(connection) == {}


async def test_reconciliation_sees_a_loss_that_was_changed(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop, open_onhand(fresh_database_url) as onhand:
        transfer, _, _ = await under_way(shop, 5)
        await shop.engine.submit(WriteOffTransfer(header(reason="x", reference_id=str(transfer)), transfer))
        assert (await reconcile.run(onhand)).clean
        async with shop.pool.connection() as connection:
            await connection.execute("UPDATE transfer_line SET lost = 3")
        [difference] = (await reconcile.run(onhand)).differences
        assert difference.kind == "loss_sums"
        assert "says 3 were lost on their way, the ledger 5" in difference.cause
