import asyncio
import dataclasses
from collections import Counter
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from shop_tools import kill_when_half_done, state

from onhand.domain.errors import Unavailable
from onhand.services import levels, products, purchase_orders, reconcile, reservations, transfers, warehouses
from onhand.services.context import open_onhand
from onhand.services.requests import NewProduct
from onhand.services.supply_requests import NewPurchaseOrder, PurchaseOrderLine
from onhand.shop import demo
from onhand.shop.story import events as e
from onhand.shop.story.catalogue import BEST_SELLER, MEASURED_AFTER_RECEIPTS, WAREHOUSES, articles
from onhand.shop.story.live import Customers
from onhand.shop.story.plan import DAYS, ORDERS, PREORDERS, tell
from onhand.shop.story.words import CATEGORIES
from support.postgres import Postgres

END = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)


def test_the_same_seed_tells_the_same_story() -> None:
    assert tell(7, END) == tell(7, END)
    assert tell(7, END) != tell(8, END)


def test_the_range_is_a_believable_one() -> None:
    range_ = articles(7, END.date())
    assert 380 <= len(range_) <= 420
    assert len({article.sku for article in range_}) == len({a.product.name for a in range_}) == len(range_)
    assert {article.product.category for article in range_} == set(CATEGORIES)
    assert range_[0].sku == BEST_SELLER
    assert Counter(article.mode for article in range_)["preorder"] == 2
    assert len(CATEGORIES) == 12
    assert len({w.location.country for w in WAREHOUSES}) == 5


def test_the_story_fills_its_90_days_in_order_and_no_more() -> None:
    story = tell(7, END)
    times = [event.at for event in story.events]
    assert times == sorted(times)
    assert END - timedelta(days=DAYS) <= times[0]
    assert END - timedelta(hours=12) < times[-1] <= END
    orders = [event for event in story.events if isinstance(event, e.Order)]
    assert len(orders) == len({order.number for order in orders}) == ORDERS
    assert orders[-1].number == story.last_order


def test_demand_is_steep_and_some_of_everything_happens() -> None:
    story = tell(7, END)
    sold: Counter[str] = Counter()
    kinds = Counter(type(event) for event in story.events)
    for event in story.events:
        if isinstance(event, e.Order):
            sold.update(dict(event.lines))
    top = sum(units for _, units in sold.most_common(len(sold) // 5))
    assert top > 0.5 * sold.total()
    assert sold["LAMP-AURORA"] + sold["TENT-HORIZON"] == PREORDERS
    assert min(kinds[kind] for kind in e.Event.__args__) > 10
    assert any(isinstance(event, e.Shipment) and event.partial for event in story.events)


@pytest.mark.anyio
async def test_an_empty_store_is_filled_once_with_a_past_and_reconciles(fresh_database_url: str) -> None:
    told: list[tuple[int, int]] = []
    async with open_onhand(fresh_database_url) as onhand:
        assert await demo.is_empty(onhand)
        report = await demo.fill(onhand, progress=lambda done, total: told.append((done, total)))
        assert report.filled
        assert told[-1][0] == told[-1][1]
        assert not await demo.is_empty(onhand)
        assert (await reconcile.run(onhand)).clean
        before = state(fresh_database_url)
        assert not (await demo.fill(onhand)).filled
        assert state(fresh_database_url) == before
        assert len((await warehouses.find(onhand)).items) == len(WAREHOUSES)
        assert (await levels.find(onhand, below_threshold=True)).items
        assert (await transfers.find(onhand, status="in_transit")).items
        aurora = (await levels.find(onhand, sku="LAMP-AURORA")).items[0]
        assert aurora.on_hand == 0 < aurora.backordered == aurora.reserved
        assert (await products.get(onhand, "LAMP-AURORA")).selling["release_date"] > onhand.now().date()
    _looks_like_a_shop(fresh_database_url)


def _looks_like_a_shop(url: str) -> None:
    with psycopg.connect(url) as connection:
        statuses = dict(connection.execute("SELECT status, count(*) FROM reservation GROUP BY status").fetchall())
        types = dict(connection.execute("SELECT type, count(*) FROM ledger GROUP BY type").fetchall())
        span = connection.execute("SELECT min(created_at), max(created_at), now() FROM ledger").fetchone()
        unordered = connection.execute(
            "SELECT count(*) FROM (SELECT created_at < lag(created_at) OVER (ORDER BY txn_id) AS back FROM ledger) x "
            "WHERE back"
        ).fetchone()
        ahead = connection.execute("SELECT count(*) FROM operation WHERE created_at > now()").fetchone()
        ordered = connection.execute(
            "SELECT status, max(expected_arrival_date) FROM purchase_order GROUP BY 1"
        ).fetchall()
        measured = connection.execute("SELECT max(cardinality(days)) FROM measured_lead_time").fetchone()
    assert set(statuses) == {"active", "partially_fulfilled", "fulfilled", "released", "expired"}
    assert set(types) == {"RECEIVE", "RESERVE", "RELEASE", "FULFILL", "ADJUST", "TRANSFER"}
    assert statuses["fulfilled"] > 0.7 * ORDERS
    assert span is not None
    assert span[2] - span[0] > timedelta(days=DAYS - 1)
    assert span[2] - span[1] < timedelta(hours=1)
    assert unordered == (0,)
    assert ahead == (0,)
    assert {row[0] for row in ordered} == {"placed", "partially_received", "received", "cancelled", "closed_short"}
    assert dict(ordered)["placed"] > span[1].date()
    assert measured is not None
    assert measured[0] > MEASURED_AFTER_RECEIPTS


@pytest.mark.anyio
async def test_a_fill_that_was_killed_is_finished_by_the_next(postgres: Postgres) -> None:
    url = postgres.fresh()
    kill_when_half_done("fill", url)
    with psycopg.connect(url) as connection:
        before = connection.execute("SELECT min(created_at), count(*) FROM ledger").fetchone()
    async with open_onhand(url) as onhand:
        report = await demo.fill(onhand)
        assert (report.filled, report.resumed) == (True, True)
        assert (await reconcile.run(onhand)).clean
        assert not (await demo.fill(onhand)).filled
    with psycopg.connect(url) as connection:
        after = connection.execute("SELECT min(created_at), count(*) FROM ledger").fetchone()
        twice = connection.execute("SELECT order_id FROM reservation GROUP BY order_id HAVING count(*) > 1").fetchall()
    assert before is not None
    assert after is not None
    assert (after[0], twice) == (before[0], [])
    assert after[1] > before[1]


@pytest.mark.anyio
async def test_a_fill_that_was_killed_before_its_first_event_is_begun_anew(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        await demo._furnish(onhand, tell(7, onhand.now()))
        assert await demo._only_furnished(onhand, 7)
        await products.create(onhand, NewProduct(sku="MINE", name="A product of somebody's own"))
        assert not await demo._only_furnished(onhand, 7)
        assert not (await demo.fill(onhand)).filled


@pytest.mark.anyio
async def test_a_store_of_somebodys_own_is_left_alone(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        await products.create(onhand, NewProduct(sku="MINE", name="A product of somebody's own"))
        assert not (await demo.fill(onhand)).filled
        assert len((await products.find(onhand)).items) == 1


@pytest.mark.anyio
async def test_live_orders_come_survive_lost_connections_and_stop_at_once(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onhand.shop.story.live.SHIPS_AFTER_S", (0.05, 0.2))
    monkeypatch.setattr("onhand.shop.story.live.CANCELLED_AFTER_S", (0.05, 0.2))
    async with open_onhand(fresh_database_url) as onhand:
        story = tell(7, onhand.now())
        await demo._furnish(onhand, story)  # Empty shelves below their thresholds: the first thing is a delivery.
        stop = asyncio.Event()
        living = asyncio.create_task(demo.live(onhand, orders_per_s=40, stop=stop))
        await asyncio.sleep(2)
        with psycopg.connect(fresh_database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await asyncio.sleep(3)
        stop.set()
        orders = await asyncio.wait_for(living, 5)
    assert 0 < orders < 40 * 5 * 2
    async with open_onhand(fresh_database_url) as onhand:
        found = (await reservations.find(onhand, limit=1000)).items
        assert len(found) == orders
        assert {order.status for order in found} >= {"fulfilled", "active"}
        assert (await reconcile.run(onhand)).clean


@pytest.mark.anyio
async def test_what_is_due_of_suppliers_comes_and_nothing_else(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        story = tell(7, onhand.now())
        await demo._furnish(onhand, story)
        article, today = story.range[0], onhand.now().date()
        line = PurchaseOrderLine(6, sku=article.sku, warehouse=article.warehouses[0])
        for days in (-3, 0, 2):
            request = NewPurchaseOrder(article.source.code, [line], today + timedelta(days=days))
            draft, _ = await purchase_orders.create(onhand, "test", request)
            await purchase_orders.place(onhand, "test", draft.purchase_order_id)
        for _ in range(2):
            await Customers(onhand, 7)._take_in()
            statuses = [order.status for order in (await purchase_orders.find(onhand)).items]
            assert statuses == ["placed", "received", "received"]


@pytest.mark.anyio
async def test_while_the_database_is_away_customers_wait_longer_and_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    pauses: list[float] = []
    stop = asyncio.Event()

    async def away(self: Customers) -> None:
        nonlocal calls
        calls += 1
        raise Unavailable

    async def wait(stop: asyncio.Event, seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 8:
            stop.set()

    monkeypatch.setattr(Customers, "next", away)
    monkeypatch.setattr(demo, "_wait", wait)

    @dataclasses.dataclass
    class Nowhere:
        def now(self) -> datetime:
            return END

    assert await demo.live(Nowhere(), orders_per_s=1000, stop=stop) == 0
    assert calls == 8
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (demo.PAUSE_MIN_S, demo.PAUSE_MAX_S)
