"""A level that falls below its threshold is ordered, and never twice."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from onhand.db import queries_level as q
from onhand.domain.replenishment import order_quantity
from onhand.engine.batch import Batch
from onhand.services import levels, purchase_orders, reconcile, reordering, reservations, suppliers, transfers
from onhand.services.context import Onhand, open_onhand
from onhand.services.requests import LevelSettings, NewTransfer, ReservationPart, TransferLine
from onhand.services.supply_requests import NewPurchaseOrder, NewSupplier, PurchaseOrderLine, SuppliedProduct
from support.services import ACTOR, Corner, a_corner, a_warehouse
from support.supply import a_supplied_corner

pytestmark = pytest.mark.anyio


async def sell(corner: Corner, units: int) -> None:
    held = await corner.reserve(units)
    await reservations.fulfill(corner.onhand, ACTOR, held.reservation_id, ReservationPart())


async def orders_of(corner: Corner) -> list[Any]:
    return (await purchase_orders.find(corner.onhand, supplier=f"S-{corner.sku}")).items


async def level_of(corner: Corner) -> Any:
    return (await levels.find(corner.onhand, sku=corner.sku, warehouse=corner.warehouse)).items[0]


async def notes(onhand: Onhand) -> int:
    async with onhand.pool.connection() as connection:
        [(number,)] = await (await connection.execute("SELECT count(*) FROM reorder_note")).fetchall()
    return int(number)


async def transferred(corner: Corner, units: int) -> None:
    other = await a_warehouse(corner.onhand)
    line = TransferLine(quantity=units, sku=corner.sku)
    await transfers.dispatch(corner.onhand, ACTOR, NewTransfer(lines=[line], from_=corner.warehouse, to=other))


async def counted(corner: Corner, units: int) -> None:
    await corner.count((await level_of(corner)).on_hand - units)


@pytest.mark.parametrize("take", [sell, transferred, counted], ids=["FULFILL", "TRANSFER", "ADJUST"])
async def test_what_falls_below_its_threshold_is_ordered(
    fresh_database_url: str, take: Callable[[Corner, int], Any]
) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_supplied_corner(onhand, 20, pack_size=6)
        await take(corner, 10)
        assert (await notes(onhand), await reordering.sweep(onhand)) == (0, 0)  # At the threshold is not below it.
        await take(corner, 1)
        assert (await notes(onhand), await reordering.sweep(onhand), await notes(onhand)) == (1, 1, 0)
        [order] = await orders_of(corner)
        assert (order.status, order.created_by, order.lines[0].quantity) == ("placed", "system:reorder", 12)
        assert (await level_of(corner)).incoming == 12
        assert (await reordering.run(onhand)).levels == 0
        assert (await reconcile.run(onhand)).clean


async def test_reserving_notes_nothing(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_supplied_corner(onhand)
        await corner.reserve(20)
        assert await notes(onhand) == 0


async def test_a_sale_after_backorders_is_noted(fresh_database_url: str) -> None:
    """Backorders took the position below the threshold, which notes nothing; the sale that follows crosses nothing."""
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_supplied_corner(onhand, 12)
        await levels.put(onhand, corner.sku, corner.warehouse, LevelSettings(backorder_limit=9))
        first = await corner.reserve(10)
        await corner.reserve(5)
        assert ((await level_of(corner)).backordered, await notes(onhand)) == (3, 0)
        await reservations.fulfill(onhand, ACTOR, first.reservation_id, ReservationPart())
        assert (await notes(onhand), await reordering.sweep(onhand)) == (1, 1)
        assert (await level_of(corner)).incoming == 20 - (2 - 3)


async def test_below_threshold_means_one_thing(fresh_database_url: str) -> None:
    """What lists levels below their threshold lists all that the batch orders for, and what is on order already."""
    async with open_onhand(fresh_database_url) as onhand:
        low, owed, full = [await a_supplied_corner(onhand, units) for units in (9, 12, 10)]
        await levels.put(onhand, owed.sku, owed.warehouse, LevelSettings(backorder_limit=9))
        await owed.reserve(15)

        async def listed() -> set[str]:
            return {level.sku for level in (await levels.find(onhand, below_threshold=True)).items}

        async def asked_for() -> set[str]:
            run = await reordering.run(onhand, dry_run=True)
            return {line.sku for order in run.purchase_orders for line in order.lines}

        assert await listed() == await asked_for() == {low.sku, owed.sku}
        await reordering.run(onhand)
        assert (await listed(), await asked_for()) == ({low.sku, owed.sku}, set())
        assert full.sku not in await listed()


async def test_the_first_choice_is_asked_in_its_packs_and_its_minimum(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_supplied_corner(onhand, 3, priority=2)
        first = SuppliedProduct(lead_time_days=9, sku=corner.sku, minimum_order=50, pack_size=12)
        gone = SuppliedProduct(lead_time_days=1, sku=corner.sku)
        await suppliers.create(onhand, NewSupplier(code="FIRST", name="First", products=[first]))
        await suppliers.create(onhand, NewSupplier(code="GONE", name="Gone", products=[gone], active=False))
        report = await reordering.run(onhand)
        assert [(o.supplier, o.lines[0].quantity, o.lines[0].position) for o in report.purchase_orders] == [
            ("FIRST", 60, 3)
        ]


async def test_a_dry_run_tells_the_same_and_changes_nothing(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_supplied_corner(onhand, 3)
        alone = await a_corner(onhand, 3)
        await levels.put(onhand, alone.sku, alone.warehouse, LevelSettings(reorder_threshold=10))
        would = await reordering.run(onhand, dry_run=True)
        assert (await orders_of(corner), (await level_of(corner)).incoming) == ([], 0)
        done = await reordering.run(onhand)
        for report in (would, done):
            assert (report.levels, report.no_supplier, report.orders, report.lines, report.units) == (2, 1, 1, 1, 17)
        assert [o.lines for o in would.purchase_orders] == [o.lines for o in done.purchase_orders]
        assert ((await reordering.run(onhand)).orders, (await level_of(corner)).incoming) == (0, 17)


async def test_a_draft_counts_as_on_order_and_cancelling_orders_anew(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_supplied_corner(onhand, 11, supplier={"reorders": "draft"})
        await sell(corner, 2)
        assert await reordering.sweep(onhand) == 1
        [order] = await orders_of(corner)
        assert (order.status, (await level_of(corner)).incoming) == ("draft", 0)
        await sell(corner, 1)
        assert (await reordering.sweep(onhand), (await reordering.run(onhand)).levels) == (0, 0)
        await purchase_orders.place(onhand, ACTOR, order.purchase_order_id)
        assert (await reordering.run(onhand)).levels == 0
        await purchase_orders.cancel(onhand, ACTOR, order.purchase_order_id)
        assert (await notes(onhand), await reordering.sweep(onhand)) == (1, 1)
        assert len(await orders_of(corner)) == 2


async def test_what_a_person_has_ordered_counts(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_supplied_corner(onhand, 5)
        line = PurchaseOrderLine(quantity=5, sku=corner.sku, warehouse=corner.warehouse)
        await purchase_orders.create(onhand, ACTOR, NewPurchaseOrder(supplier=f"S-{corner.sku}", lines=[line]))
        assert (await reordering.run(onhand)).levels == 0


async def test_a_crash_between_order_and_note_orders_once(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_supplied_corner(onhand)
        await sell(corner, 15)

        async def crash(*_: Any, **__: Any) -> int:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(reordering.q.DELETE_REORDER_NOTES, "run", crash)
            with pytest.raises(KeyboardInterrupt):
                await reordering.sweep(onhand)
        assert (await notes(onhand), len(await orders_of(corner))) == (1, 1)
        assert (await reordering.sweep(onhand), await notes(onhand), len(await orders_of(corner))) == (0, 0, 1)


async def raced(
    url: str, monkeypatch: pytest.MonkeyPatch, supplier: dict[str, Any], *, locked: bool = True
) -> list[int]:
    """Two processes sell the level below its threshold, sweep and run the batch, all at once: units of each order."""
    async with open_onhand(url) as one, open_onhand(url) as two:
        corner = await a_supplied_corner(one, 12, supplier=supplier)
        there = Corner(two, corner.sku, corner.warehouse)
        await asyncio.gather(sell(corner, 3), sell(there, 3))
        if not locked:
            monkeypatch.setattr(q.LOCK_LEVELS, "sql", q.LOCK_LEVELS.sql.split("FOR UPDATE")[0])
        decide = Batch._decide

        async def slowly(batch: Batch, *facts: Any) -> Any:
            await asyncio.sleep(0.2)
            return await decide(batch, *facts)

        monkeypatch.setattr(Batch, "_decide", slowly)
        await asyncio.gather(*(work(onhand) for onhand in (one, two) for work in (reordering.sweep, reordering.daily)))
        assert (await reordering.run(one)).levels == 0
        return [order.lines[0].quantity for order in await orders_of(corner)]


@pytest.mark.parametrize("mode", ["placed", "draft"])
async def test_sweeps_and_batches_at_once_order_once(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    assert await raced(fresh_database_url, monkeypatch, {"reorders": mode}) == [order_quantity(6, 10, None)]


async def test_without_locks_they_would_order_twice(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(await raced(fresh_database_url, monkeypatch, {}, locked=False)) > 1
