"""Several statements in one round trip: their rows, their errors, and what stays usable afterwards."""

import asyncio
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import errors as pg

from onhand.db.arrays import Ids, Ints, Texts
from onhand.db.connect import connect
from onhand.db.exchange import Asked
from onhand.engine.engine import new_id

pytestmark = pytest.mark.anyio
UNNEST = "SELECT a, b FROM unnest(%(numbers)s::int8[], %(texts)s::text[]) AS given (a, b) WHERE a > %(least)s"


async def test_each_gets_its_rows(empty_database_url: str) -> None:
    async with await connect(empty_database_url) as connection:
        for _ in range(2):  # The second time all are prepared.
            one, none, ids, moment = await connection.exchange(
                [
                    Asked(UNNEST, {"numbers": Ints([1, None, 3]), "texts": Texts(["a", "b", None]), "least": 0}),
                    Asked("SET LOCAL synchronous_commit TO OFF"),
                    Asked("SELECT unnest(%(ids)s::uuid[])", {"ids": Ids([made := new_id()])}),
                    Asked("SELECT %(now)s::timestamptz", {"now": (now := datetime.now(UTC))}),
                ]
            )
            assert one == [(1, "a"), (3, None)]
            assert none == []
            assert ids == [(made,)]
            assert moment == [(now,)]


async def test_after_an_error_nothing_is_carried_out(empty_database_url: str) -> None:
    later = Asked("INSERT INTO made VALUES (%(number)s)", {"number": 1})
    async with await connect(empty_database_url) as connection:
        with pytest.raises(pg.UndefinedTable):
            await connection.exchange([Asked("BEGIN"), later, Asked("COMMIT")])
        await connection.execute("ROLLBACK")
        await connection.execute("CREATE TABLE made (number int8 PRIMARY KEY)")
        await connection.exchange([Asked("BEGIN"), later, Asked("COMMIT")])
        with pytest.raises(pg.UniqueViolation):
            await connection.exchange([Asked("BEGIN"), later, Asked("DELETE FROM made"), Asked("COMMIT")])
        await connection.execute("ROLLBACK")
        assert await connection.exchange([Asked("SELECT number FROM made")]) == [[(1,)]]


async def test_what_cannot_be_packed_is_not_sent(empty_database_url: str) -> None:
    async with await connect(empty_database_url) as connection:
        with pytest.raises(TypeError, match="float is no parameter"):
            await connection.exchange([Asked("SELECT 1"), Asked("SELECT %(x)s", {"x": 1.5})])
        assert await connection.exchange([Asked("SELECT 1::int8")]) == [[(1,)]]


async def test_more_than_the_socket_holds(empty_database_url: str) -> None:
    """Answers are taken while the rest is still being sent: neither side waits for the other for ever."""
    many = Texts(["x" * 1_000] * 2_000)
    async with await connect(empty_database_url) as connection:
        asked = [Asked("SELECT unnest(%(texts)s::text[])", {"texts": many})] * 20
        assert [len(rows) for rows in await connection.exchange(asked)] == [2_000] * 20


async def test_a_lost_connection_is_an_operational_error(empty_database_url: str) -> None:
    async with await connect(empty_database_url) as connection, await connect(empty_database_url) as other:
        pid = connection.info.backend_pid
        await other.execute("SELECT pg_terminate_backend(%s::int)", [pid])
        with pytest.raises(psycopg.OperationalError):
            await connection.exchange([Asked("SELECT 1"), Asked("SELECT 2")])
        assert connection.closed


async def test_a_cancelled_question_leaves_no_answer_for_the_next(empty_database_url: str) -> None:
    async with await connect(empty_database_url) as connection:
        asking = asyncio.create_task(connection.exchange([Asked("SELECT pg_sleep(60)")]))
        await asyncio.sleep(0.2)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert connection.closed
        with pytest.raises(psycopg.OperationalError):
            await connection.exchange([Asked("SELECT 1::int8")])


async def test_a_connection_killed_while_nothing_is_asked_is_told_to_the_next_who_asks(empty_database_url: str) -> None:
    async with await connect(empty_database_url) as connection, await connect(empty_database_url) as killer:
        [[(pid,)]] = await connection.exchange([Asked("SELECT pg_backend_pid()")])
        await killer.exchange([Asked("SELECT pg_terminate_backend(%(pid)s::int4)", {"pid": pid})])
        await asyncio.sleep(0.2)  # The event loop hears of it, and looks away.
        with pytest.raises(psycopg.OperationalError):
            await connection.exchange([Asked("SELECT 1::int8")])
        assert connection.closed
        async with await connect(empty_database_url) as third:  # Perhaps on the same descriptor.
            assert await third.exchange([Asked("SELECT 1::int8")]) == [[(1,)]]


async def test_a_connection_killed_while_it_is_asked(empty_database_url: str) -> None:
    async with await connect(empty_database_url) as killer:
        for _ in range(20):
            async with await connect(empty_database_url) as connection:
                [[(pid,)]] = await connection.exchange([Asked("SELECT pg_backend_pid()")])
                asking = asyncio.create_task(connection.exchange([Asked("SELECT pg_sleep(60)")]))
                await asyncio.sleep(0.02)
                await killer.exchange([Asked("SELECT pg_terminate_backend(%(pid)s::int4)", {"pid": pid})])
                with pytest.raises(psycopg.OperationalError):
                    await asking


async def test_exchanges_and_statements_of_psycopg_take_turns(empty_database_url: str) -> None:
    async with await connect(empty_database_url) as connection:
        for number in range(5):
            assert await connection.exchange([Asked("SELECT %(number)s", {"number": number})]) == [[(number,)]]
            cursor = await connection.execute("SELECT %s::int8", [number])
            assert await cursor.fetchall() == [(number,)]
