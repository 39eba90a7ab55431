"""Many orders wait for one product: one receipt covers them, in turn, in its own transaction."""

import asyncio
import time
from collections.abc import Callable

import msgspec

from onhand.domain.ids import Id
from onhand.services import products, reconcile, reservations, stock, warehouses
from onhand.services.context import Onhand, open_onhand
from onhand.services.requests import (
    Location,
    NewProduct,
    NewReceipt,
    NewReservation,
    NewWarehouse,
    ReceiptLine,
    ReservationLine,
    Selling,
)

ACTOR = "key:bench"
SKU, WAREHOUSE = "WANTED", "W"
AT_ONCE = 2_000  # orders that are under way


class Waited(msgspec.Struct):
    """Of orders for a unit each. first_s, rest_s: of the receipt for the first ones, and of that for all others.

    out_of_turn: orders that were covered while an older one was not.
    """

    orders: int
    reserving_s: float
    first: int
    first_s: float
    rest_s: float
    out_of_turn: int
    events: int
    clean: bool


async def run(url: str, orders: int, advance: Callable[[int, int], None]) -> Waited:
    """On an empty, migrated database. Raises DomainError, psycopg.Error."""
    async with open_onhand(url) as onhand:
        await products.create(onhand, NewProduct(sku=SKU, name=SKU, selling=Selling(mode="backorder")))
        place = NewWarehouse(code=WAREHOUSE, name=WAREHOUSE, location=Location(latitude=51.4, longitude=12.2))
        await warehouses.create(onhand, place)
        began_s = time.perf_counter()
        for start in range(0, orders, AT_ONCE):
            await asyncio.gather(*(_order(onhand) for _ in range(min(AT_ONCE, orders - start))))
            advance(min(start + AT_ONCE, orders), orders)
        reserving_s = time.perf_counter() - began_s
        first = orders // 10
        first_s = await _receive(onhand, first)
        out_of_turn = await _out_of_turn(onhand, first)
        rest_s = await _receive(onhand, orders - first)
        out_of_turn += await _out_of_turn(onhand, orders)
        async with onhand.pool.connection() as connection:
            counted = await connection.execute("SELECT count(*) FROM event WHERE type = 'reservation.covered'")
            [(events,)] = await counted.fetchall()
        clean = (await reconcile.run(onhand)).clean
    return Waited(orders, reserving_s, first, first_s, rest_s, out_of_turn, events, clean)


async def _order(onhand: Onhand) -> None:
    line = ReservationLine(quantity=1, sku=SKU, warehouse=WAREHOUSE)
    await reservations.reserve(onhand, ACTOR, NewReservation(lines=[line], expires_in_s=None))


async def _receive(onhand: Onhand, units: int) -> float:
    began_s = time.perf_counter()
    line = ReceiptLine(quantity=units, sku=SKU, warehouse=WAREHOUSE)
    await stock.receive(onhand, ACTOR, NewReceipt(lines=[line]))
    return time.perf_counter() - began_s


async def _out_of_turn(onhand: Onhand, covered: int) -> int:
    """How many of the oldest so many wait still: as many younger ones were covered before them."""
    async with onhand.pool.connection() as connection:
        rows = await connection.execute(
            "SELECT reservation_id, backordered FROM reservation_line ORDER BY reservation_id LIMIT %s", [covered]
        )
        found: list[tuple[Id, int]] = await rows.fetchall()
    return sum(1 for _, backordered in found if backordered)
