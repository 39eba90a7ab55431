"""Thousands wait for one product: a receipt covers them in its own transaction, oldest first, in few rounds."""

import asyncio
from typing import Any

import pytest

from onhand.engine import batch
from onhand.services import reconcile
from onhand.services.context import open_onhand
from onhand.services.requests import Selling
from support.services import a_corner

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
