"""Refusals kept under their keys without a lock on stock: one key has one outcome, whoever else carries it out."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from onhand.domain.commands import Reserve, ReserveLine
from onhand.domain.errors import DomainError, IdempotencyKeyReused, InsufficientStock, Shortage
from onhand.domain.ids import Id
from onhand.domain.outcomes import ReservationDone
from onhand.engine.batch import Batch
from onhand.engine.job import Answer, Key
from onhand.engine.refusing import KeptRefusals
from support.laws import broken_laws
from support.stock import Shop, header, key, opened

pytestmark = pytest.mark.anyio
Place = tuple[Id, Id]


async def refuse(shop: Shop, place: Place, asked: Key) -> Answer:
    """As the gate does it."""
    command = Reserve(header(), (ReserveLine(place[0], 1, place[1]),))
    refusal = InsufficientStock([Shortage(0, *place, 1, 0)], 1)
    answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    shop.engine.enqueue(command, asked, answered.set_result, refusal)
    return await answered


async def order(shop: Shop, place: Place, asked: Key) -> Answer:
    answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    command = Reserve(header(), (ReserveLine(place[0], 1, place[1]),))
    shop.engine.enqueue(command, asked, answered.set_result)
    return await answered


def accepted(answer: Answer) -> Any:
    """The reservation's id; None: refused as sold out."""
    if isinstance(answer.verdict, ReservationDone):
        return answer.verdict.reservation.reservation_id
    assert isinstance(answer.verdict, InsufficientStock)
    return None


async def kept(shop: Shop) -> int:
    return int((await shop.row("SELECT count(*) FROM idempotency"))[0])


async def laws_hold(shop: Shop) -> None:
    async with shop.pool.connection() as connection:
        assert await broken_laws(connection) == {}


async def test_those_who_wait_are_kept_at_once_and_for_good(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop, opened(fresh_database_url) as other:
        place = await shop.stocked(5)
        answers = await asyncio.gather(*(refuse(shop, place, key(f"k{n}")) for n in range(600)))
        assert all(accepted(answer) is None and not answer.replayed for answer in answers)
        assert await kept(shop) == 600
        again = [await order(each, place, key(f"k{n}")) for n in range(5) for each in (shop, other)]
        assert all(accepted(answer) is None and answer.replayed for answer in again)
        assert await shop.level(*place) == (5, 0, 0)


async def test_no_level_is_locked(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop:
        place = await shop.stocked(0)
        async with await psycopg.AsyncConnection.connect(fresh_database_url) as holder:
            await holder.execute("SELECT FROM level FOR UPDATE")
            async with asyncio.timeout(5):
                assert accepted(await refuse(shop, place, key("K"))) is None


async def test_a_key_with_an_outcome_keeps_it(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop:
        place = await shop.stocked(5)
        first = accepted(await order(shop, place, key("K")))
        assert first is not None
        fresh, again, another = await asyncio.gather(
            refuse(shop, place, key("L")), refuse(shop, place, key("K")), refuse(shop, place, key("M", "other body"))
        )
        assert (accepted(fresh), accepted(again), accepted(another)) == (None, first, None)
        assert again.replayed
        reused = await refuse(shop, place, key("K", "other body"))
        assert isinstance(reused.verdict, IdempotencyKeyReused)
        assert await shop.level(*place) == (5, 1, 0)


async def test_the_same_key_twice_at_one_moment_is_one(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop:
        place = await shop.stocked(5)
        answers = await asyncio.gather(
            refuse(shop, place, key("K")),
            refuse(shop, place, key("K")),
            order(shop, place, key("K")),
            refuse(shop, place, key("K", "other body")),
            order(shop, place, key("L")),
            refuse(shop, place, key("L")),
        )
        assert [accepted(answer) for answer in answers[:3]] == [None] * 3
        assert isinstance(answers[3].verdict, IdempotencyKeyReused)
        assert accepted(answers[4]) == accepted(answers[5]) is not None
        assert await shop.level(*place) == (5, 1, 0)
        assert shop.engine._inflight == {}


def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time between reading the keys and writing them, and before refusals are written."""
    decide, keep = Batch._decide, KeptRefusals._keep
    dice = random.Random(3)

    async def decide_slowly(batch: Batch, *facts: Any) -> Any:
        await asyncio.sleep(dice.random() * 0.02)
        return await decide(batch, *facts)

    async def keep_slowly(refusals: KeptRefusals, connection: Any) -> set[Id]:
        await asyncio.sleep(dice.random() * 0.02)
        return await keep(refusals, connection)

    monkeypatch.setattr(Batch, "_decide", decide_slowly)
    monkeypatch.setattr(KeptRefusals, "_keep", keep_slowly)


async def outcomes_of_a_race(url: str, keys: int = 80) -> tuple[list[tuple[Any, Any]], int]:
    """Each key is refused by one process and carried out by another at the same moment: what both were told."""
    async with opened(url) as one, opened(url) as other:
        place = await one.stocked(1_000)
        told: list[tuple[Any, Any]] = []
        for first in range(0, keys, 8):
            asked = [key(f"k{first + n}") for n in range(8)]
            answers: Sequence[Answer] = await asyncio.gather(
                *(refuse(one, place, each) for each in asked), *(order(other, place, each) for each in reversed(asked))
            )
            told += zip(map(accepted, answers[:8]), map(accepted, reversed(answers[8:])), strict=True)
        await laws_hold(one)
        assert await kept(one) == keys
        return told, (await one.level(*place))[1]


async def test_refused_here_and_carried_out_there_both_are_told_the_same(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowly(monkeypatch)
    told, reserved = await outcomes_of_a_race(fresh_database_url)
    assert all(here == there for here, there in told)
    assert reserved == sum(here is not None for here, _ in told)
    assert 0 < reserved < len(told), "each of the two was first now and then"


async def test_without_asking_the_key_they_would_be_told_different_things(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowly(monkeypatch)
    keep = KeptRefusals._keep

    async def believing(refusals: KeptRefusals, connection: Any) -> set[Id]:
        await keep(refusals, connection)
        return {job.key.digest for job in refusals.jobs if job.key}

    monkeypatch.setattr(KeptRefusals, "_keep", believing)
    told, _ = await outcomes_of_a_race(fresh_database_url)
    assert any(here != there for here, there in told)


async def test_a_lost_answer_is_found_again(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = KeptRefusals._keep
    lost: list[int] = []

    async def losing(refusals: KeptRefusals, connection: Any) -> set[Id]:
        found = await keep(refusals, connection)
        if not lost:
            lost.append(1)
            await connection.close()
            raise psycopg.OperationalError("the connection is lost")
        return found

    monkeypatch.setattr(KeptRefusals, "_keep", losing)
    async with opened(fresh_database_url) as shop:
        place = await shop.stocked(5)
        answers = await asyncio.gather(*(refuse(shop, place, key(f"k{n}")) for n in range(10)))
        assert [accepted(answer) for answer in answers] == [None] * 10
        assert lost
        assert await kept(shop) == 10
        assert await shop.level(*place) == (5, 0, 0)


async def test_backends_killed_meanwhile_change_no_outcome(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop, opened(fresh_database_url) as killer:
        place = await killer.stocked(1_000)
        over = asyncio.Event()

        async def kill() -> None:
            while not over.is_set():
                await killer.rows(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND pid <> pg_backend_pid() AND query ~ 'idempotency'"
                )
                await asyncio.sleep(0.02)

        killing = asyncio.create_task(kill())
        told: dict[int, Any] = {}
        for n in range(200):
            here, there = await asyncio.gather(refuse(shop, place, key(f"k{n}")), order(shop, place, key(f"l{n}")))
            told[n] = accepted(here), accepted(there)
        over.set()
        await killing
        for n, outcome in told.items():
            again = await order(killer, place, key(f"k{n}")), await refuse(killer, place, key(f"l{n}"))
            assert (accepted(again[0]), accepted(again[1])) == outcome
        assert (await killer.level(*place))[1] == sum(there is not None for _, there in told.values()) == 200
        await laws_hold(killer)


async def test_what_waits_is_kept_before_the_engine_closes(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop:
        place = await shop.stocked(1)
        waiting = [asyncio.create_task(refuse(shop, place, key(f"k{n}"))) for n in range(1_000)]
        await asyncio.sleep(0)
    assert [accepted(await each) for each in waiting] == [None] * 1_000
    async with opened(fresh_database_url) as shop:
        assert await kept(shop) == 1_000
        closed: DomainError | None = None
    try:
        await refuse(shop, place, key("late"))
    except DomainError as error:
        closed = error
    assert closed is not None
    assert closed.code == "OVERLOADED"
