"""What was told to those who wait: kept, compared, listed, and told anew when a day moves."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec import UNSET

from onhand.domain.errors import Invalid
from onhand.services import ledger, products, purchase_orders, reservations, told
from onhand.services.context import Onhand, open_onhand
from onhand.services.requests import Priority, ProductPatch, ReservationPart, Selling
from onhand.services.supply_requests import Arrival, PurchaseOrderPatch
from support.clock import Clock
from support.promised import corner, ordered, supplied
from support.services import ACTOR, Corner

pytestmark = pytest.mark.anyio
FIRST = date(2026, 3, 4), date(2026, 3, 6)
SECOND = date(2026, 3, 11), date(2026, 3, 13)


@pytest.fixture
def clock() -> Clock:
    """A Sunday."""
    return Clock(2026, 3, 1, 10)


@pytest.fixture
async def onhand(fresh_database_url: str, clock: Clock) -> AsyncIterator[Onhand]:
    async with open_onhand(fresh_database_url, now=clock) as onhand:
        yield onhand


@pytest.fixture
async def mug(onhand: Onhand) -> Corner:
    made = await corner(onhand)
    await supplied(made)
    return made


async def move(onhand: Onhand, order: str, day: date) -> None:
    await purchase_orders.patch(onhand, ACTOR, order, PurchaseOrderPatch(expected_arrival_date=day))


async def waits(mug: Corner, units: int, **fields: Any) -> str:
    return (await mug.reserve(units, expires_in_s=None, **fields)).reservation_id


async def days(onhand: Onhand, reservation: str) -> tuple[date | None, date | None]:
    promises = (await reservations.get(onhand, reservation)).promises
    assert promises is not UNSET
    return promises[0].ships_from, promises[0].ships_to


async def at_risk(onhand: Onhand) -> list[Any]:
    return (await told.find(onhand, at_risk=True)).items


async def moves(onhand: Onhand) -> list[dict[str, Any]]:
    return [event["data"] for event in (await ledger.events(onhand)).items if event["type"] == told.MOVED]


async def test_a_day_that_moves_is_told_with_its_cause(onhand: Onhand, mug: Corner) -> None:
    order = await ordered(mug, 50, date(2026, 3, 3))
    waiting = await waits(mug, 3, order_id="SO-1")
    follower = told.Follower()
    assert await follower.follow(onhand) == 1
    assert await follower.follow(onhand) == 0
    [promise] = (await told.find(onhand)).items
    assert (promise.ships_from, promise.ships_to) == FIRST == tuple(promise.told.values())
    assert (promise.order_id, promise.sku, promise.warehouse, promise.quantity) == ("SO-1", "MUG", "LEJ1", 3)
    assert [each["purchase_order_id"] for each in promise.evidence] == [order]
    assert (promise.at_risk, promise.late_days) == (False, 0)
    assert await at_risk(onhand) == await moves(onhand) == []

    await move(onhand, order, date(2026, 3, 10))
    assert await follower.follow(onhand) == 1
    [event] = (await ledger.events(onhand)).items
    assert (event["type"], event["subject"]) == ("promise.moved", waiting)
    data = event["data"]
    assert (data["ships_from"], data["ships_to"]) == ("2026-03-11", "2026-03-13")
    assert data["before"] == data["told"] == {"ships_from": "2026-03-04", "ships_to": "2026-03-06"}
    cause = {"type": "purchase_order", "purchase_order_id": order, "day": "2026-03-10", "was": "2026-03-03"}
    assert data["because"] == [cause | {"covers": True}]
    [risk] = await at_risk(onhand)
    assert (risk.ships_to, risk.told["ships_to"], risk.late_days) == (date(2026, 3, 13), date(2026, 3, 6), 7)
    assert (await reservations.get(onhand, waiting)).promises == [risk]

    await move(onhand, order, date(2026, 3, 3))
    await follower.follow(onhand)
    assert await at_risk(onhand) == []
    assert [each["at_risk"] for each in await moves(onhand)] == [True, False]


async def test_each_waits_for_the_supply_of_its_place_in_the_queue(onhand: Onhand, mug: Corner) -> None:
    """5 come on the 3rd, 5 a week later, the rest by lead time; who leaves, or has priority, moves the others."""
    first, second = await ordered(mug, 5, date(2026, 3, 3)), await ordered(mug, 5, date(2026, 3, 10))
    one, two, three = [await waits(mug, 4) for _ in range(3)]
    follower = told.Follower()
    await follower.follow(onhand)
    assert await days(onhand, one) == FIRST
    assert await days(onhand, two) == SECOND
    by_id = {each.reservation_id: each for each in (await told.find(onhand)).items}
    covers = [
        [(each.get("purchase_order_id"), each["covers"]) for each in by_id[id_].evidence] for id_ in (one, two, three)
    ]
    assert covers == [[(first, 4)], [(first, 1), (second, 3)], [(second, 2), (None, 2)]]
    await reservations.prioritize(onhand, ACTOR, three, Priority(priority=1))
    await follower.follow(onhand)
    assert await days(onhand, three) == FIRST
    assert await days(onhand, one) == SECOND
    assert {each.reservation_id for each in await at_risk(onhand)} == {one}, "the other has its lead time"
    await reservations.release(onhand, ACTOR, three, ReservationPart())
    await follower.follow(onhand)
    assert await at_risk(onhand) == []
    assert {each.reservation_id for each in (await told.find(onhand)).items} == {one, two}


async def test_who_is_covered_is_promised_nothing_more(onhand: Onhand, mug: Corner) -> None:
    order = await ordered(mug, 5, date(2026, 3, 3))
    one, two = await waits(mug, 4), await waits(mug, 4)
    follower = told.Follower()
    await follower.follow(onhand)
    await purchase_orders.receive(onhand, ACTOR, order, Arrival())
    assert (await reservations.get(onhand, one)).promises is UNSET, "at once, whatever the job has seen"
    await follower.follow(onhand)
    assert [each.reservation_id for each in (await told.find(onhand)).items] == [two]
    await mug.receive(10)
    await follower.follow(onhand)
    async with onhand.pool.connection() as connection:
        assert (await (await connection.execute("SELECT count(*) FROM promise")).fetchone()) == (0,)


async def test_an_order_that_is_cancelled_leaves_no_day_where_nobody_sells_it(onhand: Onhand, mug: Corner) -> None:
    order = await ordered(mug, 5, date(2026, 3, 3))
    waiting = await waits(mug, 5)
    follower = told.Follower()
    await follower.follow(onhand)
    async with onhand.pool.connection() as connection:
        await connection.execute("UPDATE supplier SET active = false")
    await purchase_orders.cancel(onhand, ACTOR, order)
    await follower.follow(onhand)
    [risk] = await at_risk(onhand)
    assert (risk.reservation_id, risk.ships_to, risk.late_days) == (waiting, None, None)
    [event] = await moves(onhand)
    assert (event["ships_to"], event["at_risk"]) == (None, True)
    causes = [(each["purchase_order_id"], each["day"], each["covers"]) for each in event["because"]]
    assert causes == [(order, None, False)]


async def test_what_is_overdue_moves_by_itself(onhand: Onhand, mug: Corner, clock: Clock) -> None:
    await ordered(mug, 5, date(2026, 3, 3))
    await waits(mug, 5)
    follower = told.Follower()
    await follower.follow(onhand)
    clock.at = datetime(2026, 3, 5, 9, tzinfo=UTC)
    await follower.follow(onhand)
    [risk] = await at_risk(onhand)
    assert risk.ships_from == date(2026, 3, 6)
    assert [each["confidence"] for each in risk.evidence] == ["low"]


async def test_a_release_that_moves_is_told(onhand: Onhand, mug: Corner) -> None:
    async def release(day: date) -> None:
        selling = Selling(mode="preorder", limit=100, release_date=day)
        await products.patch(onhand, "MUG", ProductPatch(selling=selling))

    await release(date(2026, 4, 1))
    await waits(mug, 2)
    follower = told.Follower()
    await follower.follow(onhand)
    await release(date(2026, 5, 4))
    await follower.follow(onhand)
    [event] = await moves(onhand)
    assert (event["ships_from"], event["before"]["ships_from"]) == ("2026-05-04", "2026-04-01")
    cause = {"type": "release_date", "day": "2026-05-04", "was": "2026-04-01", "covers": True}
    assert cause in event["because"]


async def test_two_processes_tell_it_once(onhand: Onhand, mug: Corner) -> None:
    """Whoever comes second finds what the first has written, or leaves the product to it."""
    order = await ordered(mug, 50, date(2026, 3, 3))
    for _ in range(20):
        await waits(mug, 1)
    async with open_onhand(onhand.url, now=onhand.now) as other:
        jobs = [(told.Follower(), onhand), (told.Follower(), other)]
        await asyncio.gather(*(job.follow(each) for job, each in jobs))
        await move(onhand, order, date(2026, 3, 10))
        for _ in range(2):
            await asyncio.gather(*(job.follow(each) for job, each in jobs))
    assert len(await moves(onhand)) == 20
    assert len((await told.find(onhand, at_risk=True, sku="MUG", warehouse="LEJ1")).items) == 20


async def test_the_list_goes_by_pages(onhand: Onhand, mug: Corner) -> None:
    ids = [await waits(mug, 1) for _ in range(5)]
    await told.Follower().follow(onhand)
    found, cursor = [], None
    while True:
        page = await told.find(onhand, limit=2, cursor=cursor)
        found += [each.reservation_id for each in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == ids
    with pytest.raises(Invalid):
        await told.find(onhand, cursor="x")
