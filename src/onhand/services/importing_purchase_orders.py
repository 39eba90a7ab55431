"""Purchase orders from CSV: rows that follow each other and name the same order become one, whole or not at all.

An order with a name of its own is made once, however often its rows are imported (while Idempotency-Keys are kept).
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from typing import NamedTuple

import msgspec

from onhand.domain import limits
from onhand.domain.errors import (
    DomainError,
    IdempotencyKeyReused,
    Invalid,
    LevelOverflow,
    OutcomeUnknown,
    Overloaded,
    Unavailable,
    Unknown,
    WarehouseInactive,
)
from onhand.services import purchase_orders
from onhand.services.context import Onhand
from onhand.services.importing import (
    ACTOR,
    BAD_TEXT,
    Advance,
    Problem,
    Record,
    Refusal,
    Refuse,
    Summary,
    product_ids,
    whole,
    whole_problem,
)
from onhand.services.supply_requests import NewPurchaseOrder, PurchaseOrderLine

# Those of the export. What happened to an order since it was written is told there and not imported.
PURCHASE_ORDER_COLUMNS = (
    *("purchase_order_id", "supplier", "status", "expected_arrival_date", "placed_at", "created_at", "created_by"),
    *("line", "sku", "warehouse", "quantity", "received", "open", "damaged", "quality_control", "cancelled"),
)
REQUIRED_PURCHASE_ORDER_COLUMNS = ("supplier", "sku", "warehouse", "quantity")
OF_THE_ORDER = ("purchase_order_id", "supplier", "status", "expected_arrival_date")
STATUSES = ("", "draft", "placed")
NAME = re.compile(r"[!-~]{1,200}|")
PATH = re.compile(r"lines\[(\d+)\]\.(\w+)")
ANOTHER = "ORDER_REFUSED"


class Row(NamedTuple):
    record: Record
    cells: dict[str, str]


async def import_purchase_orders(
    onhand: Onhand, records: Iterable[Record], digest: bytes, *, dry_run: bool, refuse: Refuse, advance: Advance
) -> Summary:
    """Write drafts, and place those whose status says so. An order with a bad row is refused with all of its rows.

    digest: of the content; tells orders without a name apart. Raises psycopg.Error, and DomainError when the database
    stays away: run it again then.
    """
    summary = Summary()
    named: set[str] = set()
    for rows, too_long in _orders(records):
        problems = _too_long(rows) if too_long else await _problems(onhand, rows, named)
        if not problems:
            problems = await _make(onhand, rows, digest, summary, dry_run=dry_run)
        for index, row in enumerate(rows if problems else ()):
            first = rows[min(problems)].record.line
            why = problems.get(index) or Problem(None, ANOTHER, f"Line {first} of the same order was refused.")
            summary.refused += 1
            refuse(Refusal(row.record, why))
        summary.rows += len(rows)
        advance(summary.rows)
    return summary


def _orders(records: Iterable[Record]) -> Iterator[tuple[list[Row], bool]]:
    """The rows of one order at a time; those without a name are parted by what they say of the order, and by length.

    One with a name that is too long comes in parts, and is told to be: a file is read in bounded memory.
    """
    rows = (Row(record, dict(zip(PURCHASE_ORDER_COLUMNS, record.cells, strict=True))) for record in records)
    for (name, *_), same in groupby(rows, key=_order_of):
        order: list[Row] = []
        too_long = False
        for row in same:
            if len(order) == limits.LINES_MAX:
                too_long = bool(name)
                yield order, too_long
                order = []
            order.append(row)
        yield order, too_long


def _order_of(row: Row) -> tuple[str, ...]:
    name = row.cells["purchase_order_id"]
    return (name,) if name else ("", *(row.cells[column] for column in OF_THE_ORDER))


def _too_long(rows: list[Row]) -> dict[int, Problem]:
    why = Problem(None, "OUT_OF_RANGE", f"An order has at most {limits.LINES_MAX:,} lines.")
    return dict.fromkeys(range(len(rows)), why)


async def _problems(onhand: Onhand, rows: list[Row], named: set[str]) -> dict[int, Problem]:
    """What is wrong, by the index of the row."""
    name = rows[0].cells["purchase_order_id"]
    if name in named:
        return dict.fromkeys(range(len(rows)), Problem("purchase_order_id", "INVALID_VALUE", f"{name!r} came before."))
    if name:
        named.add(name)
    skus = {row.cells["sku"] for row in rows if row.cells["sku"] and not BAD_TEXT.search(row.cells["sku"])}
    known = await product_ids(onhand, skus)
    if not {row.cells["warehouse"] for row in rows} <= onhand.directory.by_code.keys():
        await onhand.directory.read_warehouses()
    found = ((index, _problem(onhand, row, rows[0], set(known))) for index, row in enumerate(rows))
    return {index: problem for index, problem in found if problem is not None}


def _problem(onhand: Onhand, row: Row, first: Row, known: set[str]) -> Problem | None:
    return row.record.problem or _problem_of_the_order(row, first) or _problem_of_the_line(onhand, row.cells, known)


def _problem_of_the_order(row: Row, first: Row) -> Problem | None:
    for column in REQUIRED_PURCHASE_ORDER_COLUMNS:
        if not row.cells[column]:
            return Problem(column, "MISSING_FIELD", f"{column} is empty.")
    for column in OF_THE_ORDER:
        if row.cells[column] != first.cells[column]:
            return Problem(column, "INVALID_VALUE", f"The order's first row says {first.cells[column]!r}.")
    if not NAME.fullmatch(row.cells["purchase_order_id"]):
        return Problem("purchase_order_id", "INVALID_VALUE", "1 to 200 visible characters without a space.")
    if row.cells["status"] not in STATUSES:
        return Problem("status", "INVALID_VALUE", "Only draft and placed orders can be imported.")
    if row.cells["expected_arrival_date"] and _date(row.cells["expected_arrival_date"]) is None:
        return Problem("expected_arrival_date", "INVALID_VALUE", "Not a day like 2026-03-01.")
    return None


def _problem_of_the_line(onhand: Onhand, cells: dict[str, str], known: set[str]) -> Problem | None:
    for column in ("received", "damaged", "quality_control", "cancelled"):
        if cells[column] not in ("", "0"):
            return Problem(column, "INVALID_VALUE", "What happened to an order is not imported; receive it here.")
    if cells["sku"] not in known:
        return Problem("sku", "UNKNOWN_SKU", f"There is no SKU {cells['sku']!r}.")
    place = onhand.directory.by_code.get(cells["warehouse"])
    if place is None:
        return Problem("warehouse", "UNKNOWN_WAREHOUSE", f"There is no warehouse {cells['warehouse']!r}.")
    if not place.active:
        return Problem("warehouse", WarehouseInactive.code, "The warehouse takes no new stock.")
    return None if whole(cells["quantity"]) else whole_problem("quantity", cells["quantity"], 1)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-03-01") else None
    except ValueError:
        return None


async def _make(
    onhand: Onhand, rows: list[Row], digest: bytes, summary: Summary, *, dry_run: bool
) -> dict[int, Problem]:
    """Write and place one order; what the services refuse of it, by the index of the row."""
    first = rows[0].cells
    lines = [
        PurchaseOrderLine(quantity=whole(cells["quantity"]) or 0, sku=cells["sku"], warehouse=cells["warehouse"])
        for _, cells in rows
    ]
    try:
        request = msgspec.convert(
            {
                "supplier": first["supplier"],
                "lines": lines,
                "expected_arrival_date": _date(first["expected_arrival_date"]),
            },
            NewPurchaseOrder,
        )
        if dry_run:
            await purchase_orders.draft(onhand, ACTOR, request)
            summary.created += 1
            return {}
        name = first["purchase_order_id"] or f"{digest.hex()}:{rows[0].record.line}"
        made, repeated = await purchase_orders.create(onhand, ACTOR, request, f"import:{name}")
        if first["status"] == "placed" and made.status == "draft":
            await purchase_orders.place(onhand, ACTOR, made.purchase_order_id, f"import:{name}:place")
    except msgspec.ValidationError as error:
        return {0: Problem("supplier", "INVALID_VALUE", str(error).split(" - at")[0] + ".")}
    except (Overloaded, Unavailable, OutcomeUnknown):
        raise
    except DomainError as error:
        return _refused(error)
    summary.created += not repeated
    summary.repeated += repeated
    return {}


def _refused(error: DomainError) -> dict[int, Problem]:
    match error:
        case Unknown(kind="supplier"):
            return {0: Problem("supplier", "UNKNOWN_SUPPLIER", f"There is no supplier {error.name!r}.")}
        case Invalid():
            places = [(PATH.fullmatch(each.path), each) for each in error.fields]
            return {int(at[1]) if at else 0: Problem(at and at[2], each.code, each.detail) for at, each in places}
        case WarehouseInactive():
            return {error.line: Problem("warehouse", error.code, "The warehouse takes no new stock.")}
        case LevelOverflow():
            reason = f"The level would exceed {limits.QUANTITY_MAX_UNITS} units."
            return {error.line: Problem("quantity", error.code, reason)}
        case IdempotencyKeyReused():
            reason = "An order of this name was imported before, with other rows."
            return {0: Problem("purchase_order_id", error.code, reason)}
    return {0: Problem(None, error.code, "The order was refused.")}
