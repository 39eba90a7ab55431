"""A corner that is supplied: what tests of promises begin with."""

from datetime import date
from typing import Any

from onhand.services import products, purchase_orders, suppliers, warehouses
from onhand.services.context import Onhand
from onhand.services.requests import Location, NewProduct, NewWarehouse, Selling
from onhand.services.supply_requests import NewPurchaseOrder, NewSupplier, PurchaseOrderLine, SuppliedProduct
from support.services import ACTOR, Corner

BACKORDER = Selling(mode="backorder", limit=100)


async def place(onhand: Onhand, code: str = "LEJ1", latitude: float = 51.4, **fields: Any) -> str:
    location = Location(latitude=latitude, longitude=12.2, country=fields.pop("country", "DE"))
    await warehouses.create(onhand, NewWarehouse(code=code, name=code, location=location, **fields))
    return code


async def corner(onhand: Onhand, units: int = 0, selling: Selling | None = BACKORDER, **fields: Any) -> Corner:
    await products.create(onhand, NewProduct(sku="MUG", name="Mug", selling=selling))
    made = Corner(onhand, "MUG", await place(onhand, **fields))
    if units:
        await made.receive(units)
    return made


async def supplied(corner: Corner, days: int = 7, **fields: Any) -> None:
    sold = SuppliedProduct(lead_time_days=days, sku=corner.sku)
    await suppliers.create(corner.onhand, NewSupplier(code="ACME", name="Acme", products=[sold], **fields))


async def ordered(corner: Corner, units: int, expected: date, warehouse: str | None = None) -> str:
    """A purchase order that is placed."""
    line = PurchaseOrderLine(quantity=units, sku=corner.sku, warehouse=warehouse or corner.warehouse)
    draft = NewPurchaseOrder(supplier="ACME", lines=[line], expected_arrival_date=expected)
    made = (await purchase_orders.create(corner.onhand, ACTOR, draft)).answer
    await purchase_orders.place(corner.onhand, ACTOR, made.purchase_order_id)
    return made.purchase_order_id
