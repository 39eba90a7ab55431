"""Routed orders plan without locks and are decided under them."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from onhand.domain import placing
from onhand.domain.errors import InsufficientStock
from onhand.engine import planning
from onhand.engine.batch import Batch
from onhand.engine.engine import new_id
from support.laws import broken_laws
from support.stock import Shop, opened

pytestmark = pytest.mark.anyio
PLACES, UNITS_EACH, ENGINES = 4, 3, 3
PAUSE_S = 0.2


async def last_units(url: str, monkeypatch: pytest.MonkeyPatch, orders: int) -> tuple[int, int, set[str]]:
    """Engines that all plan on the same stock, then lock: orders served and refused, and what is wrong."""
    locate = Batch._locate

    async def slowly(batch: Batch, *facts: Any) -> Any:
        seen = await locate(batch, *facts)
        await asyncio.sleep(PAUSE_S)  # Everybody has planned before anybody locks.
        return seen

    async with AsyncExitStack() as stack:
        shops: list[Shop] = [await stack.enter_async_context(opened(url)) for _ in range(ENGINES)]
        product, _ = await shops[0].stocked(UNITS_EACH)
        for _ in range(PLACES - 1):
            await shops[0].receive(product, await shops[0].warehouse(), UNITS_EACH)
        for shop in shops:
            await shop.engine.directory.read_warehouses()
            await shop.expire(new_id())
        monkeypatch.setattr(Batch, "_locate", slowly)
        calls = [shops[n % ENGINES].reserve(product, None, 1) for n in range(orders)]
        async with asyncio.timeout(60):
            answers = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(x, InsufficientStock) for x in answers if isinstance(x, BaseException)), answers
        refused = sum(isinstance(answer, BaseException) for answer in answers)
        async with shops[0].pool.connection() as connection:
            return orders - refused, refused, set(await broken_laws(connection))


async def test_without_planning_anew_orders_fail_beside_stock(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "_must_be_locked", lambda world, plan: None)
    monkeypatch.setattr(placing, "_free", without_what_was_seen(placing._free))
    served, refused, broken = await last_units(fresh_database_url, monkeypatch, PLACES * UNITS_EACH)
    assert refused > 0, "stock lay elsewhere"
    assert served < PLACES * UNITS_EACH
    assert broken == set()


def without_what_was_seen(free: Any) -> Any:
    def locked_alone(place: Any, products: Any) -> Any:
        return {
            product: {warehouse: n for warehouse, n in shelf.items() if (product, warehouse) in place.world.levels}
            for product, shelf in free(place, products).items()
        }

    return locked_alone


async def test_an_order_fails_only_when_no_plan_exists(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = PLACES * UNITS_EACH
    assert await last_units(fresh_database_url, monkeypatch, units + 5) == (units, 5, set())


async def test_only_the_planned_levels_are_locked(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: list[int] = []
    foresee = planning.foresee

    def counted(*facts: Any) -> Any:
        foresight = foresee(*facts)
        wanted.append(len(foresight.keys))
        return foresight

    monkeypatch.setattr("onhand.engine.batch.foresee", counted)
    async with opened(fresh_database_url) as shop:
        product, _ = await shop.stocked(5)
        for _ in range(9):
            await shop.receive(product, await shop.warehouse(), 5)
        monkeypatch.setattr("onhand.domain.placing.plan", None)  # What is still there is not planned twice.
        made = await shop.reserve(product, None, 5)
        assert len(made.allocations) == 1
        assert made.route is not None
        assert len(made.route["candidates"]) == 10, "it chose from all, and locked one"
        assert wanted == [1]
