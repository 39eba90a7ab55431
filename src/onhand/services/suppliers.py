"""Suppliers: who sells what, on which terms."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import psycopg
from msgspec import UNSET
from psycopg import errors as pg

from onhand.db import queries_supply as q
from onhand.db.query import Connection
from onhand.domain.errors import AlreadyExists, FieldProblem, Invalid, Unknown
from onhand.domain.ids import Id
from onhand.domain.limits import PAGE_DEFAULT_ROWS
from onhand.engine.engine import new_id
from onhand.services import answers
from onhand.services.calendars import must_have_holidays
from onhand.services.context import Onhand
from onhand.services.lead_times import lead_time
from onhand.services.names import cursor_of, name_after, products_of
from onhand.services.supply_answers import MeasuredLeadTime, SuppliedProduct, Supplier
from onhand.services.supply_requests import NewSupplier, SupplierPatch
from onhand.services.supply_requests import SuppliedProduct as Terms

COST_BELOW = 10**10  # numeric(14, 4)
SETTINGS = (
    *("name", "lead_time_in", "reorders", "over_delivery_percent", "under_delivery_percent"),
    *("measured_after_receipts", "country", "holiday_region", "active"),
)
TERMS = ("sku", "supplier_sku", "lead_time_days", "minimum_order", "pack_size", "unit_cost", "priority")


async def create(onhand: Onhand, request: NewSupplier) -> Supplier:
    """Raises AlreadyExists, Invalid, Unknown."""
    supplier_id = new_id()
    products = await _products(onhand, request.products)
    columns = {name: getattr(request, name) for name in SETTINGS}
    _must_be_somewhere(columns)
    async with onhand.pool.connection() as connection, connection.transaction():
        try:
            await q.INSERT_SUPPLIER.run(
                connection, supplier_id=supplier_id, code=request.code, now=onhand.now(), **columns
            )
        except pg.UniqueViolation:
            raise AlreadyExists("supplier", request.code) from None
        await _put(connection, supplier_id, products, request.products)
        return await _read(connection, request.code)


async def sell(onhand: Onhand, request: NewSupplier, *, dry_run: bool = False) -> int:
    """Make the supplier if it is new, add or change its products; leave its other products and settings as they are.

    Returns how many of the products it sold before. dry_run changes nothing. Raises Invalid, Unknown.
    """
    products = await _products(onhand, request.products)
    columns = {name: getattr(request, name) for name in SETTINGS}
    _must_be_somewhere(columns)
    async with onhand.pool.connection() as connection, connection.transaction() as transaction:
        row = await q.FIND_SUPPLIER.first(connection, name=request.code)
        if row is None:
            try:
                async with connection.transaction():
                    await q.INSERT_SUPPLIER.run(
                        connection, supplier_id=new_id(), code=request.code, now=onhand.now(), **columns
                    )
            except pg.UniqueViolation:
                pass  # Somebody else has made it just now.
            row = await row_named(connection, request.code)
        await q.LOCK_SUPPLIER.first(connection, supplier_id=row.supplier_id)
        sold = {each.product_id for each in (await sold_by(connection, [row.supplier_id])).get(row.supplier_id, [])}
        await _put(connection, row.supplier_id, products, request.products)
        if dry_run:
            raise psycopg.Rollback(transaction)
    return len(sold & set(products))


async def patch(onhand: Onhand, name: str, request: SupplierPatch) -> Supplier:
    """Change what is given. Raises Unknown, Invalid."""
    terms = None if request.products is UNSET else request.products
    products = await _products(onhand, terms or [])
    async with onhand.pool.connection() as connection, connection.transaction():
        supplier_id = (await row_named(connection, name)).supplier_id
        await q.LOCK_SUPPLIER.first(connection, supplier_id=supplier_id)
        row = await row_named(connection, name)
        columns: dict[str, Any] = {column: getattr(row, column) for column in SETTINGS}
        columns |= {column: getattr(request, column) for column in SETTINGS if getattr(request, column) is not UNSET}
        _must_be_somewhere(columns)
        await q.UPDATE_SUPPLIER.run(connection, supplier_id=supplier_id, now=onhand.now(), **columns)
        if terms is not None:
            await q.DELETE_SUPPLIER_PRODUCTS.run(connection, supplier_id=supplier_id, product_ids=products)
            await _put(connection, supplier_id, products, terms)
        return await _read(connection, row.code)


async def get(onhand: Onhand, name: str) -> Supplier:
    """By code or id. Raises Unknown."""
    async with onhand.pool.connection() as connection:
        return await _read(connection, name)


async def head(onhand: Onhand, name: str) -> q.SupplierRow:
    """Its settings without its products, by code or id. Raises Unknown."""
    async with onhand.pool.connection() as connection:
        return await row_named(connection, name)


async def find(onhand: Onhand, *, limit: int = PAGE_DEFAULT_ROWS, cursor: str | None = None) -> answers.Page:
    """By code. Raises Invalid."""
    async with onhand.pool.connection() as connection:
        rows = await q.LIST_SUPPLIERS.all(connection, after=name_after(cursor), row_limit=limit + 1)
        sold = await sold_by(connection, [row.supplier_id for row in rows[:limit]])
    items = [_answer(row, sold.get(row.supplier_id, [])) for row in rows[:limit]]
    return answers.Page(items, cursor_of(items[-1].code) if len(rows) > limit else None)


async def row_named(connection: Connection, name: str, path: str | None = None) -> q.SupplierRow:
    """By code or id. Raises Unknown."""
    row = await q.FIND_SUPPLIER.first(connection, name=name)
    if row is None:
        raise Unknown("supplier", name, path)
    return row


async def sold_by(connection: Connection, suppliers: Sequence[Id]) -> dict[Id, list[q.SupplierProductRow]]:
    """What each supplier sells, by SKU."""
    sold: dict[Id, list[q.SupplierProductRow]] = {}
    for row in await q.READ_SUPPLIER_PRODUCTS.all(connection, supplier_ids=list(suppliers)):
        sold.setdefault(row.supplier_id, []).append(row)
    return sold


def _must_be_somewhere(columns: Mapping[str, Any]) -> None:
    """Raises Invalid for a region that has no holidays of its own, or no country."""
    if columns["holiday_region"] is not None:
        must_have_holidays(columns["country"], columns["holiday_region"], "holiday_region")


async def _products(onhand: Onhand, terms: Sequence[Terms]) -> list[Id]:
    products = await products_of(onhand, terms, "products")
    first: dict[Id, int] = {}
    for index, product in enumerate(products):
        if first.setdefault(product, index) != index:
            detail = f"This product stands in products[{first[product]}] already."
            raise Invalid([FieldProblem(f"products[{index}].sku", "INVALID_VALUE", detail)])
        cost = terms[index].unit_cost
        if cost is not None and not (cost.is_finite() and 0 <= cost < COST_BELOW):
            detail = f"A cost is at least 0 and below {COST_BELOW:,}."
            raise Invalid([FieldProblem(f"products[{index}].unit_cost", "OUT_OF_RANGE", detail)])
    return products


async def _put(connection: Connection, supplier_id: Id, products: list[Id], terms: Sequence[Terms]) -> None:
    await q.PUT_SUPPLIER_PRODUCTS.run(
        connection,
        supplier_id=supplier_id,
        product_ids=products,
        supplier_skus=[each.supplier_sku for each in terms],
        lead_times=[each.lead_time_days for each in terms],
        minimum_orders=[each.minimum_order for each in terms],
        pack_sizes=[each.pack_size for each in terms],
        unit_costs=[None if each.unit_cost is None else str(each.unit_cost) for each in terms],
        priorities=[each.priority for each in terms],
    )


async def _read(connection: Connection, name: str) -> Supplier:
    row = await row_named(connection, name)
    return _answer(row, (await sold_by(connection, [row.supplier_id])).get(row.supplier_id, []))


def _answer(row: q.SupplierRow, sold: Sequence[q.SupplierProductRow]) -> Supplier:
    products = [_sold(row, each) for each in sold]
    fields = msgspec.structs.fields(Supplier)
    kept = {field.name: getattr(row, field.name) for field in fields if field.name not in ("supplier_id", "products")}
    return Supplier(supplier_id=str(row.supplier_id), products=products, **kept)


def _sold(row: q.SupplierRow, each: q.SupplierProductRow) -> SuppliedProduct:
    time = lead_time(row, each.lead_time_days, each.took_days)
    return SuppliedProduct(
        **{name: getattr(each, name) for name in TERMS},
        lead_time_used=time.source,
        measured_lead_time=MeasuredLeadTime(time.receipts, _tenths(time.mean_days), _tenths(time.spread_days)),
    )


def _tenths(days: float | None) -> float | None:
    return None if days is None else round(days, 1)
