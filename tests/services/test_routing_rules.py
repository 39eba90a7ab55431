"""The rules of routing as an operator orders and switches them, in force in every process."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from onhand.domain.errors import Invalid
from onhand.domain.routing import DEFAULT_RULES, Rule
from onhand.engine import planning
from onhand.engine.directory import WAREHOUSES_KEPT_S
from onhand.services import levels, products, reservations, routing, routing_rules, stock, warehouses
from onhand.services.context import Onhand, open_onhand
from onhand.services.promises import promise_of
from onhand.services.requests import (
    LevelSettings,
    Location,
    NewProduct,
    NewQuote,
    NewReceipt,
    NewReservation,
    NewWarehouse,
    ReceiptLine,
    ReservationLine,
    RoutingRules,
    ShippingCalendar,
    ShipTo,
    WarehousePatch,
)
from support.clock import Clock
from support.services import ACTOR

pytestmark = pytest.mark.anyio
BERLIN = ShipTo(latitude=52.5, longitude=13.4, country="DE")
CALENDAR = ShippingCalendar(holidays=False)


@pytest.fixture
def clock() -> Clock:
    """A Monday."""
    return Clock(2026, 3, 2, 10)


@pytest.fixture
async def onhand(fresh_database_url: str, clock: Clock) -> AsyncIterator[Onhand]:
    """MUG lies in Leipzig (near, 10 units) and in Riga (far, 10 units)."""
    async with open_onhand(fresh_database_url, now=clock) as onhand:
        await products.create(onhand, NewProduct(sku="MUG", name="Mug"))
        for code, latitude, longitude, country in (("LEJ1", 51.4, 12.2, "DE"), ("RIX1", 56.9, 24.1, "LV")):
            location = Location(latitude=latitude, longitude=longitude, country=country)
            new = NewWarehouse(code=code, name=code, location=location, calendar=CALENDAR)
            await warehouses.create(onhand, new)
            receipt = NewReceipt(lines=[ReceiptLine(quantity=10, sku="MUG", warehouse=code)])
            await stock.receive(onhand, ACTOR, receipt)
        yield onhand


async def rules(onhand: Onhand, *wanted: Rule) -> None:
    await routing_rules.put(onhand, "key:boss", RoutingRules(rules=list(wanted)))


async def routed(onhand: Onhand, units: int = 1, ship_to: ShipTo | None = BERLIN, **fields: Any) -> tuple[Any, ...]:
    """Where an order would ship from, and where it does; and what decided."""
    lines = [ReservationLine(quantity=units, sku="MUG")]
    quote = await routing.quote(onhand, NewQuote(lines=lines, ship_to=ship_to))
    order = NewReservation(lines=lines, ship_to=ship_to, **fields)
    held = (await reservations.reserve(onhand, ACTOR, order)).answer
    assert quote.route is not None
    assert held.route == quote.route
    return codes(quote.lines[0].allocations), codes(held.lines[0].allocations), quote.route["rule"]


def codes(allocations: Sequence[Any]) -> dict[str, int]:
    return {allocation.warehouse: allocation.quantity for allocation in allocations}


async def test_they_are_ordered_and_switched(onhand: Onhand) -> None:
    assert await routing_rules.get(onhand) == routing_rules.Setting(
        list(DEFAULT_RULES), [Rule.CUT_OFF, Rule.LEAVE_SAFETY_STOCK]
    )
    near, far = {"LEJ1": 1}, {"RIX1": 1}
    await warehouses.patch(onhand, "LEJ1", WarehousePatch(priority=5))
    assert await routed(onhand) == (near, near, "stay_in_country")
    await rules(onhand, Rule.PRIORITY, Rule.CLOSEST)
    assert await routed(onhand) == (far, far, "priority")
    await rules(onhand, Rule.CLOSEST, Rule.PRIORITY)
    assert await routed(onhand) == (near, near, "closest")
    await rules(onhand)
    assert await routed(onhand) == (near, near, "warehouse_code")
    setting = await routing_rules.get(onhand)
    assert (setting.rules, set(setting.off), setting.updated_by) == ([], set(Rule), "key:boss")
    assert (await warehouses.get(onhand, "LEJ1")).priority == 5


async def test_a_rule_that_stands_twice_is_refused_and_nothing_changes(onhand: Onhand) -> None:
    with pytest.raises(Invalid) as refused:
        await rules(onhand, Rule.CLOSEST, Rule.PRIORITY, Rule.CLOSEST)
    assert [(problem.path, problem.code) for problem in refused.value.fields] == [("rules[2]", "INVALID_VALUE")]
    assert (await routing_rules.get(onhand)).rules == list(DEFAULT_RULES)


async def test_other_processes_follow_within_a_second(onhand: Onhand) -> None:
    """The bound in which warehouses are read anew: the other installation is never told."""
    async with open_onhand(onhand.url) as other:
        await warehouses.patch(onhand, "LEJ1", WarehousePatch(priority=5))
        await other.directory.warehouses()
        await rules(onhand, Rule.PRIORITY)
        await asyncio.sleep(WAREHOUSES_KEPT_S + 0.1)
        assert (await routed(other))[1] == {"RIX1": 1}


async def test_safety_stock_is_left_while_another_has_it(onhand: Onhand) -> None:
    await levels.put(onhand, "MUG", "LEJ1", LevelSettings(safety_stock=8))
    await rules(onhand, Rule.FEWEST_SHIPMENTS, Rule.LEAVE_SAFETY_STOCK, Rule.CLOSEST)
    assert await routed(onhand, 2) == ({"LEJ1": 2}, {"LEJ1": 2}, "closest")
    assert await routed(onhand, 2) == ({"RIX1": 2}, {"RIX1": 2}, "leave_safety_stock")
    promise = await promise_of(onhand, "MUG", 2, ship_to=None)
    assert promise is not None
    assert [each["warehouse"] for each in promise.evidence] == ["RIX1"]
    assert await routed(onhand, 8) == ({"RIX1": 8}, {"RIX1": 8}, "leave_safety_stock")
    assert await routed(onhand, 8) == ({"LEJ1": 8}, {"LEJ1": 8}, "only_plan"), "no order fails for it"


async def test_what_was_seen_above_the_safety_stock_must_be_there_under_the_lock(
    onhand: Onhand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planned on ten units at LEJ1; under the lock there are as many as the safety stock, and the plan is made anew."""
    await levels.put(onhand, "MUG", "LEJ1", LevelSettings(safety_stock=8))
    await rules(onhand, Rule.LEAVE_SAFETY_STOCK, Rule.CLOSEST)
    await onhand.directory.warehouses()
    seeing = planning.shelves_and_safety

    def before(rows: Any) -> Any:
        seen, safety = seeing(rows)
        return {p: dict.fromkeys(shelf, 10) for p, shelf in seen.items()}, safety

    lines = [ReservationLine(quantity=2, sku="MUG", warehouse="LEJ1")]
    await reservations.reserve(onhand, ACTOR, NewReservation(lines=lines))
    monkeypatch.setattr("onhand.engine.batch.shelves_and_safety", before)
    order = NewReservation(lines=[ReservationLine(quantity=2, sku="MUG")], ship_to=BERLIN)
    held = (await reservations.reserve(onhand, ACTOR, order)).answer
    assert codes(held.lines[0].allocations) == {"RIX1": 2}


async def test_after_the_cut_off_another_warehouse_ships(onhand: Onhand, clock: Clock) -> None:
    """Leipzig is begun until 14:00 in Berlin, Riga until 18:00 in Riga."""
    near, far = {"LEJ1": 1}, {"RIX1": 1}
    await warehouses.patch(onhand, "LEJ1", WarehousePatch(time_zone="Europe/Berlin"))
    late = ShippingCalendar(holidays=False, cutoff_time="18:00")
    await warehouses.patch(onhand, "RIX1", WarehousePatch(time_zone="Europe/Riga", calendar=late))
    await rules(onhand, Rule.CUT_OFF, Rule.CLOSEST)
    assert await routed(onhand) == (near, near, "closest")
    clock.at = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)
    await onhand.directory.read_warehouses()  # as it is done every second
    assert await routed(onhand) == (far, far, "cut_off")
    clock.at = datetime(2026, 3, 2, 17, tzinfo=UTC)
    await onhand.directory.read_warehouses()
    assert await routed(onhand) == (near, near, "closest"), "too late for both"
    await rules(onhand, Rule.CLOSEST)
    clock.at = datetime(2026, 3, 3, 13, 30, tzinfo=UTC)
    await onhand.directory.read_warehouses()
    assert await routed(onhand) == (near, near, "closest"), "switched off"
