"""How many can be promised next, summed over active warehouses. Display only: the engine decides a sale."""

from collections.abc import Sequence
from datetime import date, datetime

from onhand.db import queries as q
from onhand.domain.errors import Unknown
from onhand.services import answers
from onhand.services.context import Onhand
from onhand.services.names import product_named, warehouse_named


async def get(onhand: Onhand, sku: str, *, warehouse: str | None = None) -> answers.Availability:
    """Of one product, in all warehouses or in one. Raises Unknown."""
    product_id = await product_named(onhand, sku)
    canonical = (await onhand.directory.skus({product_id}))[product_id]
    code = (await warehouse_named(onhand, warehouse)).code if warehouse is not None else None
    found = await _read(onhand, [canonical], code)
    if canonical not in found:
        raise Unknown("sku", sku)
    return found[canonical]


async def many(onhand: Onhand, skus: Sequence[str]) -> list[answers.Availability]:
    """Of several, in the order asked. Raises Unknown with the path of the first that does not exist."""
    found = await _read(onhand, list(dict.fromkeys(skus)), None)
    for index, sku in enumerate(skus):
        if sku not in found:
            raise Unknown("sku", sku, f"skus[{index}]")
    return [found[sku] for sku in skus]


async def _read(onhand: Onhand, skus: Sequence[str], warehouse: str | None) -> dict[str, answers.Availability]:
    as_of = onhand.now()
    async with onhand.pool.connection() as connection:
        rows = await q.READ_AVAILABILITY.all(connection, skus=list(skus))
    grouped: dict[str, list[q.AvailabilityRow]] = {}
    for row in rows:
        grouped.setdefault(row.sku, []).append(row)
    return {sku: _answer(sku, group, warehouse, as_of) for sku, group in grouped.items()}


def _answer(sku: str, rows: list[q.AvailabilityRow], warehouse: str | None, as_of: datetime) -> answers.Availability:
    places = [row for row in rows if row.warehouse is not None and warehouse in (None, row.warehouse)]
    available = sum(max(0, row.available or 0) for row in places)
    return answers.Availability(
        sku=sku,
        available=available,
        status=_status(rows[0], places, available, as_of.date()),
        warehouses=[answers.WarehouseAvailability(row.warehouse or "", max(0, row.available or 0)) for row in places],
        promise=None,
        as_of=as_of,
        age_ms=0,
    )


def _status(product: q.AvailabilityRow, places: list[q.AvailabilityRow], available: int, today: date) -> str:
    """The four values that Google's product data uses. backorder: some level may still go below zero."""
    if product.selling_mode == "preorder" and product.release_date is not None and product.release_date > today:
        return "preorder" if available or _room(places) else "out_of_stock"
    if available:
        return "in_stock"
    if _room(places) or (not places and product.selling_mode != "deny"):
        return "backorder"
    return "out_of_stock"


def _room(places: list[q.AvailabilityRow]) -> bool:
    return any(row.backorder_limit is None or (row.available or 0) + row.backorder_limit > 0 for row in places)
