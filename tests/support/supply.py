"""A supplier, and a level that somebody supplies."""

from datetime import UTC, datetime
from typing import Any

from psycopg_pool import AsyncConnectionPool

from onhand.db import queries_supply as q
from onhand.db.query import Connection
from onhand.domain.ids import Id
from onhand.engine.engine import new_id
from onhand.services import levels, suppliers
from onhand.services.context import Onhand
from onhand.services.requests import LevelSettings
from onhand.services.supply_requests import NewSupplier, SuppliedProduct
from support.services import Corner, a_corner


async def a_supplier(pool: AsyncConnectionPool[Connection], **settings: Any) -> Id:
    """Written without a service, for tests of the engine: every setting as a request that names none has it."""
    supplier = new_id()
    given = NewSupplier(code=str(supplier), name="A supplier", **settings)
    columns = {name: getattr(given, name) for name in (*suppliers.SETTINGS, "code")}
    async with pool.connection() as connection:
        await q.INSERT_SUPPLIER.run(connection, supplier_id=supplier, now=datetime.now(UTC), **columns)
    return supplier


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
