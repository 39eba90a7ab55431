"""Thousands wait for one product: a receipt covers them in its own transaction, oldest first, in few rounds."""

import asyncio
from typing import Any

import pytest
from msgspec import UNSET

from onhand.engine import batch
from onhand.services import reconcile, reservations
from onhand.services.context import open_onhand
from onhand.services.requests import Priority, ReservationPart, Selling
from support.services import ACTOR, a_corner

pytestmark = pytest.mark.anyio
ORDERS, UNITS = 4_000, 3


async def test_a_receipt_covers_thousands_who_wait(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []
    fetch = batch.fetch_missing

    async def counted(*arguments: Any) -> None:
        rounds.extend(arguments[-1].waiting.values())
        await fetch(*arguments)

    monkeypatch.setattr(batch, "fetch_missing", counted)
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, selling=Selling(mode="backorder"))
        held = await asyncio.gather(*(corner.reserve(UNITS, expires_in_s=None) for _ in range(ORDERS)))
        ids = sorted(each.reservation_id for each in held)
        rounds.clear()
        await corner.receive(3_000 * UNITS + 1)
        assert len(rounds) == 2, rounds  # 1,000 to see how many units each wants, then as many as that lets expect.
        assert rounds[-1] < ORDERS
        async with onhand.pool.connection() as connection:
            rows = await (
                await connection.execute("SELECT reservation_id::text, backordered FROM reservation_line ORDER BY 1")
            ).fetchall()
            events = await (await connection.execute("SELECT count(*), count(DISTINCT subject) FROM event")).fetchall()
        assert rows == [(id_, 0 if n < 3_000 else UNITS - 1 if n == 3_000 else UNITS) for n, id_ in enumerate(ids)]
        assert events == [(3_001, 3_001)]
        assert (await reconcile.run(onhand)).clean


async def test_who_has_priority_is_covered_first_and_of_one_priority_the_oldest(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, selling=Selling(mode="backorder"))
        plain, late, urgent, raised = [
            (await corner.reserve(UNITS, expires_in_s=None, **fields)).reservation_id
            for fields in ({}, {"priority": 9}, {"priority": 1}, {})
        ]
        answer = (await reservations.prioritize(onhand, ACTOR, raised, Priority(priority=1))).answer
        assert answer.priority == 1
        assert (await reservations.get(onhand, urgent)).priority == 1
        assert (await reservations.get(onhand, plain)).priority is UNSET
        turns = [urgent, raised, plain, late]
        for covered in range(1, len(turns) + 1):
            await corner.receive(UNITS)
            waiting = [(await reservations.get(onhand, each)).lines[0].allocations[0].backordered for each in turns]
            assert waiting == [0] * covered + [UNITS] * (len(turns) - covered)
        assert (await reconcile.run(onhand)).clean


async def test_those_with_priority_pass_thousands_and_who_leaves_makes_room(fresh_database_url: str) -> None:
    """More wait than are read at once; the first of the receipt's queue are those with priority."""
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, selling=Selling(mode="backorder"))
        held = await asyncio.gather(*(corner.reserve(1, expires_in_s=None) for _ in range(1_500)))
        ids = sorted(each.reservation_id for each in held)
        await asyncio.gather(
            *(reservations.prioritize(onhand, ACTOR, each, Priority(priority=1)) for each in ids[-100:]),
            *(reservations.release(onhand, ACTOR, each, ReservationPart()) for each in ids[:50]),
        )
        await corner.receive(1_200)
        async with onhand.pool.connection() as connection:
            rows = await connection.execute(
                "SELECT reservation_id::text FROM reservation_line WHERE backordered > 0 ORDER BY 1"
            )
            waiting = [row[0] for row in await rows.fetchall()]
        assert waiting == ids[50 + 1_100 : -100]
        assert (await reconcile.run(onhand)).clean


async def test_a_priority_is_set_in_the_batch_of_a_receipt(fresh_database_url: str) -> None:
    """Decided together: the waiting list is read as it was before the batch, and judged as it is within it."""
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, selling=Selling(mode="backorder"))
        for number in range(8):
            ids = [(await corner.reserve(1, expires_in_s=None)).reservation_id for _ in range(4)]
            first, second = (1, 3) if number % 2 else (3, 1)
            await asyncio.gather(
                reservations.prioritize(onhand, ACTOR, ids[0], Priority(priority=9)),
                reservations.prioritize(onhand, ACTOR, ids[first], Priority(priority=1)),
                corner.receive(2),
                reservations.prioritize(onhand, ACTOR, ids[second], Priority(priority=2)),
                corner.receive(1),
            )
            left = [each for each in ids if (await reservations.get(onhand, each)).lines[0].allocations[0].backordered]
            assert left == [ids[0]]
            await corner.receive(1)
        assert (await reconcile.run(onhand)).clean
