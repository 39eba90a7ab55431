"""Sold out is said without a transaction, and never longer than its bound after stock is there again."""

import asyncio
import itertools
import time

import psycopg
import pytest

from onhand.cache import metrics
from onhand.domain.errors import IdempotencyKeyReused, InsufficientStock
from onhand.domain.limits import SOLD_OUT_KNOWN_S
from onhand.engine import metrics as engine_metrics
from onhand.services import availability, crowd, display, reservations
from onhand.services.context import Onhand, open_onhand
from onhand.services.requests import NewReservation, ReservationLine, ReservationPart, Selling
from support.services import ACTOR, Corner, a_corner, a_warehouse

pytestmark = pytest.mark.anyio
CROWD = crowd.SOLD_OUT_CROWD_MIN
SLACK_S = 0.25  # two busy processors: a try, and the commit before it, take their time


@pytest.fixture(autouse=True)
def _everyone_is_a_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate is what is looked at here, and a crowd takes its time."""
    monkeypatch.setattr(crowd, "SOLD_OUT_CROWD_MIN", 1)


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


async def longest_wrong_refusal_s(url: str, rounds: int = 12, *, keyed: bool = False, routed: bool = False) -> float:
    """How long after a release in one process another still refuses."""
    longest = 0.0
    keys = itertools.count()

    async def buy(corner: Corner) -> str | None:
        return await buy_one(corner, f"try {next(keys)}" if keyed else None, routed=routed)

    async with open_onhand(url) as one, open_onhand(url) as other:
        here = await a_corner(one, 1)
        there = Corner(other, here.sku, here.warehouse)
        held = await buy(here)
        for number in range(rounds):
            assert held is not None
            for _ in range(number % 4 + 1):
                assert await buy(there) is None
            await reservations.release(one, ACTOR, held, ReservationPart())
            released = time.monotonic()
            refused = 0.0
            while (held := await buy(there)) is None:
                refused = time.monotonic() - released
                assert refused < 2, "for ever"
                await asyncio.sleep(0.001)
            longest = max(longest, refused)
            await reservations.release(other, ACTOR, held, ReservationPart())
            await asyncio.sleep(SOLD_OUT_KNOWN_S * 1.2)
            held = await buy(here)
    return longest


@pytest.mark.parametrize("keyed", [False, True], ids=["without keys", "with keys"])
@pytest.mark.parametrize("routed", [False, True], ids=["from a warehouse", "routed"])
async def test_in_another_process_it_opens_within_the_bound(fresh_database_url: str, keyed: bool, routed: bool) -> None:
    longest = await longest_wrong_refusal_s(fresh_database_url, keyed=keyed, routed=routed)
    assert longest < SOLD_OUT_KNOWN_S + SLACK_S


async def wrongly_refused(url: str, rounds: int = 30) -> int:
    """How often a unit that has just come back through one process is not to be had through another."""
    wrong = 0
    async with open_onhand(url) as one, open_onhand(url) as other:
        here = await a_corner(one, 1)
        there = Corner(other, here.sku, here.warehouse)
        held = await buy(here)
        for _ in range(rounds):
            assert held is not None
            assert await buy(there) is None
            await reservations.release(one, ACTOR, held, ReservationPart())
            held = await buy(there)
            if held is None:
                wrong += 1
                held = await buy(here)
    return wrong


async def test_while_few_ask_another_process_sells_it_at_once(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await wrongly_refused(fresh_database_url) > 0, "as if they were a crowd"
    monkeypatch.setattr(crowd, "SOLD_OUT_CROWD_MIN", CROWD)
    assert await wrongly_refused(fresh_database_url) == 0


async def test_a_crowd_is_refused_by_the_gate(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "SOLD_OUT_CROWD_MIN", CROWD)
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 1)
        assert await buy(corner)
        assert await buy(corner) is None
        before, number = refusals(), 0
        while refusals() - before < 100:  # However long a slow machine takes.
            await asyncio.gather(*(buy(corner) for _ in range(CROWD)))
            number += 1
            assert number < 100
        assert await buy(corner) is None


async def test_crowds_are_counted_by_sku_and_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "SOLD_OUT_CROWD_MIN", CROWD)
    crowds = crowd.Crowds()
    asked = [crowds.joins("A", 100.0) for _ in range(CROWD)]
    assert asked == [False] * (CROWD - 1) + [True]
    assert not crowds.joins("B", 100.0)
    assert crowds.joins("A", 100.0 + crowd.SOLD_OUT_CROWD_S), "the window before counts"
    assert not crowds.joins("A", 100.0 + 3 * crowd.SOLD_OUT_CROWD_S)


@pytest.mark.parametrize("routed", [False, True], ids=["from a warehouse", "routed"])
async def test_without_the_bound_it_would_not(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, routed: bool
) -> None:
    monkeypatch.setattr(display, "SOLD_OUT_KNOWN_S", 0.8)
    monkeypatch.setattr(display, "SOLD_OUT_LOOK_S", 0.8)
    assert await longest_wrong_refusal_s(fresh_database_url, rounds=3, routed=routed) > SOLD_OUT_KNOWN_S + SLACK_S


async def engine_asked(url: str, seconds: float = 1.0) -> float:
    """How many of the orders for what is sold out, coming every 2 ms, the engine must judge."""
    async with open_onhand(url) as onhand:
        corner = await a_corner(onhand, 1)
        assert await buy(corner)
        assert await buy(corner) is None
        before, until = engine_metrics.BATCH_COMMANDS._sum.get(), time.monotonic() + seconds
        while time.monotonic() < until:
            assert await buy(corner) is None
            await asyncio.sleep(0.002)
        return engine_metrics.BATCH_COMMANDS._sum.get() - before


async def test_while_orders_come_the_level_is_read_again_before_the_gate_opens(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(display, "SOLD_OUT_LOOK_S", SOLD_OUT_KNOWN_S)
        without = await engine_asked(fresh_database_url)
    assert without > 10
    assert await engine_asked(fresh_database_url) < without / 2


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
        received = time.monotonic()
        while await buy(corner, routed=True) is None:
            assert time.monotonic() - received < 2 * SLACK_S
            await asyncio.sleep(0.002)


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
