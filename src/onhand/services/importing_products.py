"""Products made, and changed, by the thousand rows."""

import asyncio
from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from onhand.services import products
from onhand.services.context import Onhand
from onhand.services.importing import (
    Advance,
    Problem,
    Record,
    Refusal,
    Refuse,
    Summary,
    chunks,
    product_ids,
    whole,
    whole_problem,
)
from onhand.services.requests import NewProduct, ProductPatch

PRODUCT_COLUMNS = (
    *("sku", "name", "category", "weight_g", "length_mm", "width_mm", "height_mm"),
    *("selling_mode", "selling_limit", "release_date"),
)
REQUIRED_COLUMNS = ("sku", "name")
PRODUCTS_AT_ONCE = 5_000  # made in one transaction
PATCHES_AT_ONCE = 8


async def import_products(
    onhand: Onhand,
    records: Iterable[Record],
    *,
    given: frozenset[str],
    update: bool,
    dry_run: bool,
    refuse: Refuse,
    advance: Advance,
) -> Summary:
    """Make products; with update, change those that exist: the columns `given` in the file. Raises psycopg.Error."""
    summary = Summary()
    for chunk in chunks(records, PRODUCTS_AT_ONCE):
        fresh: dict[str, tuple[Record, NewProduct]] = {}
        again: list[NewProduct] = []
        for record in chunk:
            parsed = record.problem or parse_product(record.cells)
            if isinstance(parsed, Problem):
                summary.refused += 1
                refuse(Refusal(record, parsed))
            elif parsed.sku in fresh:
                again.append(parsed)
            else:
                fresh[parsed.sku] = (record, parsed)
        existing = await _make(onhand, fresh, dry_run=dry_run)
        summary.created += len(fresh) - len(existing)
        older = [product for sku, (_, product) in fresh.items() if sku in existing]
        if update and not dry_run:
            await _change(onhand, older, given, at_once=PATCHES_AT_ONCE)
            await _change(onhand, again, given, at_once=1)  # In the order of the file: the last one counts.
        if update:
            summary.updated += len(older) + len(again)
        else:
            summary.existing += len(older) + len(again)
        summary.rows += len(chunk)
        advance(summary.rows)
    return summary


async def _make(onhand: Onhand, fresh: dict[str, tuple[Record, NewProduct]], *, dry_run: bool) -> set[str]:
    """The SKUs that existed already."""
    if not fresh:
        return set()
    if dry_run:
        return set(await product_ids(onhand, set(fresh)))
    return await products.create_many(onhand, [product for _, product in fresh.values()])


class _RefusedError(Exception):
    def __init__(self, column: str | None, code: str, reason: str) -> None:
        self.problem = Problem(column, code, reason)


async def _change(onhand: Onhand, changed: list[NewProduct], given: frozenset[str], *, at_once: int) -> None:
    for start in range(0, len(changed), at_once):
        some = changed[start : start + at_once]
        await asyncio.gather(*(products.patch(onhand, product.sku, _patch(product, given)) for product in some))


def parse_product(cells: list[str]) -> NewProduct | Problem:
    """The product of a row whose cells stand in the order of PRODUCT_COLUMNS."""
    row = {column: cell for column, cell in zip(PRODUCT_COLUMNS, cells, strict=True) if cell}
    try:
        _must_have(row, *REQUIRED_COLUMNS)
        fields: dict[str, Any] = {name: row[name] for name in ("sku", "name", "category") if name in row}
        fields |= {"weight_g": _number(row, "weight_g"), "dimensions": _dimensions(row), "selling": _selling(row)}
        return msgspec.convert({name: value for name, value in fields.items() if value is not None}, NewProduct)
    except _RefusedError as refused:
        return refused.problem
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$.")
        return Problem(path.rstrip("`") or None, "INVALID_VALUE", text + ".")


def _must_have(row: dict[str, str], *columns: str) -> None:
    for column in columns:
        if column not in row:
            raise _RefusedError(column, "MISSING_FIELD", f"{column} is empty.")


def _number(row: dict[str, str], column: str) -> int | None:
    if column not in row:
        return None
    number = whole(row[column])
    if number is None:
        raise _RefusedError(*whole_problem(column, row[column], 0))
    return number


def _dimensions(row: dict[str, str]) -> dict[str, int | None] | None:
    measures = ("length_mm", "width_mm", "height_mm")
    if not row.keys() & measures:
        return None
    _must_have(row, *measures)  # All of them, or none.
    return {column: _number(row, column) for column in measures}


def _selling(row: dict[str, str]) -> dict[str, Any] | None:
    if not {"selling_mode", "selling_limit", "release_date"} & row.keys():
        return None
    mode = row.get("selling_mode", "deny").lower()
    limit = _number(row, "selling_limit")
    release_date = _date(row, "release_date")
    if mode not in ("deny", "backorder", "preorder"):
        reason = f"{row['selling_mode']!r} is not deny, backorder or preorder."
        raise _RefusedError("selling_mode", "INVALID_VALUE", reason)
    if mode == "deny" and limit is not None:
        reason = "A limit goes with selling_mode backorder or preorder."
        raise _RefusedError("selling_limit", "INVALID_VALUE", reason)
    if mode == "preorder":
        _must_have(row, "release_date")
    return {"mode": mode, "limit": limit, "release_date": release_date}


def _date(row: dict[str, str], column: str) -> date | None:
    if column not in row:
        return None
    try:
        return date.fromisoformat(row[column])
    except ValueError:
        reason = f"{row[column]!r} is not a date like 2026-03-01."
        raise _RefusedError(column, "INVALID_VALUE", reason) from None


def _patch(product: NewProduct, given: frozenset[str]) -> ProductPatch:
    """A column that is there and empty clears; one that is not there changes nothing."""
    patch = ProductPatch(name=product.name)
    if "category" in given:
        patch.category = product.category
    if "weight_g" in given:
        patch.weight_g = product.weight_g
    if "length_mm" in given:
        patch.dimensions = product.dimensions
    if product.selling is not None:
        patch.selling = product.selling
    return patch
