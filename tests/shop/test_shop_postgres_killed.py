"""kill -9 of PostgreSQL in the middle of a replay of real orders."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from shop_tools import state

from onhand.db.migrate import migrate
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

        def kill_at_the_moments(done: int, total: int) -> None:
            del total
            if moments and done >= moments[0]:
                moments.pop(0)
                kill_postgres(home)
                held.enter_context(server.start(home))

        async with open_onhand(url) as onhand:
            await replay_file(onhand, real_orders, limit=INVOICES, progress=kill_at_the_moments)
            assert not moments
            assert (await reconcile.run(onhand)).clean
        assert state(url) == state(fresh_database_url)
