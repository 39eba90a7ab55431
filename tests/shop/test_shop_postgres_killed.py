"""kill -9 of PostgreSQL in the middle of a replay of real orders."""

import asyncio
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from shop_tools import state

from onhand.db.migrate import migrate
from onhand.domain.errors import DomainError
from onhand.embedded import server
from onhand.services import reconcile
from onhand.services.context import open_onhand
from onhand.shop.replay import replay_file
from support.crash import kill_postgres, own_home

pytestmark = pytest.mark.anyio

INVOICES = 400


async def test_postgresql_killed_three_times_leaves_what_an_undisturbed_replay_leaves(
    fresh_database_url: str, real_orders: Path
) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        await replay_file(onhand, real_orders, limit=INVOICES)
    with own_home() as home, ExitStack() as held:
        url = held.enter_context(server.start(home)).url
        migrate(url)
        moments = [INVOICES // 4, INVOICES // 2, 3 * INVOICES // 4]
        revivals: list[asyncio.Future[None]] = []

        def kill_and_revive() -> None:
            kill_postgres(home)
            held.enter_context(server.start(home))

        def kill_at_the_moments(done: int, total: int) -> None:
            del total
            if moments and done >= moments[0]:
                moments.pop(0)
                revivals.append(asyncio.get_running_loop().run_in_executor(None, kill_and_revive))

        for _ in range(1 + len(moments)):
            try:
                async with open_onhand(url) as onhand:
                    await replay_file(onhand, real_orders, limit=INVOICES, progress=kill_at_the_moments)
                break
            except (DomainError, psycopg.Error):  # It was away for long (the machine is busy): then it is run again.
                await asyncio.gather(*revivals)
        await asyncio.gather(*revivals)
        assert not moments
        async with open_onhand(url) as onhand:
            assert (await reconcile.run(onhand)).clean
        assert state(url) == state(fresh_database_url)
