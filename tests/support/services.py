"""A small shop through the services: what tests of the layers above the engine begin with."""

import itertools
from dataclasses import dataclass
from typing import Any

from onhand.services import answers, products, reservations, stock, warehouses
from onhand.services.context import Onhand
from onhand.services.requests import (
    AdjustmentLine,
    Location,
    NewAdjustment,
    NewProduct,
    NewReceipt,
    NewReservation,
    NewWarehouse,
    ReceiptLine,
    ReservationLine,
    Selling,
)

ACTOR = "key:test"
_numbers = itertools.count(1)


@dataclass
class Corner:
    """One product and one warehouse of an open installation."""

    onhand: Onhand
    sku: str
    warehouse: str

    async def receive(self, units: int) -> answers.Operation:
        line = ReceiptLine(quantity=units, sku=self.sku, warehouse=self.warehouse)
        return (await stock.receive(self.onhand, ACTOR, NewReceipt(lines=[line]))).answer

    async def count(self, units: int) -> answers.Operation:
        line = AdjustmentLine(reason="count", sku=self.sku, warehouse=self.warehouse, counted_quantity=units)
        return (await stock.adjust(self.onhand, ACTOR, NewAdjustment(lines=[line]))).answer

    async def reserve(self, units: int, **fields: Any) -> answers.Reservation:
        line = ReservationLine(quantity=units, sku=self.sku, warehouse=self.warehouse)
        return (await reservations.reserve(self.onhand, ACTOR, NewReservation(lines=[line], **fields))).answer


async def a_warehouse(onhand: Onhand, code: str | None = None, **fields: Any) -> str:
    code = code or f"WH-{next(_numbers)}"
    await warehouses.create(
        onhand, NewWarehouse(code=code, name=code, location=Location(latitude=51.4, longitude=12.2), **fields)
    )
    return code


async def a_corner(onhand: Onhand, units: int = 0, *, selling: Selling | None = None) -> Corner:
    sku = f"SKU-{next(_numbers)}"
    await products.create(onhand, NewProduct(sku=sku, name=f"Product {sku}", selling=selling))
    corner = Corner(onhand, sku, await a_warehouse(onhand))
    if units:
        await corner.receive(units)
    return corner
