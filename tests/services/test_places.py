import pytest

from onhand.domain.errors import AlreadyExists, InsufficientStock, Invalid, NoActiveWarehouse, WarehouseInactive
from onhand.services import levels, reservations, warehouses
from onhand.services.context import open_onhand
from onhand.services.requests import (
    LevelSettings,
    Location,
    NewReservation,
    NewWarehouse,
    ReservationLine,
    WarehousePatch,
)
from support.services import ACTOR, Corner, a_corner, a_warehouse

pytestmark = pytest.mark.anyio


async def test_a_warehouse_is_made_once_and_patched(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        code = await a_warehouse(onhand, "LEJ1", time_zone="Europe/Berlin")
        with pytest.raises(AlreadyExists):
            await a_warehouse(onhand, code)
        patched = await warehouses.patch(onhand, code, WarehousePatch(capacity=900))
        assert (patched.capacity, patched.time_zone, patched.active) == (900, "Europe/Berlin", True)
        assert (await warehouses.get(onhand, patched.warehouse_id)) == patched


async def test_a_time_zone_is_one_of_the_world(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        place = NewWarehouse(code="X", name="X", location=Location(latitude=0, longitude=0), time_zone="Mars/Base")
        with pytest.raises(Invalid) as refused:
            await warehouses.create(onhand, place)
        assert refused.value.fields[0].path == "time_zone"


async def test_a_closed_warehouse_takes_no_order_and_no_stock(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 5)
        await warehouses.patch(onhand, corner.warehouse, WarehousePatch(active=False))
        with pytest.raises(WarehouseInactive):
            await corner.reserve(1)
        with pytest.raises(WarehouseInactive):
            await corner.receive(1)
        anywhere = NewReservation(lines=[ReservationLine(quantity=1, sku=corner.sku)])
        with pytest.raises(NoActiveWarehouse):
            await reservations.reserve(onhand, ACTOR, anywhere)


async def test_level_settings_change_one_by_one_and_never_a_quantity(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 5)
        at = (onhand, corner.sku, corner.warehouse)
        await levels.put(*at, LevelSettings(reorder_threshold=10, reorder_quantity=50))
        level = await levels.put(*at, LevelSettings(safety_stock=2, backorder_limit=None))
        assert (level.reorder_threshold, level.reorder_quantity, level.safety_stock) == (10, 50, 2)
        assert level.backorder_limit is None
        assert (level.on_hand, level.reserved) == (5, 0)
        cleared = await levels.put(*at, LevelSettings(reorder_threshold=None, backorder_limit=0))
        assert (cleared.reorder_threshold, cleared.backorder_limit) == (None, 0)


async def test_a_level_can_be_set_before_there_is_stock(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand)
        level = await levels.put(onhand, corner.sku, corner.warehouse, LevelSettings(reorder_threshold=3))
        assert (level.on_hand, level.reorder_threshold, level.backorder_limit) == (0, 3, 0)


async def test_levels_are_found_by_product_warehouse_and_threshold(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        low, full = await a_corner(onhand, 2), await a_corner(onhand, 20)
        for corner in (low, full):
            await levels.put(onhand, corner.sku, corner.warehouse, LevelSettings(reorder_threshold=10))
        assert [x.sku for x in (await levels.find(onhand, below_threshold=True)).items] == [low.sku]
        assert [x.sku for x in (await levels.find(onhand, warehouse=full.warehouse)).items] == [full.sku]
        first = await levels.find(onhand, limit=1)
        second = await levels.find(onhand, limit=1, cursor=first.next_cursor)
        assert {first.items[0].sku, second.items[0].sku} == {low.sku, full.sku}
        assert second.next_cursor is None
        with pytest.raises(Invalid):
            await levels.find(onhand, cursor="nonsense")


async def test_what_one_process_opens_or_closes_holds_in_every_other_at_once(
    fresh_database_url: str,
) -> None:
    """The list of the other is never older than a second, and was read a moment ago: that does not help it."""
    async with open_onhand(fresh_database_url) as one, open_onhand(fresh_database_url) as other:
        first = await a_corner(one, 5)
        elsewhere = Corner(other, first.sku, first.warehouse)
        await elsewhere.reserve(5)
        for _ in range(3):
            await other.directory.read_warehouses()
            opened = await a_warehouse(one)
            await Corner(one, first.sku, opened).receive(2)
            anywhere = NewReservation(lines=[ReservationLine(quantity=1, sku=first.sku)])
            held = (await reservations.reserve(other, ACTOR, anywhere)).answer
            assert [part.warehouse for line in held.lines for part in line.allocations] == [opened]
            await warehouses.patch(one, opened, WarehousePatch(active=False))
            with pytest.raises(InsufficientStock):
                await reservations.reserve(other, ACTOR, anywhere)
            with pytest.raises(WarehouseInactive):
                await Corner(other, first.sku, opened).reserve(1)
