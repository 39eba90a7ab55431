from datetime import UTC, date, datetime, timedelta

import pytest

from onhand.domain.errors import AlreadyExists, InsufficientStock, Invalid, Unknown
from onhand.services import housekeeping, levels, products
from onhand.services.context import open_onhand
from onhand.services.requests import Dimensions, LevelSettings, NewProduct, ProductPatch, Selling
from support.services import a_corner

pytestmark = pytest.mark.anyio


async def test_created_read_by_sku_and_by_id(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        made = await products.create(
            onhand,
            NewProduct(sku="MUG", name="Mug", category="Kitchen", weight_g=300, dimensions=Dimensions(80, 80, 100)),
        )
        assert await products.get(onhand, "MUG") == made
        assert await products.get(onhand, made.product_id) == made
        assert made.dimensions == {"length_mm": 80, "width_mm": 80, "height_mm": 100}
        assert made.selling == {"mode": "deny", "limit": None, "release_date": None}


async def test_a_sku_is_taken_once(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        await products.create(onhand, NewProduct(sku="MUG", name="Mug"))
        with pytest.raises(AlreadyExists):
            await products.create(onhand, NewProduct(sku="MUG", name="Other"))
        with pytest.raises(Unknown):
            await products.get(onhand, "mug")


async def test_patch_changes_only_what_is_given_and_null_clears(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        await products.create(onhand, NewProduct(sku="MUG", name="Mug", category="Kitchen", weight_g=300))
        patched = await products.patch(onhand, "MUG", ProductPatch(category=None))
        assert (patched.name, patched.category, patched.weight_g) == ("Mug", None, 300)


async def test_a_new_selling_mode_holds_at_once_but_not_for_levels_with_a_limit_of_their_own(
    fresh_database_url: str,
) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        follows = await a_corner(onhand, 1)
        with pytest.raises(InsufficientStock):
            await follows.reserve(2)
        backorder = ProductPatch(selling=Selling(mode="backorder", limit=5))
        await products.patch(onhand, follows.sku, backorder)
        assert (await follows.reserve(6)).lines[0].allocations[0].backordered == 5
        own = await a_corner(onhand, 1)
        await levels.put(onhand, own.sku, own.warehouse, LevelSettings(backorder_limit=0))
        await products.patch(onhand, own.sku, backorder)
        with pytest.raises(InsufficientStock):
            await own.reserve(2)


async def test_a_preorder_needs_its_date_and_ends_on_it(fresh_database_url: str) -> None:
    ahead = timedelta()
    async with open_onhand(fresh_database_url, now=lambda: datetime.now(UTC) + ahead) as onhand:
        with pytest.raises(Invalid) as refused:
            await products.create(onhand, NewProduct(sku="CAM", name="Camera", selling=Selling(mode="preorder")))
        assert refused.value.fields[0].path == "selling.release_date"
        today = onhand.now().date()
        corner = await a_corner(onhand, selling=Selling(mode="preorder", limit=3, release_date=today + timedelta(9)))
        await corner.reserve(3)
        assert await housekeeping.end_preorders(onhand) == 0
        ahead = timedelta(days=9)
        assert await housekeeping.end_preorders(onhand) == 1
        assert (await products.get(onhand, corner.sku)).selling["mode"] == "deny"
        with pytest.raises(InsufficientStock):
            await corner.reserve(1)
        past = Selling(mode="preorder", limit=9, release_date=date(2020, 1, 1))  # sold from stock from the first moment
        assert (await products.patch(onhand, corner.sku, ProductPatch(selling=past))).selling["mode"] == "deny"
        with pytest.raises(InsufficientStock):
            await corner.reserve(1)


async def test_found_by_sku_prefix_or_name_page_by_page(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        named = [NewProduct(sku=f"A-{n}", name="Lamp 100%" if n == 3 else "Mug") for n in range(5)]
        assert await products.create_many(onhand, named) == set()
        assert await products.create_many(onhand, named[:2]) == {"A-0", "A-1"}
        first = await products.find(onhand, query="A-", limit=3)
        assert [item.sku for item in first.items] == ["A-0", "A-1", "A-2"]
        rest = await products.find(onhand, query="A-", limit=3, cursor=first.next_cursor)
        assert [item.sku for item in rest.items] == ["A-3", "A-4"]
        assert rest.next_cursor is None
        assert [item.sku for item in (await products.find(onhand, query="100%")).items] == ["A-3"]
        assert (await products.find(onhand, query="_-")).items == []
