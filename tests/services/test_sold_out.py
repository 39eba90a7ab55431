"""Sold out is said without a lock, and by no process once stock is known to be there again."""

import asyncio
import itertools
import time

import psycopg
import pytest

from onhand.cache import metrics
from onhand.domain.commands import Reserve
from onhand.domain.errors import IdempotencyKeyReused, InsufficientStock
from onhand.domain.limits import SOLD_OUT_KNOWN_S
from onhand.engine import metrics as engine_metrics
from onhand.services import availability, display, reservations, sold_out
from onhand.services.context import Onhand, open_onhand
from onhand.services.requests import NewReservation, ReservationLine, ReservationPart, Selling
from support.services import ACTOR, Corner, a_corner, a_warehouse

pytestmark = pytest.mark.anyio


def refusals() -> float:
    return metrics.GATE._value.get()


async def buy_one(corner: Corner, key: str | None = None, *, routed: bool = False) -> str | None:
    """The reservation, or None."""
    line = ReservationLine(quantity=1, sku=corner.sku, warehouse=None if routed else corner.warehouse)
    try:
        reply = await reservations.reserve(corner.onhand, ACTOR, NewReservation(lines=[line]), key)
    except InsufficientStock as error:
        refused = error
    else:
        return reply.answer.reservation_id
    [shortage] = refused.shortages
    assert (shortage.line, shortage.requested, shortage.available, refused.lines) == (0, 1, 0, 1)
    return None


async def test_after_the_last_unit_most_are_refused_without_a_transaction(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 50)
        sold = await asyncio.gather(*(buy(corner) for _ in range(200)))
        assert sum(each is not None for each in sold) == 50
        before, batches = refusals(), engine_metrics.BATCH_COMMANDS._sum.get()
        for _ in range(500):
            assert await buy(corner) is None
        by_gate = refusals() - before
        assert by_gate > 400
        assert by_gate + engine_metrics.BATCH_COMMANDS._sum.get() - batches == 500


async def test_a_release_opens_it_at_once_in_the_same_process(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 1)
        for _ in range(50):
            held = await buy(corner)
            assert held is not None
            assert await buy(corner) is None
            await reservations.release(onhand, ACTOR, held, ReservationPart())


buy = buy_one


async def wrong_refusals(url: str, rounds: int = 30, *, keyed: bool = False, routed: bool = False) -> int:
    """How often a process refuses an order that came after another had answered a release or a receipt."""
    wrong = 0
    keys = itertools.count()

    async def buy(corner: Corner) -> str | None:
        return await buy_one(corner, f"try {next(keys)}" if keyed else None, routed=routed)

    async with open_onhand(url) as one, open_onhand(url) as other:
        here = await a_corner(one, 1)
        there = Corner(other, here.sku, here.warehouse)
        before = refusals()
        for number in range(rounds):
            held = await buy(here)
            assert held is not None
            for _ in range(number % 4 + 2):
                assert await buy(there) is None
            await reservations.release(one, ACTOR, held, ReservationPart())
            held = await buy(there)
            if held is None:
                wrong += 1
                await asyncio.sleep(SOLD_OUT_KNOWN_S * 1.2)
                held = await buy(there)
                assert held is not None
            await reservations.release(other, ACTOR, held, ReservationPart())
        assert refusals() > before, "the gate was at work"
    return wrong


@pytest.mark.parametrize("keyed", [False, True], ids=["without keys", "with keys"])
@pytest.mark.parametrize("routed", [False, True], ids=["from a warehouse", "routed"])
async def test_no_process_refuses_for_what_was_before_a_release(
    fresh_database_url: str, keyed: bool, routed: bool
) -> None:
    assert await wrong_refusals(fresh_database_url, keyed=keyed, routed=routed) == 0


@pytest.mark.parametrize("routed", [False, True], ids=["from a warehouse", "routed"])
async def test_without_the_second_look_it_would(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, routed: bool
) -> None:
    """As the gate was: what was seen within the bound is believed."""
    look = sold_out._sold_out

    def believed(onhand: Onhand, command: Reserve, since_s: float, *, surely: bool) -> str | None:
        return look(onhand, command, since_s - SOLD_OUT_KNOWN_S if surely else since_s, surely=False)

    monkeypatch.setattr(sold_out, "_sold_out", believed)
    monkeypatch.setattr(display.Display, "confirm", lambda _, __, then: then())
    assert await wrong_refusals(fresh_database_url, routed=routed) > 0


async def test_one_read_serves_all_who_wait(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 1)
        assert await buy(corner)
        assert await buy(corner) is None
        before, reads = refusals(), metrics.DATABASE._value.get()
        assert await asyncio.gather(*(buy(corner) for _ in range(200))) == [None] * 200
        assert refusals() - before == 200
        assert metrics.DATABASE._value.get() - reads <= 3


async def test_when_the_read_fails_the_engine_decides(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 1)
        held = await buy(corner)
        assert held is not None
        assert await buy(corner) is None

        async def fails(_: object) -> None:
            raise psycopg.OperationalError("gone")

        monkeypatch.setattr(onhand.display._strong, "ask", fails)
        before = refusals()
        assert await buy(corner) is None
        assert refusals() == before


async def test_a_key_with_an_outcome_gets_it_again_though_all_is_sold(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand, open_onhand(fresh_database_url) as other:
        corner = await a_corner(onhand, 1)
        held = await buy(corner, "first")
        assert held is not None
        assert await buy(corner) is None
        assert await buy(corner, "first") == held
        elsewhere = Corner(other, corner.sku, corner.warehouse)
        assert await buy(elsewhere) is None
        assert await buy(elsewhere, "first") == held


async def test_the_same_key_is_refused_again_though_stock_has_come(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand, open_onhand(fresh_database_url) as other:
        corner = await a_corner(onhand, 1)
        assert await buy(corner)
        assert await buy(corner) is None
        before = refusals()
        assert await buy(corner, "later") is None
        assert refusals() == before + 1, "refused by the gate"
        await corner.receive(1)
        assert await buy(corner, "later") is None
        assert await buy(Corner(other, corner.sku, corner.warehouse), "later") is None
        assert await buy(corner, "another") is not None


async def test_with_keys_most_are_refused_without_a_lock(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 1)
        assert await buy(corner)
        before = refusals()
        for number in range(300):
            assert await buy(corner, f"K{number}") is None
        assert refusals() - before > 200
        corner_key = [await buy(corner, f"K{number}") for number in range(300)]
        assert corner_key == [None] * 300
        with psycopg.connect(fresh_database_url) as connection:
            assert connection.execute("SELECT count(*) FROM idempotency").fetchone() == (300,)


async def test_a_key_for_another_order_is_no_key_for_this_one(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        one, other = await a_corner(onhand, 1), await a_corner(onhand, 1)
        assert await buy(one)
        assert await buy(other, "K")
        assert await buy(one) is None
        with pytest.raises(IdempotencyKeyReused):
            await buy(one, "K")


async def test_a_level_that_may_go_below_zero_is_no_business_of_the_gate(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 1)
        assert await buy(corner)
        assert await buy(corner) is None
        with psycopg.connect(fresh_database_url) as connection:
            connection.execute("UPDATE level SET backorder_limit = NULL")
        await asyncio.sleep(SOLD_OUT_KNOWN_S * 1.2)
        assert await buy(corner) is not None
        assert await buy(corner) is not None


async def in_two_places(onhand: Onhand, units: int) -> tuple[Corner, Corner]:
    """One product in two warehouses."""
    here = await a_corner(onhand, units)
    there = Corner(onhand, here.sku, await a_warehouse(onhand))
    await there.receive(units)
    return here, there


async def test_an_order_that_names_no_warehouse_is_refused_when_all_of_them_are_sold_out(
    fresh_database_url: str,
) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        here, there = await in_two_places(onhand, 5)
        assert all([await buy(here) for _ in range(5)])
        sold = [await buy(here, routed=True) for _ in range(8)]
        assert sum(each is not None for each in sold) == 5, "the other warehouse has five"
        await buy(here, routed=True)
        before = refusals()
        for _ in range(300):
            assert await buy(here, routed=True) is None
        assert refusals() - before > 200
        await there.receive(1)
        assert await buy(here, routed=True) is not None


async def test_a_warehouse_that_gets_the_product_for_the_first_time_opens_the_gate(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand, open_onhand(fresh_database_url) as other:
        corner = await a_corner(onhand, 1)
        assert await buy(corner)
        elsewhere = Corner(other, corner.sku, await a_warehouse(other))
        until = time.monotonic() + 1.3  # Then every process knows the warehouse.
        before = refusals()
        while time.monotonic() < until:
            assert await buy(corner, routed=True) is None
            await asyncio.sleep(0.005)
        assert refusals() > before
        await elsewhere.receive(1)
        assert await buy(corner, routed=True)


async def test_what_may_be_backordered_somewhere_is_no_business_of_the_gate(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 1, selling=Selling(mode="backorder", limit=1))
        await a_warehouse(onhand)
        for _ in range(2):
            assert await buy(corner)
        assert await buy(corner) is None
        await availability.get(onhand, corner.sku)
        before = refusals()
        assert await buy(corner, routed=True), "the other warehouse has a limit of its own"
        assert refusals() == before
