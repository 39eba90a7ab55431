"""The stock page's search against a plain look at every product, and alerts against a plain look at every level."""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from onhand.db import queries_alert as q
from onhand.services import levels, products, searching, stock
from onhand.services.context import CELL, Onhand, open_onhand
from onhand.services.requests import (
    AdjustmentLine,
    LevelSettings,
    NewAdjustment,
    NewProduct,
    NewReceipt,
    ReceiptLine,
    Selling,
)
from support.services import ACTOR, Corner, a_corner, a_warehouse

pytestmark = pytest.mark.anyio


@pytest.fixture
async def onhand(fresh_database_url: str) -> AsyncIterator[Onhand]:
    async with open_onhand(fresh_database_url) as opened:
        yield opened


WORDS = ("red", "reed", "mug", "Big", "blue", "x")


async def pages_of(onhand: Onhand, **asked: Any) -> list[str]:
    """The SKUs of every page of 3, one after another."""
    found: list[str] = []
    cursor = None
    while True:
        page = await searching.search(onhand, limit=3, cursor=cursor, **asked)
        found += [row.sku for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


async def a_catalogue(onhand: Onhand) -> tuple[dict[str, str], str, str]:
    """SKU → name, and two warehouses in which some products lie in some quantity."""
    chance = random.Random(8)
    here, there = await a_warehouse(onhand), await a_warehouse(onhand)
    names = {}
    for number in range(60):
        sku = f"{chance.choice(('FIND-', 'find-', 'Fi%_', 'RED-'))}{number:02}"
        names[sku] = " ".join(chance.choices(WORDS, k=chance.randrange(1, 4)))
        await products.create(onhand, NewProduct(sku=sku, name=names[sku]))
        for place in (here, there):
            if chance.random() < 0.6:
                line = ReceiptLine(quantity=chance.randrange(1, 9), sku=sku, warehouse=place)
                await stock.receive(onhand, ACTOR, NewReceipt(lines=[line]))
                if chance.random() < 0.3:
                    gone = AdjustmentLine(reason="lost", sku=sku, warehouse=place, counted_quantity=0)
                    await stock.adjust(onhand, ACTOR, NewAdjustment(lines=[gone]))
                await levels.put(onhand, sku, place, LevelSettings(reorder_threshold=chance.choice([None, 3, 6])))
    return names, here, there


def matches(query: str, sku: str, name: str) -> int:
    """0: by its SKU, 1: by its name, 2: not at all."""
    words = name.lower().split()
    if sku.upper().startswith(query.upper()):
        return 0
    asked = searching._WORD.findall(query.lower())
    return 1 if asked and all(any(word.startswith(each) for word in words) for each in asked) else 2


async def test_every_page_of_every_search_against_a_plain_look(onhand: Onhand, monkeypatch: pytest.MonkeyPatch) -> None:
    names, here, there = await a_catalogue(onhand)
    places = {
        place: {row.sku: row for row in (await levels.find(onhand, warehouse=place)).items} for place in (here, there)
    }

    def alerted(sku: str, shown: str, place: str) -> bool:
        rows = [places[each][sku] for each in (here, there) if place in ("", each) and sku in places[each]]
        if shown == "below":
            return any(row.reorder_threshold is not None and row.on_hand < row.reorder_threshold for row in rows)
        return any(row.on_hand == 0 for row in rows) if shown == "none" else True

    for walked in (2, 4_000):
        monkeypatch.setattr(searching, "WALKED", walked)
        for query in ("", "find", "FI%", "fi_", "re", "red", "RED-0", "mug re", "b", "red red", "?", "nothing"):
            for shown in ("all", "below", "none"):
                for place in ("", here):
                    found = await pages_of(onhand, query=query, shown=shown, warehouse=place)
                    kept = {sku: matches(query, sku, name) for sku, name in names.items()}
                    expected = [s for s, rank in kept.items() if rank < 2 and alerted(s, shown, place)]
                    mine = [sku for sku in found if sku in names]
                    assert sorted(mine) == sorted(expected), (query, shown, place, walked)
                    if query:
                        assert [kept[sku] for sku in mine] == sorted(kept[sku] for sku in mine)


async def test_orders_of_the_whole_list(onhand: Onhand) -> None:
    names, _, _ = await a_catalogue(onhand)
    by_sku, by_name, newest = [
        [sku for sku in await pages_of(onhand, order=order) if sku in names] for order in searching.ORDERS
    ]
    assert by_sku == sorted(names)
    assert by_name == sorted(names, key=lambda sku: (names[sku], sku))
    assert newest == list(reversed(names))


async def alerts_of(corner: Corner) -> set[str]:
    async with corner.onhand.pool.connection() as connection:
        rows = await connection.execute("SELECT kind FROM stock_alert WHERE sku = %s", [corner.sku])
        return {row[0] for row in await rows.fetchall()}


async def test_alerts_come_and_go_with_the_level(onhand: Onhand) -> None:
    corner = await a_corner(onhand, 5, selling=Selling(mode="backorder"))
    assert await alerts_of(corner) == set()
    await levels.put(onhand, corner.sku, corner.warehouse, LevelSettings(reorder_threshold=5))
    assert await alerts_of(corner) == set()
    await corner.reserve(7)
    assert await alerts_of(corner) == {"backordered", "below", "reorder"}
    await corner.count(4)
    assert await alerts_of(corner) == {"backordered", "below", "reorder"}
    await corner.count(0)
    assert await alerts_of(corner) == {"backordered", "below", "none", "reorder"}
    await corner.receive(50)
    assert await alerts_of(corner) == set()
    await levels.put(onhand, corner.sku, corner.warehouse, LevelSettings(reorder_threshold=51))
    assert await alerts_of(corner) == {"below", "reorder"}
    await levels.put(onhand, corner.sku, corner.warehouse, LevelSettings(reorder_threshold=None))
    assert await alerts_of(corner) == set()


async def test_alerts_are_noted_by_the_key_though_their_table_was_empty_when_the_connection_began(
    onhand: Onhand,
) -> None:
    """A plan kept from then once read the whole table for each level: five minutes for 50,000 of them."""
    many, at_once = 2_000, 10
    place = await a_warehouse(onhand)
    async with onhand.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO product (product_id, sku, name, created_at, updated_at) "
            "SELECT md5(n::text)::uuid, 'MANY-' || n, 'One of many', now(), now() FROM generate_series(1, %s) n",
            [many],
        )
        rows = await connection.execute(
            "INSERT INTO level (product_id, warehouse_id, on_hand) SELECT product_id, warehouse_id, 1 "
            "FROM product, warehouse WHERE sku LIKE 'MANY-%%' AND code = %s RETURNING product_id, warehouse_id",
            [place],
        )
        keys = await rows.fetchall()
        await connection.execute("VACUUM ANALYZE stock_alert")
        for threshold in (2, None):
            await connection.execute("UPDATE level SET reorder_threshold = %s", [threshold])
            for start in range(0, many, at_once):
                products, places = zip(*keys[start : start + at_once], strict=True)
                await q.REFRESH_ALERTS.run(
                    connection, cell=CELL, product_ids=list(products), warehouse_ids=list(places)
                )
            found = await connection.execute("SELECT count(*) FROM stock_alert WHERE sku LIKE 'MANY-%'")
            assert await found.fetchall() == [(0 if threshold is None else 2 * many,)]
        await connection.execute("SELECT pg_stat_force_next_flush()")
        rows = await connection.execute("SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'stock_alert'")
        [(read,)] = await rows.fetchall()
        assert read < 10 * many  # What we ourselves have counted is part of it.
