"""Poison, overload, callers that give up: nobody else is hurt, and nobody waits for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from typing import Any

import psycopg
import pytest

from onhand.db.connect import TRANSACTION_IDLE_MAX_S, connect
from onhand.domain import errors
from onhand.domain.commands import Dispatch, Receive, Repair, Reserve, ReserveLine, StockLine, TransferLineWanted
from onhand.domain.errors import InsufficientStock, Overloaded, Unavailable, Unknown
from onhand.domain.ids import Id
from onhand.domain.outcomes import Nothing
from onhand.engine import engine as engine_module
from onhand.engine.engine import new_id
from onhand.engine.outcome import decode, encode
from support.laws import broken_laws
from support.stock import Shop, header, key, opened

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def held_up(shop: Shop, product: Id) -> AsyncIterator[None]:
    """Someone else holds the product's levels: whoever comes waits."""
    async with shop.pool.connection() as connection, connection.transaction():
        await connection.execute("SELECT 1 FROM level WHERE product_id = %s FOR UPDATE", [product])
        yield


def receipt(product: Id, warehouse: Id, units: int = 1, **fields: Any) -> Receive:
    return Receive(header(**fields), (StockLine(product, warehouse, units),))


def poisons(product: Id, warehouse: Id) -> dict[str, tuple[Any, type[Exception]]]:
    """Commands that the services would not let through, by what they break."""
    return {
        "check": (receipt(product, warehouse, -1), psycopg.errors.CheckViolation),
        "foreign key": (receipt(product, new_id()), psycopg.errors.ForeignKeyViolation),
        "text": (receipt(product, warehouse, reason="\0"), psycopg.DataError),
        "transfer to itself": (
            Dispatch(header(), warehouse, warehouse, (TransferLineWanted(product, 1),)),
            psycopg.errors.CheckViolation,
        ),
        "python": (Receive(header(), (None,)), AttributeError),  # type: ignore[arg-type]
    }


@pytest.mark.parametrize("poison", ["check", "foreign key", "text", "transfer to itself", "python"])
async def test_a_poisonous_command_does_not_hurt_its_batch_mates(fresh_database_url: str, poison: str) -> None:
    async with opened(fresh_database_url, lanes=1) as shop:
        place = await shop.stocked(5)
        command, error = poisons(*place)[poison]
        async with held_up(shop, place[0]):
            first = asyncio.create_task(shop.receive(*place, 1))
            await asyncio.sleep(0.2)  # The lane waits with the first; the others gather behind it.
            mates = [asyncio.create_task(shop.receive(*place, 1)) for _ in range(7)]
            bad = asyncio.create_task(shop.engine.submit(command))
            mates += [asyncio.create_task(shop.receive(*place, 1)) for _ in range(8)]
            await asyncio.sleep(0.1)
        await asyncio.gather(first, *mates)
        with pytest.raises(error):
            await bad
        assert await shop.level(*place) == (21, 0, 0)
        async with shop.pool.connection() as connection:
            assert await broken_laws(connection) == {}


async def test_too_many_are_told_to_come_back(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "QUEUE_MAX_COMMANDS", 5)
    async with opened(fresh_database_url, lanes=1) as shop:
        place = await shop.stocked(1)
        async with held_up(shop, place[0]):
            tasks = [asyncio.create_task(shop.receive(*place, 1))]
            await asyncio.sleep(0.2)
            tasks += [asyncio.create_task(shop.receive(*place, 1)) for _ in range(8)]
            await asyncio.sleep(0.1)
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(answer, Overloaded) for answer in answers] == [False] * 6 + [True] * 3
        assert await shop.level(*place) == (7, 0, 0)


async def test_who_would_wait_too_long_is_told_at_once(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "QUEUE_MAX_WAIT_S", 0.3)
    async with opened(fresh_database_url, lanes=1) as shop:
        place = await shop.stocked(1)
        async with held_up(shop, place[0]):
            tasks = [asyncio.create_task(shop.receive(*place, 1))]
            await asyncio.sleep(0.1)
            tasks.append(asyncio.create_task(shop.receive(*place, 1)))  # The first in the queue.
            await asyncio.sleep(0.1)
            tasks.append(asyncio.create_task(shop.receive(*place, 1)))
            await asyncio.sleep(0.3)
            with pytest.raises(Overloaded):
                await asyncio.wait_for(shop.receive(*place, 1), 0.1)
        await asyncio.gather(*tasks)
        await shop.receive(*place, 1)  # The queue is empty again: nobody is turned away.
        assert await shop.level(*place) == (5, 0, 0)


async def test_a_caller_that_gives_up_neither_undoes_nor_blocks(fresh_database_url: str) -> None:
    async with opened(fresh_database_url, lanes=1) as shop:
        place = await shop.stocked(1)
        async with held_up(shop, place[0]):
            tasks = [asyncio.create_task(shop.receive(*place, 1, key=key(f"k{n}"))) for n in range(4)]
            await asyncio.sleep(0.2)
            tasks += [asyncio.create_task(shop.receive(*place, 1, key=key(f"k{n}"))) for n in (0, 4)]
            await asyncio.sleep(0.1)
            for impatient in tasks[::2]:
                impatient.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(answer, asyncio.CancelledError) for answer in answers] == [True, False] * 3
        again = await shop.receive(*place, 1, key=key("k0"))
        assert again.lines[0].on_hand <= 6, "the first outcome, not a second effect"
        assert await shop.level(*place) == (6, 0, 0)


async def test_what_was_accepted_is_finished_at_the_end(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as truth:
        place = await truth.stocked(1)
        async with opened(fresh_database_url) as shop:
            tasks = [asyncio.create_task(shop.receive(*place, 1)) for _ in range(50)]
            await asyncio.sleep(0)
        answers = await asyncio.gather(*tasks)
        assert len(answers) == 50
        assert await truth.level(*place) == (51, 0, 0)
        with pytest.raises(Overloaded):
            await shop.receive(*place, 1)


async def test_an_engine_that_is_cancelled_answers_all(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as truth:
        place = await truth.stocked(1)
        tasks: list[asyncio.Task[Any]] = []
        waiting = asyncio.Event()

        async def process() -> None:
            async with opened(fresh_database_url, lanes=1) as shop:
                await shop.engine.directory.read_warehouses()
                tasks.append(asyncio.create_task(shop.receive(*place, 1)))
                await asyncio.sleep(0.3)
                tasks.append(asyncio.create_task(shop.receive(*place, 1)))
                await asyncio.sleep(0.1)
                waiting.set()

        async with held_up(truth, place[0]):
            running = asyncio.create_task(process())
            await asyncio.wait_for(waiting.wait(), 30)
            running.cancel()
            await asyncio.wait([running], timeout=30)
            answers = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 30)
        assert [type(answer) for answer in answers] == [errors.OutcomeUnknown, Unavailable]
        assert await truth.level(*place) == (1, 0, 0)


async def test_an_unknown_product_is_refused_and_not_looked_for_for_ever(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop:
        warehouse, product = await shop.warehouse(), new_id()
        for command in (
            receipt(product, warehouse),
            Reserve(header(), (ReserveLine(product, 1, warehouse),)),
            Reserve(header(), (ReserveLine(product, 1),)),
        ):
            with pytest.raises(Unknown) as error:
                await asyncio.wait_for(shop.engine.submit(command), 20)
            assert (error.value.kind, error.value.name) == ("product", str(product))


FACTS: dict[str, Any] = {
    "shortages": [errors.Shortage(1, new_id(), None, 3, 2), errors.Shortage(2, new_id(), new_id(), 3, 2)],
    "excesses": [errors.Excess(1, new_id(), new_id(), 3, 2, "units")],
    "product": new_id(),
    "warehouse": new_id(),
    "reservation": new_id(),
    "transfer": new_id(),
    "purchase_order": new_id(),
    "count": new_id(),
    "fields": [errors.FieldProblem("lines[0]", "TOO_LONG", "It is too long.")],
}
KINDS = [
    error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, errors.DomainError) and error is not errors.DomainError
]


def test_every_refusal_is_kept_whole() -> None:
    for kind in KINDS:
        facts = {
            field.name: FACTS.get(field.name, "x" if field.type in (str, "str", str | None) else 7)
            for field in fields(kind)  # type: ignore[arg-type]
        }
        stored: Any = decode(encode(kind(**facts)))
        assert type(stored) is kind
        assert {name: repr(getattr(stored, name)) for name in facts} == {name: repr(facts[name]) for name in facts}
        assert isinstance(str(stored), str), "an exception made without __new__ ends the process here"
        assert stored.args is not None


async def test_callers_of_one_refusal_get_each_their_own(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop:
        place = await shop.stocked(1)
        tasks = [asyncio.create_task(shop.reserve(*place, 2, key=key("same"))) for _ in range(3)]
        refusals: Any = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(refusal) for refusal in refusals} == {InsufficientStock}
        assert len({id(refusal) for refusal in refusals}) == 3
        assert [refusal.replayed for refusal in refusals] == [False, True, True]


async def test_refusals_do_not_cost_the_prepared_statements(fresh_database_url: str) -> None:
    """After a ROLLBACK psycopg would prepare every statement anew: sold out would be slower than selling."""
    async with opened(fresh_database_url, lanes=1) as shop:
        place = await shop.stocked(1)
        lane = shop.engine._lanes[0]

        async def prepared() -> set[Any]:
            assert lane._connection is not None
            cursor = await lane._connection.execute("SELECT name FROM pg_prepared_statements", prepare=False)
            return {row[0] for row in await cursor.fetchall()}

        for _ in range(3):
            with pytest.raises(InsufficientStock):
                await shop.reserve(*place, 2)
        before = await prepared()
        assert before
        for _ in range(3):
            with pytest.raises(InsufficientStock):
                await shop.reserve(*place, 2)
        assert before <= await prepared()


async def test_a_process_that_stands_still_does_not_keep_its_locks(fresh_database_url: str) -> None:
    connection = await connect(fresh_database_url)
    cursor = await connection.execute("SHOW idle_in_transaction_session_timeout")
    assert await cursor.fetchone() == (f"{TRANSACTION_IDLE_MAX_S}s",)
    await connection.close()


async def test_a_connection_that_stood_still_too_long_is_replaced(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(fresh_database_url, lanes=1) as shop:
        place = await shop.stocked(1)
        lane = shop.engine._lanes[0]
        assert lane._connection is not None
        await lane._connection.execute("SET idle_in_transaction_session_timeout = '50ms'")
        decide = engine_module.Batch._decide
        stood = False

        async def slow(batch: Any, *facts: Any) -> Any:
            nonlocal stood
            if not stood:
                stood = True
                await asyncio.sleep(0.5)
            return await decide(batch, *facts)

        monkeypatch.setattr(engine_module.Batch, "_decide", slow)
        assert (await shop.receive(*place, 1)).lines[0].on_hand == 2
        assert stood
        assert await shop.level(*place) == (2, 0, 0)


async def test_a_repair_is_alone_in_its_batch(fresh_database_url: str) -> None:
    """It compares the level with what the tables say: what its batch moved before it would look like a difference."""
    async with opened(fresh_database_url, lanes=1) as shop:
        place = await shop.stocked(3)
        async with held_up(shop, place[0]):
            first = asyncio.create_task(shop.receive(*place, 1))
            await asyncio.sleep(0.2)
            mates = [asyncio.create_task(shop.receive(*place, 1)) for _ in range(3)]
            repair = asyncio.create_task(shop.engine.submit(Repair(header(), *place)))
            mates += [asyncio.create_task(shop.receive(*place, 1)) for _ in range(3)]
            await asyncio.sleep(0.1)
        await asyncio.gather(first, *mates)
        assert isinstance((await repair).verdict, Nothing)
        assert await shop.level(*place) == (10, 0, 0)
        async with shop.pool.connection() as connection:
            assert await broken_laws(connection) == {}


async def test_keys_are_told_apart_by_their_request(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as shop, opened(fresh_database_url) as other:
        place = await shop.stocked(1)
        await shop.receive(*place, 1, key=key("one", "body"))
        for engine in (shop, other):
            with pytest.raises(errors.IdempotencyKeyReused):
                await engine.receive(*place, 1, key=key("one", "another body"))
            again = await engine.engine.submit(receipt(*place), key("one", "body"))
            assert again.replayed
        assert await shop.level(*place) == (2, 0, 0)
