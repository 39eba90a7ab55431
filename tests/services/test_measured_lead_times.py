"""Receipts are measured in their own transaction, and expected dates go by them where there are enough."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from onhand import db
from onhand.domain.errors import Invalid
from onhand.engine.engine import Engine
from onhand.services import lead_times, purchase_orders, reordering, suppliers
from onhand.services.context import Onhand, open_onhand
from onhand.services.supply_requests import Arrival, NewPurchaseOrder, PurchaseOrderLine, SupplierPatch
from support.services import ACTOR, Corner
from support.supply import a_supplied_corner

pytestmark = pytest.mark.anyio

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Days:
    """A clock that a test winds."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


async def ordered(corner: Corner, units: int = 10) -> Any:
    line = PurchaseOrderLine(quantity=units, sku=corner.sku, warehouse=corner.warehouse)
    request = NewPurchaseOrder(supplier=f"S-{corner.sku}", lines=[line])
    draft, _ = await purchase_orders.create(corner.onhand, ACTOR, request)
    placed, _ = await purchase_orders.place(corner.onhand, ACTOR, draft.purchase_order_id)
    return placed


async def delivered(corner: Corner, clock: Days, days: int) -> None:
    order = await ordered(corner)
    clock.now += timedelta(days=days)
    await purchase_orders.receive(
        corner.onhand, ACTOR, order.purchase_order_id, Arrival(), f"{order.purchase_order_id}"
    )
    # Received once more under its key: the first outcome, and nothing measured twice.
    await purchase_orders.receive(
        corner.onhand, ACTOR, order.purchase_order_id, Arrival(), f"{order.purchase_order_id}"
    )


async def terms(corner: Corner) -> Any:
    return (await suppliers.get(corner.onhand, f"S-{corner.sku}")).products[0]


async def test_measured_from_receipts_and_used_when_there_are_enough(fresh_database_url: str) -> None:
    clock = Days()
    async with open_onhand(fresh_database_url) as real, Engine(real.url, real.directory, now=clock) as engine:
        onhand = replace(real, engine=engine, now=clock)
        corner = await a_supplied_corner(onhand, 3, supplier={"measured_after_receipts": 3})
        for days in (6, 8):
            await delivered(corner, clock, days)
        before = await terms(corner)
        assert (before.lead_time_used, before.measured_lead_time.receipts) == ("agreed", 2)
        assert (await ordered(corner)).expected_arrival_date == clock.now.date() + timedelta(days=3)
        await delivered(corner, clock, 8)
        after = (await terms(corner)).measured_lead_time
        assert (after.receipts, after.mean_days, after.spread_days) == (3, 7.3, 1.2)
        assert (await terms(corner)).lead_time_used == "measured"
        assert (await ordered(corner)).expected_arrival_date == clock.now.date() + timedelta(days=8)
        await corner.count(0)
        [shown] = (await reordering.run(onhand, dry_run=True)).purchase_orders or [None]
        assert shown is None or shown.expected_arrival_date == clock.now.date() + timedelta(days=8)
        await suppliers.patch(onhand, f"S-{corner.sku}", SupplierPatch(measured_after_receipts=0))
        assert (await terms(corner)).lead_time_used == "agreed"


async def test_working_days_leave_out_the_public_holidays_where_the_supplier_works(fresh_database_url: str) -> None:
    clock = Days()
    clock.now = datetime(2026, 4, 2, 9, tzinfo=UTC)  # Maundy Thursday; Good Friday and Easter Monday follow
    async with open_onhand(fresh_database_url) as real, Engine(real.url, real.directory, now=clock) as engine:
        onhand = replace(real, engine=engine, now=clock)
        corner = await a_supplied_corner(onhand, 3, lead_time_days=2, supplier={"lead_time_in": "working_days"})
        code = f"S-{corner.sku}"
        assert (await ordered(corner)).expected_arrival_date == date(2026, 4, 6)
        for country, expected in (("DE", date(2026, 4, 8)), ("US", date(2026, 4, 6)), (None, date(2026, 4, 6))):
            await suppliers.patch(onhand, code, SupplierPatch(country=country))
            assert (await ordered(corner)).expected_arrival_date == expected, country
        with pytest.raises(Invalid) as nowhere:
            await suppliers.patch(onhand, code, SupplierPatch(holiday_region="SN"))
        assert [field.path for field in nowhere.value.fields] == ["holiday_region"]
        with pytest.raises(Invalid):
            await suppliers.patch(onhand, code, SupplierPatch(country="DE", holiday_region="XX"))
        assert (await suppliers.get(onhand, code)).country is None


async def test_only_the_last_receipts_count(fresh_database_url: str) -> None:
    clock = Days()
    async with open_onhand(fresh_database_url) as real, Engine(real.url, real.directory, now=clock) as engine:
        corner = await a_supplied_corner(replace(real, engine=engine, now=clock))
        for days in range(23):
            await delivered(corner, clock, days)
        async with real.pool.connection() as connection:
            product = (await real.directory.product_ids({corner.sku}))[corner.sku]
            [time] = (await lead_times.of_products(connection, [product])).values()
        assert list(time.took_days) == list(range(22, 2, -1))


async def test_receipts_at_once_are_all_measured(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as one, open_onhand(fresh_database_url) as two:
        corner = await a_supplied_corner(one)
        orders = [(await ordered(corner)).purchase_order_id for _ in range(12)]

        async def receive(onhand: Onhand, order: str) -> None:
            await purchase_orders.receive(onhand, ACTOR, order, Arrival())

        await asyncio.gather(*(receive((one, two)[n % 2], order) for n, order in enumerate(orders)))
        assert (await terms(corner)).measured_lead_time.receipts == 12


async def test_the_migration_measures_what_was_received_before(fresh_database_url: str) -> None:
    clock = Days()
    async with open_onhand(fresh_database_url) as real, Engine(real.url, real.directory, now=clock) as engine:
        corner = await a_supplied_corner(replace(real, engine=engine, now=clock))
        for days in (2, 5):
            await delivered(corner, clock, days)
    migration = (Path(db.__file__).parent / "migrations" / "0013.lead_times.sql").read_text()
    with psycopg.connect(fresh_database_url) as connection:
        was = connection.execute("SELECT supplier_id, product_id, days FROM measured_lead_time").fetchall()
        connection.execute("DELETE FROM measured_lead_time")
        connection.execute("INSERT" + migration.split("INSERT", 1)[1])
        assert connection.execute("SELECT supplier_id, product_id, days FROM measured_lead_time").fetchall() == was
        assert [row[2] for row in was] == [[5, 2]]
