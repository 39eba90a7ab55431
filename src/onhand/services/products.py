"""Products: what is sold, and how it sells when the shelf is empty."""

import itertools
from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec import UNSET
from psycopg import errors as pg

from onhand.db import queries_catalog, queries_level
from onhand.db import queries_room as room
from onhand.db.arrays import Ids, Ints, Texts
from onhand.db.query import Connection
from onhand.domain.errors import AlreadyExists, FieldProblem, Invalid, Unknown
from onhand.domain.ids import Id
from onhand.domain.limits import PAGE_DEFAULT_ROWS, RETRIES_MAX
from onhand.engine.engine import new_id
from onhand.services import answers
from onhand.services.context import CELL, Onhand
from onhand.services.names import cursor_of, name_after, product_named
from onhand.services.requests import Dimensions, NewProduct, ProductPatch, Selling

DENY = Selling(mode="deny", limit=None)


async def create(onhand: Onhand, request: NewProduct) -> answers.Product:
    """Raises AlreadyExists, Invalid."""
    product_id = new_id()
    async with onhand.pool.connection() as connection:
        try:
            await queries_catalog.INSERT_PRODUCT.run(
                connection,
                product_id=product_id,
                sku=request.sku,
                name=request.name,
                category=request.category,
                now=onhand.now(),
                **_measures(request.weight_g, request.dimensions),
                **_selling(request.selling or DENY, onhand.now().date()),
            )
        except pg.UniqueViolation:
            raise AlreadyExists("sku", request.sku) from None
        onhand.display.local.appeared(request.sku)
        return await _read(connection, product_id)


async def create_many(onhand: Onhand, requests: Sequence[NewProduct]) -> set[str]:
    """Make many at once; return the SKUs that existed already and were left alone. Raises Invalid."""
    columns: list[dict[str, Any]] = [
        _measures(request.weight_g, request.dimensions) | _selling(request.selling or DENY, onhand.now().date())
        for request in requests
    ]
    async with onhand.pool.connection() as connection:
        made = await queries_catalog.INSERT_PRODUCTS.all(
            connection,
            now=onhand.now(),
            product_ids=Ids([new_id() for _ in requests]),
            skus=Texts([request.sku for request in requests]),
            names=Texts([request.name for request in requests]),
            categories=Texts([request.category for request in requests]),
            weights=Ints([column["weight_g"] for column in columns]),
            lengths=Ints([column["length_mm"] for column in columns]),
            widths=Ints([column["width_mm"] for column in columns]),
            heights=Ints([column["height_mm"] for column in columns]),
            modes=Texts([column["selling_mode"] for column in columns]),
            selling_limits=Ints([column["selling_limit"] for column in columns]),
            release_dates=[column["release_date"] for column in columns],
        )
    for row in made:
        onhand.display.local.appeared(row.sku)
    return {request.sku for request in requests} - {row.sku for row in made}


async def get(onhand: Onhand, name: str) -> answers.Product:
    """By SKU or product id. Raises Unknown."""
    product_id = await product_named(onhand, name)
    async with onhand.pool.connection() as connection:
        return await _read(connection, product_id)


async def patch(onhand: Onhand, name: str, request: ProductPatch) -> answers.Product:
    """Change what is given. A new selling mode holds at once for every level without a limit of its own.

    Raises Unknown, Invalid.
    """
    product_id = await product_named(onhand, name)
    for attempt in itertools.count():
        try:
            changed = await _patch(onhand, product_id, name, request)
        except pg.DeadlockDetected:  # A level was being made meanwhile: that batch goes first.
            if attempt == RETRIES_MAX:
                raise
        else:
            onhand.display.forget(product_id)
            return changed
    raise AssertionError("count() does not end")


async def _patch(onhand: Onhand, product_id: Id, name: str, request: ProductPatch) -> answers.Product:
    """In the engine's order: levels, then the product."""
    async with onhand.pool.connection() as connection, connection.transaction():
        if request.selling is not UNSET:
            await queries_level.LOCK_LEVELS_OF_PRODUCT.all(connection, cell=CELL, product_id=product_id)
        await queries_catalog.LOCK_PRODUCT.first(connection, product_id=product_id)
        row = await queries_catalog.READ_PRODUCT.first(connection, product_id=product_id)
        if row is None:
            raise Unknown("sku", name)
        columns = _changed(row, request, onhand.now().date())
        await queries_catalog.UPDATE_PRODUCT.run(connection, product_id=product_id, now=onhand.now(), **columns)
        if any(columns[name] != getattr(row, name) for name in ("length_mm", "width_mm", "height_mm")):
            await room.FORGET_VOLUMES.run(connection)
        if request.selling is not UNSET:
            limit = 0 if columns["selling_mode"] == "deny" else columns["selling_limit"]
            await queries_level.FOLLOW_SELLING_MODE.run(connection, product_id=product_id, backorder_limit=limit)
        return await _read(connection, product_id)


def _changed(row: queries_catalog.ProductRow, request: ProductPatch, today: date) -> dict[str, Any]:
    names = ("name", "category", "weight_g", "length_mm", "width_mm", "height_mm", "selling_mode", "selling_limit")
    columns: dict[str, Any] = {name: getattr(row, name) for name in (*names, "release_date")}
    for name in ("name", "category", "weight_g"):
        if getattr(request, name) is not UNSET:
            columns[name] = getattr(request, name)
    if request.dimensions is not UNSET:
        columns |= _measures(columns["weight_g"], request.dimensions)
    if request.selling is not UNSET:
        columns |= _selling(request.selling, today)
    return columns


async def find(
    onhand: Onhand, *, query: str | None = None, limit: int = PAGE_DEFAULT_ROWS, cursor: str | None = None
) -> answers.Page:
    """By SKU, those whose SKU begins with or whose name contains the query. Raises Invalid."""
    pattern = query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") if query else None
    async with onhand.pool.connection() as connection:
        rows = await queries_catalog.LIST_PRODUCTS.all(
            connection, query=pattern, after=name_after(cursor), row_limit=limit + 1
        )
    items = [_answer(row) for row in rows[:limit]]
    return answers.Page(items, cursor_of(items[-1].sku) if len(rows) > limit else None)


def _measures(weight_g: int | None, dimensions: Dimensions | None) -> dict[str, int | None]:
    return {
        "weight_g": weight_g,
        "length_mm": dimensions.length_mm if dimensions else None,
        "width_mm": dimensions.width_mm if dimensions else None,
        "height_mm": dimensions.height_mm if dimensions else None,
    }


def _selling(selling: Selling, today: date) -> dict[str, Any]:
    """A pre-order whose day has come sells from stock only, as housekeeping would make it a minute later."""
    if selling.mode == "preorder" and selling.release_date is None:
        detail = "A pre-order has a release date."
        raise Invalid([FieldProblem("selling.release_date", "MISSING_FIELD", detail)])
    released = selling.mode == "preorder" and selling.release_date is not None and selling.release_date <= today
    mode = "deny" if released else selling.mode
    return {
        "selling_mode": mode,
        "selling_limit": None if mode == "deny" else selling.limit,
        "release_date": selling.release_date,
    }


async def _read(connection: Connection, product_id: Id) -> answers.Product:
    row = await queries_catalog.READ_PRODUCT.first(connection, product_id=product_id)
    if row is None:
        raise Unknown("product", str(product_id))
    return _answer(row)


def _answer(row: queries_catalog.ProductRow) -> answers.Product:
    dimensions = None
    if row.length_mm is not None and row.width_mm is not None and row.height_mm is not None:
        dimensions = {"length_mm": row.length_mm, "width_mm": row.width_mm, "height_mm": row.height_mm}
    return answers.Product(
        product_id=str(row.product_id),
        sku=row.sku,
        name=row.name,
        category=row.category,
        weight_g=row.weight_g,
        dimensions=dimensions,
        selling={"mode": row.selling_mode, "limit": row.selling_limit, "release_date": row.release_date},
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
