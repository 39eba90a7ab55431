"""The connection dies before, at and after COMMIT: every operation is there once, and each caller learns the truth."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from onhand.db import queries_ledger as q
from onhand.domain.commands import Receive, StockLine
from onhand.domain.errors import InsufficientStock, OutcomeUnknown, Unavailable
from onhand.engine import engine as engine_module
from onhand.engine import lane as lane_module
from support.laws import broken_laws
from support.proxy import Cut, Proxy
from support.stock import Shop, header, key, opened

pytestmark = pytest.mark.anyio
CALLERS = 20
CUTS = [Cut.REQUEST_LOST, Cut.ANSWER_LOST, Cut.LATE]


@asynccontextmanager
async def cuttable(url: str, *, lanes: int = 1) -> AsyncIterator[tuple[Shop, Shop, Proxy]]:
    """A shop behind the proxy, one that sees the truth without it, and the proxy."""
    async with Proxy(url) as proxy, opened(url) as truth, opened(proxy.url, lanes=lanes) as shop:
        yield shop, truth, proxy


async def laws_hold(shop: Shop) -> None:
    async with shop.pool.connection() as connection:
        assert await broken_laws(connection) == {}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("stocked", [5, 0], ids=["existing level", "new level"])
async def test_a_connection_lost_at_commit_is_settled(fresh_database_url: str, cut: Cut, stocked: int) -> None:
    async with cuttable(fresh_database_url) as (shop, truth, proxy):
        place = await truth.stocked(stocked)
        proxy.cut = cut
        async with asyncio.timeout(60):
            done = await asyncio.gather(*(shop.receive(*place, 1) for _ in range(CALLERS)))
        assert proxy.cuts == 1
        assert (await truth.level(*place))[0] == stocked + CALLERS
        rows = await truth.rows("SELECT operation_id, on_hand, created_at FROM ledger WHERE product_id = %s", place[0])
        answered = {(x.operation_id, x.lines[0].on_hand, x.created_at) for x in done}
        assert answered <= set(rows), "each answer is what was written, to the microsecond"
        assert len(answered) == CALLERS
        await laws_hold(truth)


async def test_without_looking_for_the_operations_a_lost_answer_ends_in_an_error(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(q.FIND_OPERATIONS, "sql", q.FIND_OPERATIONS.sql.rstrip("; ") + " AND false")
    async with cuttable(fresh_database_url) as (shop, truth, proxy):
        place = await truth.stocked(5)
        proxy.cut = Cut.ANSWER_LOST
        with pytest.raises(psycopg.errors.UniqueViolation):
            await shop.receive(*place, 1)
        assert await truth.level(*place) == (6, 0, 0), "it was told of an error, and it happened"


@pytest.mark.parametrize("cut", CUTS)
async def test_refusals_and_successes_of_one_lost_batch_keep_their_outcomes(fresh_database_url: str, cut: Cut) -> None:
    async with cuttable(fresh_database_url) as (shop, truth, proxy):
        place = await truth.stocked(3)
        proxy.cut = cut
        answers = await asyncio.gather(
            *(shop.reserve(*place, 1, key=key(f"k{n}")) for n in range(6)), return_exceptions=True
        )
        assert [isinstance(answer, InsufficientStock) for answer in answers] == [False] * 3 + [True] * 3
        assert await truth.level(*place) == (3, 3, 0)
        await laws_hold(truth)


async def test_backends_killed_again_and_again(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as killer, opened(fresh_database_url) as shop:
        place = await killer.stocked(0)
        started, succeeded = 0, 0
        ended = asyncio.Event()

        async def caller() -> None:
            nonlocal started, succeeded
            while not ended.is_set():
                started += 1
                await shop.receive(*place, 1)
                succeeded += 1

        async def kill() -> int:
            killed = rounds = 0
            while rounds < 30 or killed <= 5:  # However slow the machine is: the time limit below ends it.
                rounds += 1
                await asyncio.sleep(0.03)
                killed += len(
                    await killer.rows(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE ANY(%s) "
                        "AND datname = current_database() AND pid <> pg_backend_pid()",
                        ["%level%", "%ledger%", "%operation%", "COMMIT"],
                    )
                )
            ended.set()
            return killed

        async with asyncio.timeout(120):
            killed, *_ = await asyncio.gather(kill(), *(caller() for _ in range(8)))
        assert killed > 5
        assert succeeded == started
        assert await killer.level(*place) == (succeeded, 0, 0)
        await laws_hold(killer)


async def test_a_database_that_is_gone_for_long_is_unavailable(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane_module, "UNREACHABLE_MAX_S", 0.5)
    monkeypatch.setattr(engine_module, "BATCH_MAX_COMMANDS", 1)
    async with cuttable(fresh_database_url) as (shop, truth, proxy):
        place = await truth.stocked(1)
        await shop.receive(*place, 1)
        proxy.down = True
        proxy.break_all()
        async with asyncio.timeout(20):  # 100 batches would need 50 s if each waited its own half second
            answers = await asyncio.gather(*(shop.receive(*place, 1) for _ in range(100)), return_exceptions=True)
        assert {type(answer) for answer in answers} == {Unavailable}
        proxy.down = False
        assert (await shop.receive(*place, 1)).lines[0].on_hand == 3


async def test_a_short_absence_is_waited_for(fresh_database_url: str) -> None:
    async with cuttable(fresh_database_url) as (shop, truth, proxy):
        place = await truth.stocked(1)
        proxy.down = True
        proxy.break_all()
        waiting = asyncio.create_task(shop.receive(*place, 1))
        await proxy.turned_away.wait()
        proxy.down = False
        assert (await waiting).lines[0].on_hand == 2


async def test_an_outcome_that_cannot_be_learnt_is_told_and_settled_by_the_key(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane_module, "UNREACHABLE_MAX_S", 0.3)
    async with cuttable(fresh_database_url) as (shop, truth, proxy):
        place = await truth.stocked(1)
        for cut, expected in ((Cut.ANSWER_LOST, True), (Cut.REQUEST_LOST, False)):
            proxy.cut, proxy.down_after_cut = cut, True
            command = Receive(header(), (StockLine(*place, 1),))
            with pytest.raises(OutcomeUnknown):
                await shop.engine.submit(command, key(cut.name))
            proxy.down = proxy.down_after_cut = False
            again = await shop.engine.submit(Receive(header(), (StockLine(*place, 1),)), key(cut.name))
            assert again.replayed is expected
        assert await truth.level(*place) == (3, 0, 0)
        await laws_hold(truth)


async def test_a_server_that_became_a_standby_is_left(fresh_database_url: str) -> None:
    """After a failover the old primary answers, and refuses to write."""
    database = fresh_database_url.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
    async with opened(fresh_database_url) as other, opened(fresh_database_url) as shop:
        place = await shop.stocked(1)
        async with other.pool.connection() as connection:
            await connection.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            waiting = asyncio.create_task(shop.receive(*place, 1))
            await asyncio.sleep(0.5)
            assert not waiting.done()
            await connection.execute(f"ALTER DATABASE {database} RESET default_transaction_read_only")
        assert (await waiting).lines[0].on_hand == 2
