"""A level that somebody supplies."""

from typing import Any

from onhand.services import levels, suppliers
from onhand.services.context import Onhand
from onhand.services.requests import LevelSettings
from onhand.services.supply_requests import NewSupplier, SuppliedProduct
from support.services import Corner, a_corner


async def a_supplied_corner(
    onhand: Onhand, units: int = 20, *, threshold: int = 10, supplier: dict[str, Any] | None = None, **terms: Any
) -> Corner:
    corner = await a_corner(onhand, units)
    await levels.put(onhand, corner.sku, corner.warehouse, LevelSettings(reorder_threshold=threshold))
    product = SuppliedProduct(lead_time_days=terms.pop("lead_time_days", 3), sku=corner.sku, **terms)
    await suppliers.create(
        onhand, NewSupplier(code=f"S-{corner.sku}", name="A supplier", products=[product], **(supplier or {}))
    )
    return corner
