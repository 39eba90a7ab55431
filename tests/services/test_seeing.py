"""Availability, ledger, explain and events: what is shown is what is."""

from datetime import timedelta

import pytest

from onhand.domain.errors import Unknown
from onhand.services import availability, explain, feed, ledger, products, reservations, warehouses
from onhand.services.context import open_onhand
from onhand.services.requests import LedgerFilter, ProductPatch, ReservationPart, Selling, WarehousePatch
from support.services import ACTOR, a_corner

pytestmark = pytest.mark.anyio


async def test_availability_sums_active_warehouses_and_never_shows_less_than_nothing(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 7)
        await corner.reserve(2)
        seen = await availability.get(onhand, corner.sku)
        assert (seen.available, seen.status) == (5, "in_stock")
        await corner.count(1)
        assert (await availability.get(onhand, corner.sku)).available == 0
        await corner.receive(9)
        await warehouses.patch(onhand, corner.warehouse, WarehousePatch(active=False))
        assert (await availability.get(onhand, corner.sku)).warehouses == []


@pytest.mark.parametrize(
    ("selling", "status"),
    [
        (Selling(mode="deny"), "out_of_stock"),
        (Selling(mode="backorder"), "backorder"),
        (Selling(mode="backorder", limit=1), "backorder"),
    ],
)
async def test_status_of_an_empty_shelf(fresh_database_url: str, selling: Selling, status: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 1, selling=selling)
        await corner.reserve(1)
        assert (await availability.get(onhand, corner.sku)).status == status


async def test_a_full_backorder_limit_is_out_of_stock(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 1, selling=Selling(mode="backorder", limit=1))
        await corner.reserve(2)
        assert (await availability.get(onhand, corner.sku)).status == "out_of_stock"


async def test_a_preorder_says_so_until_its_date(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        release = onhand.now().date() + timedelta(days=3)
        corner = await a_corner(onhand, 0, selling=Selling(mode="preorder", limit=5, release_date=release))
        await corner.reserve(1)
        assert (await availability.get(onhand, corner.sku)).status == "preorder"


async def test_many_come_in_the_order_asked_and_an_unknown_one_is_named(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        one, two = await a_corner(onhand, 1), await a_corner(onhand, 2)
        seen = await availability.many(onhand, [two.sku, one.sku, two.sku])
        assert [(each.sku, each.available) for each in seen] == [(two.sku, 2), (one.sku, 1), (two.sku, 2)]
        with pytest.raises(Unknown) as refused:
            await availability.many(onhand, [one.sku, "NOT-THERE"])
        assert refused.value.path == "skus[1]"


async def test_the_ledger_tells_each_move_newest_first_with_the_level_after_it(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 10)
        held = await corner.reserve(4)
        await reservations.fulfill(onhand, ACTOR, held.reservation_id, ReservationPart())
        await corner.count(5)
        page = await ledger.find(onhand, LedgerFilter(sku=corner.sku))
        assert [(e.type, e.quantity, e.on_hand, e.reserved) for e in page.items] == [
            ("ADJUST", -1, 5, 0),
            ("FULFILL", -4, 6, 0),
            ("RESERVE", -4, 10, 4),
            ("RECEIVE", 10, 10, 0),
        ]
        assert page.items[0].reason == "count"
        assert {e.reference_id for e in page.items[1:3]} == {held.reservation_id}


async def test_the_ledger_filters_and_pages(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner, other = await a_corner(onhand, 10), await a_corner(onhand, 3)
        held = await corner.reserve(4)
        await reservations.release(onhand, ACTOR, held.reservation_id, ReservationPart())
        by_reservation = await ledger.find(onhand, LedgerFilter(reference_id=held.reservation_id))
        assert [e.type for e in by_reservation.items] == ["RELEASE", "RESERVE"]
        assert [e.sku for e in (await ledger.find(onhand, LedgerFilter(warehouse=other.warehouse))).items] == [
            other.sku
        ]
        assert [e.type for e in (await ledger.find(onhand, LedgerFilter(type="RECEIVE"))).items] == ["RECEIVE"] * 2
        seen, cursor = [], None
        for _ in range(4):
            page = await ledger.find(onhand, LedgerFilter(), limit=1, cursor=cursor)
            seen, cursor = seen + page.items, page.next_cursor
        assert len({e.txn_id for e in seen}) == 4
        assert cursor is None
        later = onhand.now() + timedelta(hours=1)
        assert (await ledger.find(onhand, LedgerFilter(sku=corner.sku, from_=later))).items == []
        assert len((await ledger.find(onhand, LedgerFilter(sku=corner.sku, to=later))).items) == 3


async def test_explain_accounts_for_every_reserved_unit(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 3)
        await products.patch(onhand, corner.sku, ProductPatch(selling=Selling(mode="backorder")))
        await corner.reserve(2, order_id="SO-1")
        await corner.reserve(2, order_id="SO-2")
        told = await explain.explain(onhand, corner.sku)
        assert told.totals["reserved"] == sum(held.open for held in told.reservations) == 4
        assert {(held.order_id, held.backordered) for held in told.reservations} == {("SO-1", 0), ("SO-2", 1)}
        assert told.reservations_complete
        assert told.last_operations[0].type == "RESERVE"


async def test_a_short_count_is_told_in_the_answer_and_as_an_event(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 5)
        await corner.reserve(3)
        young = await corner.reserve(2)
        counted = await corner.count(4)
        assert [(short.reservation_id, short.quantity) for short in counted.short] == [(young.reservation_id, 1)]
        events = (await feed.find(onhand)).items
        assert [(event["type"], event["subject"]) for event in events] == [("reservation.short", young.reservation_id)]
        await corner.receive(1)
        newer = (await feed.find(onhand, after=events[-1]["id"])).items
        assert [event["type"] for event in newer] == ["reservation.covered"]
