"""Suppliers and the terms of what they sell, by the thousand rows: one row per supplier and product."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

import msgspec

from onhand.services import suppliers
from onhand.services.context import Onhand
from onhand.services.importing import Advance, Problem, Record, Refusal, Refuse, Summary, chunks, product_ids, whole
from onhand.services.supply_requests import NewSupplier, SuppliedProduct

SUPPLIER_COLUMNS = (
    *("supplier", "name", "lead_time_in", "reorders", "over_delivery_percent", "under_delivery_percent"),
    *(
        "measured_after_receipts",
        "country",
        "holiday_region",
        "active",
        "sku",
        "supplier_sku",
        "lead_time_days",
        "minimum_order",
        "pack_size",
        "unit_cost",
        "priority",
    ),
)
REQUIRED_SUPPLIER_COLUMNS = ("supplier", "sku", "lead_time_days")
NUMBERS = frozenset(
    {"over_delivery_percent", "under_delivery_percent", "lead_time_days", "minimum_order", "pack_size", "priority"}
    | {"measured_after_receipts"}
)


async def import_suppliers(
    onhand: Onhand, records: Iterable[Record], *, dry_run: bool, refuse: Refuse, advance: Advance
) -> Summary:
    """Make suppliers that are new, with the settings of their first row; add and change what each sells.

    A supplier that exists keeps its settings, and sells what no row names as before. Raises psycopg.Error.
    """
    summary = Summary()
    for chunk in chunks(records):
        parsed = [(record, record.problem or parse_supplier(record.cells)) for record in chunk]
        skus = {new.products[0].sku or "" for _, new in parsed if not isinstance(new, Problem)}
        known = await product_ids(onhand, skus)
        merged: dict[str, NewSupplier] = {}
        terms: dict[str, dict[str, SuppliedProduct]] = {}
        for record, new in parsed:
            if not isinstance(new, Problem) and (new.products[0].sku or "") not in known:
                new = Problem("sku", "UNKNOWN_SKU", f"There is no SKU {new.products[0].sku!r}.")  # noqa: PLW2901
            if isinstance(new, Problem):
                summary.refused += 1
                refuse(Refusal(record, new))
                continue
            sold = terms.setdefault(merged.setdefault(new.code, new).code, {})
            summary.updated += (new.products[0].sku or "") in sold  # The last row of a product counts.
            sold[new.products[0].sku or ""] = new.products[0]
        for code, new in merged.items():
            whole_supplier = msgspec.structs.replace(new, products=list(terms[code].values()))
            before = await suppliers.sell(onhand, whole_supplier, dry_run=dry_run)
            summary.updated += before
            summary.created += len(terms[code]) - before
        summary.rows += len(chunk)
        advance(summary.rows)
    return summary


def parse_supplier(cells: list[str]) -> NewSupplier | Problem:
    """A supplier with one product, of a row whose cells stand in the order of SUPPLIER_COLUMNS."""
    row: dict[str, object] = {}
    for column, cell in zip(SUPPLIER_COLUMNS, cells, strict=True):
        if not cell:
            if column in REQUIRED_SUPPLIER_COLUMNS:
                return Problem(column, "MISSING_FIELD", f"{column} is empty.")
            continue
        row[column] = _value(column, cell)
        if row[column] is None:
            kind = "a whole number" if column in NUMBERS else "true or false"
            return Problem(column, "INVALID_VALUE", f"{cell!r} is not {kind}.")
    if "unit_cost" in row and not _is_cost(str(row["unit_cost"])):
        return Problem("unit_cost", "OUT_OF_RANGE", f"A cost is at least 0 and below {suppliers.COST_BELOW:,}.")
    code = row["supplier"]
    settings = {"name": code} | {name: row[name] for name in suppliers.SETTINGS if name in row}
    try:
        product = msgspec.convert({name: row[name] for name in suppliers.TERMS if name in row}, SuppliedProduct)
        return msgspec.structs.replace(msgspec.convert({"code": code, **settings}, NewSupplier), products=[product])
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$.")
        column = path.rstrip("`")
        return Problem("supplier" if column == "code" else column or None, "INVALID_VALUE", text + ".")


def _value(column: str, cell: str) -> object:
    """None: the cell is not of the column's type."""
    if column in NUMBERS:
        return whole(cell)
    return {"true": True, "false": False}.get(cell.lower()) if column == "active" else cell


def _is_cost(text: str) -> bool:
    try:
        cost = Decimal(text)
    except InvalidOperation:
        return False
    return cost.is_finite() and 0 <= cost < suppliers.COST_BELOW
