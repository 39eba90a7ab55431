"""When what is asked for ships, on a clock that stands: the evidence, the calendar, the words."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from onhand.domain.commands import ShipTo
from onhand.domain.errors import Unknown
from onhand.services import (
    answers,
    availability,
    products,
    showing,
    transfers,
    warehouses,
)
from onhand.services.context import Onhand, open_onhand
from onhand.services.promises import promise_of
from onhand.services.requests import (
    NewTransfer,
    ProductPatch,
    Selling,
    ShippingCalendar,
    TransferLine,
    WarehousePatch,
)
from support.clock import Clock
from support.promised import corner, ordered, place, supplied
from support.services import ACTOR, Corner

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> Clock:
    """The Sunday of the contract's example."""
    return Clock(2026, 3, 1, 10)


@pytest.fixture
async def onhand(fresh_database_url: str, clock: Clock) -> AsyncIterator[Onhand]:
    async with open_onhand(fresh_database_url, now=clock) as onhand:
        yield onhand


async def test_the_example_of_the_contract(onhand: Onhand) -> None:
    """Nothing there, 50 expected on Tuesday: taken in by Wednesday, two working days late at worst."""
    mug = await corner(onhand)
    await supplied(mug)
    order = await ordered(mug, 50, date(2026, 3, 3))
    answer = await availability.get(onhand, "MUG")
    promise = answer.promise
    assert promise is not None
    assert (answer.available, answer.status) == (0, "backorder")
    assert (promise.ships_from, promise.ships_to) == (date(2026, 3, 4), date(2026, 3, 6))
    assert promise.text == "Ships in 3–5 days"
    [evidence] = promise.evidence
    told = {"type": "purchase_order", "purchase_order_id": order, "expected_arrival_date": date(2026, 3, 3)}
    assert told | {"quantity": 50} == {name: evidence[name] for name in (*told, "quantity")}
    assert (evidence["confidence"], evidence["supplier"], evidence["covers"]) == ("medium", "ACME", 1)
    assert await promise_of(onhand, "MUG") == promise


async def test_what_is_on_the_shelf_ships_by_the_calendar(onhand: Onhand, clock: Clock) -> None:
    await corner(onhand, 5)

    async def text(language: str = "en") -> str:
        promise = await promise_of(onhand, "MUG", language=language)
        shown = await availability.get(onhand, "MUG", language=language)
        stock = (await onhand.display.stocks(["MUG"]))["MUG"]
        assert promise is not None
        held = showing.one(onhand, stock, availability.moment_of(onhand), 1, language, lambda told: told.promise)
        assert held == shown.promise == promise
        return promise.text

    assert await text() == "In stock, ships tomorrow"  # Sunday
    clock.at = datetime(2026, 3, 2, 13, 59, tzinfo=UTC)
    assert await text() == "In stock, ships today"
    clock.sleep(minutes=1)
    assert await text() == "In stock, ships tomorrow"
    clock.at = datetime(2026, 4, 2, 15, tzinfo=UTC)  # The eve of Good Friday
    assert await text() == "In stock, ships on 7 April"
    assert await text("de") == "Auf Lager, Versand am 7. April"
    await warehouses.patch(onhand, "LEJ1", WarehousePatch(calendar=ShippingCalendar(holidays=False)))
    assert await text() == "In stock, ships tomorrow"
    everyday = ShippingCalendar(working_days=["fri", "sat", "sun"], cutoff_time=None, closed_on=[date(2026, 4, 3)])
    await warehouses.patch(onhand, "LEJ1", WarehousePatch(calendar=everyday))
    assert await text() == "In stock, ships on 4 April"
    await warehouses.patch(onhand, "LEJ1", WarehousePatch(active=False))
    assert (await availability.get(onhand, "MUG")).promise is None


async def test_local_time_counts(onhand: Onhand, clock: Clock) -> None:
    """10:00 UTC on Monday is 19:00 in Tokyo: too late for today."""
    clock.at = datetime(2026, 3, 2, 10, tzinfo=UTC)
    await corner(onhand, 5, time_zone="Asia/Tokyo", country="JP")
    promise = await promise_of(onhand, "MUG")
    assert promise is not None
    assert promise.ships_from == date(2026, 3, 3)
    assert promise.evidence == [{"type": "stock", "warehouse": "LEJ1", "quantity": 1, "confidence": "high"}]


async def test_who_waits_already_comes_first(onhand: Onhand) -> None:
    """10 expected on Tuesday and 10 a week later: 9 wait, so the second of a pair comes with the later ones."""
    mug = await corner(onhand)
    await supplied(mug)
    await ordered(mug, 10, date(2026, 3, 10))
    first = await ordered(mug, 10, date(2026, 3, 3))
    await mug.reserve(9)
    one, two = [await promise_of(onhand, "MUG", quantity) for quantity in (1, 2)]
    assert one is not None
    assert two is not None
    assert [each["purchase_order_id"] for each in one.evidence] == [first]
    assert one.ships_to == date(2026, 3, 6)
    assert [each["covers"] for each in two.evidence] == [1, 1]
    assert two.ships_from == date(2026, 3, 11)


async def test_without_supply_the_lead_time_of_the_supplier_counts(onhand: Onhand) -> None:
    mug = await corner(onhand, 2)
    assert await promise_of(onhand, "MUG", 3) is None  # Nobody knows.
    await supplied(mug, 10, lead_time_in="working_days")
    promise = (await availability.get(onhand, "MUG", quantity=3, consistency="strong")).promise
    assert promise is not None
    assert [each["type"] for each in promise.evidence] == ["stock", "lead_time"]
    lead = promise.evidence[1]
    assert (lead["supplier"], lead["covers"], lead["confidence"]) == ("ACME", 1, "low")
    assert lead["expected_arrival_date"] == date(2026, 3, 13)
    assert (promise.ships_from, promise.ships_to) == (date(2026, 3, 16), date(2026, 3, 18))
    assert promise.text == "Ships from 16 March"


async def test_what_is_overdue_is_less_sure_every_day(onhand: Onhand, clock: Clock) -> None:
    mug = await corner(onhand)
    await supplied(mug)
    await ordered(mug, 10, date(2026, 3, 3))
    clock.at = datetime(2026, 3, 13, 9, tzinfo=UTC)
    promise = await promise_of(onhand, "MUG")
    assert promise is not None
    assert (promise.evidence[0]["overdue_days"], promise.evidence[0]["confidence"]) == (10, "low")
    assert (promise.ships_from, promise.ships_to) == (date(2026, 3, 16), date(2026, 3, 30))


async def test_a_transfer_counts_where_it_goes(onhand: Onhand) -> None:
    mug = await corner(onhand, 5)
    far = await place(onhand, "MUC1", 48.1)
    line = TransferLine(quantity=5, sku="MUG")
    sent = NewTransfer(lines=[line], from_=mug.warehouse, to=far, mode="in_transit")
    moved = (await transfers.dispatch(onhand, ACTOR, sent)).answer
    promise = await promise_of(onhand, "MUG", 2, warehouse=far)
    assert promise is not None
    [evidence] = promise.evidence
    assert (evidence["type"], evidence["transfer_id"], evidence["from"]) == ("transfer", moved.transfer_id, "LEJ1")
    assert evidence["expected_arrival_date"] == date(2026, 3, 3)  # 367 km: two days
    assert (promise.ships_from, promise.ships_to) == (date(2026, 3, 4), date(2026, 3, 5))


async def test_a_preorder_ships_from_its_release(onhand: Onhand, clock: Clock) -> None:
    selling = Selling(mode="preorder", limit=50, release_date=date(2026, 3, 14))
    mug = await corner(onhand, 1, selling)
    answer = await availability.get(onhand, "MUG", quantity=2)
    assert answer.status == "preorder"
    assert answer.promise is not None
    assert answer.promise.text == "Pre-order, ships from 16 March"  # The 14th is a Saturday.
    assert [each["type"] for each in answer.promise.evidence] == ["stock", "release_date"]
    await supplied(mug)
    await ordered(mug, 50, date(2026, 3, 20))
    late = (await availability.get(onhand, "MUG", quantity=2, consistency="strong")).promise
    assert late is not None
    assert late.text == "Pre-order, ships from 23 March"  # Stock comes after the release.
    clock.at = datetime(2026, 3, 15, 9, tzinfo=UTC)
    released = (await availability.get(onhand, "MUG", consistency="strong")).promise
    assert released is not None
    assert released.text == "In stock, ships tomorrow"


async def test_what_cannot_be_ordered_is_not_promised(onhand: Onhand) -> None:
    mug = await corner(onhand, 2, None)
    await supplied(mug)
    await ordered(mug, 50, date(2026, 3, 3))
    assert (await availability.get(onhand, "MUG", quantity=3)).promise is None
    assert await promise_of(onhand, "MUG", 3) is None
    await products.patch(onhand, "MUG", ProductPatch(selling=Selling(mode="backorder", limit=1)))
    assert (await availability.get(onhand, "MUG", quantity=3, consistency="strong")).promise is not None
    assert (await availability.get(onhand, "MUG", quantity=4)).promise is None
    with pytest.raises(Unknown):
        await promise_of(onhand, "NO-SUCH")


async def test_as_it_will_be_at_a_later_day(onhand: Onhand) -> None:
    """Nobody may be promised today what a delivery of next week is needed for, but next week it is there."""
    mug = await corner(onhand, 3)
    await supplied(mug)
    await ordered(mug, 10, date(2026, 3, 10))
    await mug.reserve(7)

    async def at(day: int, quantity: int = 1) -> answers.Availability:
        return await availability.get(onhand, "MUG", quantity=quantity, at=datetime(2026, 3, day, 9, tzinfo=UTC))

    assert [(await at(day)).available for day in (1, 10, 11, 30)] == [0, 0, 6, 6]
    then = await at(11, 6)
    assert (then.status, then.warehouses[0].available) == ("in_stock", 6)
    assert then.promise is not None
    assert then.promise.text == "In stock, ships today"
    more = await at(11, 7)
    assert more.status == "backorder"
    assert more.promise is not None
    assert more.promise.evidence[-1]["type"] == "lead_time"


async def test_the_closest_warehouse_is_chosen_as_for_an_order(onhand: Onhand) -> None:
    near = Corner(onhand, "MUG", await place(onhand, "OSL1", 59.9, country="NO"))
    far = await corner(onhand, 5)
    await near.receive(5)
    to = ShipTo(latitude=59.0, longitude=11.0, country="NO", precision="coordinates")
    for ship_to, code in ((to, "OSL1"), (None, "LEJ1")):
        promise = (await availability.get(onhand, "MUG", ship_to=ship_to)).promise
        assert promise is not None
        assert promise.evidence[0]["warehouse"] == code
    everything = await promise_of(onhand, "MUG", 8)
    assert everything is not None
    assert {each["warehouse"]: each["quantity"] for each in everything.evidence} == {"LEJ1": 5, "OSL1": 3}
    assert far.warehouse == "LEJ1"
