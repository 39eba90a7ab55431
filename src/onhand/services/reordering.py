"""Replenishment: notes of levels that fell below their threshold become purchase orders, and so does the daily batch.

Who finds a level too low only proposes: how much is ordered is decided by the engine under the level's lock, with all
that is on order counted. So the job, the batch and a crash between can propose the same level and it is ordered once.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import date
from typing import cast

import msgspec
from psycopg.rows import args_row

from onhand.db import queries_supply as q
from onhand.db.query import Connection
from onhand.domain.commands import Header, Replenish, ReplenishLine
from onhand.domain.ids import Id
from onhand.domain.limits import LINES_MAX
from onhand.domain.outcomes import PurchaseOrderDone
from onhand.domain.replenishment import order_quantity
from onhand.engine.engine import new_id
from onhand.services.context import CELL, Onhand
from onhand.services.lead_times import lead_time
from onhand.services.names import labels

ACTOR = "system:reorder"
NOTES_AT_ONCE = 1_000
SHOWN_MAX_LINES = 10_000

Progress = Callable[[int, int], None]  # levels below their threshold looked at so far, of how many


class Report(msgspec.Struct):
    """What a run ordered and why. levels: below their threshold with all on order counted; no_supplier: of these, with
    nobody to ask. purchase_orders: the first of them, up to SHOWN_MAX_LINES lines; in a dry run as they would be,
    without an id.
    """

    dry_run: bool
    levels: int = 0
    no_supplier: int = 0
    orders: int = 0
    lines: int = 0
    units: int = 0
    purchase_orders: list["Reordered"] = []


class Reordered(msgspec.Struct):
    supplier: str
    purchase_order_id: str | None
    status: str
    expected_arrival_date: date | None
    lines: list["ReorderedLine"]


class ReorderedLine(msgspec.Struct):
    """position: units on hand and on order, less those owed to backorders, when the level was found too low."""

    sku: str
    warehouse: str
    quantity: int
    position: int
    reorder_threshold: int


async def sweep(onhand: Onhand) -> int:
    """Turn notes into purchase orders; return how many orders. A bounded number of notes at a time."""
    made = 0
    while True:
        async with onhand.pool.connection() as connection:
            notes = await q.READ_REORDER_NOTES.all(connection, cell=CELL, row_limit=NOTES_AT_ONCE)
            if not notes:
                return made
            keys = sorted({(note.product_id, note.warehouse_id) for note in notes})
            rows = await q.FIND_REORDERS_OF.all(
                connection, cell=CELL, product_ids=[key[0] for key in keys], warehouse_ids=[key[1] for key in keys]
            )
        report = Report(dry_run=False)
        for rows_of_one in _by_supplier(rows):
            await _order(onhand, rows_of_one, report)
        made += report.orders
        async with onhand.pool.connection() as connection:  # Only now: a crash before leaves the notes.
            await q.DELETE_REORDER_NOTES.run(connection, cell=CELL, note_ids=[note.note_id for note in notes])


async def daily(onhand: Onhand) -> int:
    """The batch as a job; return how many orders."""
    return (await run(onhand)).orders


async def run(onhand: Onhand, *, dry_run: bool = False, progress: Progress | None = None) -> Report:
    """Order for every level below its threshold: one statement finds them, one command per supplier and LINES_MAX lines
    orders. May be killed and run again at any moment. Raises psycopg.Error, DomainError.
    """
    report = Report(dry_run=dry_run)
    waiting: list[q.ReorderRow] = []
    async with _every_reorder(onhand) as rows:
        async for row in rows:
            report.levels += 1
            if row.supplier_id is None:
                report.no_supplier += 1
                continue
            if waiting and (waiting[0].supplier_id != row.supplier_id or len(waiting) == LINES_MAX):
                await _order(onhand, waiting, report)
                waiting = []
            waiting.append(row)
            if progress and report.levels % LINES_MAX == 0:
                progress(report.levels, row.levels)
    if waiting:
        await _order(onhand, waiting, report)
    if progress:
        progress(report.levels, report.levels)
    return report


@asynccontextmanager
async def _every_reorder(onhand: Onhand) -> AsyncIterator[AsyncIterator[q.ReorderRow]]:
    async with (
        onhand.pool.connection() as connection,
        connection.transaction(),
        connection.cursor(row_factory=args_row(q.ReorderRow)) as cursor,
    ):
        # The planner takes a third of all levels to be low, and would not send so many from workers to their leader.
        await connection.execute("SET LOCAL parallel_tuple_cost = 0")
        # Streamed, not by a cursor of the server's: those get no parallel plan.
        rows = cursor.stream(q.FIND_REORDERS.sql, {"cell": CELL}, binary=True, size=LINES_MAX)
        async with aclosing(cast("AsyncGenerator[q.ReorderRow]", rows)):  # Gives up rows that are not wanted any more.
            yield rows


def _by_supplier(rows: Sequence[q.ReorderRow]) -> list[list[q.ReorderRow]]:
    groups: dict[Id, list[q.ReorderRow]] = {}
    for row in rows:
        if row.supplier_id is not None:
            groups.setdefault(row.supplier_id, []).append(row)
    return list(groups.values())


async def _order(onhand: Onhand, rows: Sequence[q.ReorderRow], report: Report) -> None:
    """One purchase order of one supplier, or what it would be."""
    async with onhand.pool.connection() as connection:
        supplier = await _supplier(connection, rows[0].supplier_id)
    today = onhand.now().date()
    expected = max(lead_time(supplier, row.lead_time_days or 0, row.took_days).arrival(today) for row in rows)
    header = Header(new_id(), ACTOR)
    lines = tuple(
        ReplenishLine(r.product_id, r.warehouse_id, r.reorder_quantity, r.minimum_order or 1, r.pack_size or 1)
        for r in rows
    )
    command = Replenish(header, supplier.supplier_id, lines, expected, place=supplier.reorders == "placed")
    if report.dry_run:
        ordered = [(row, _proposed(row)) for row in rows]
        _count(report, ordered)
        await _show(onhand, report, Reordered(supplier.code, None, supplier.reorders, expected, []), ordered)
        return
    verdict = (await onhand.engine.submit(command)).verdict
    if not isinstance(verdict, PurchaseOrderDone):
        return  # Somebody else has ordered meanwhile.
    order = verdict.purchase_order
    seen = {(row.product_id, row.warehouse_id): row for row in rows}
    ordered = [(seen[line.key], line.quantity) for line in order.lines]
    _count(report, ordered)
    shown = Reordered(supplier.code, str(order.purchase_order_id), str(order.status), order.expected_arrival_date, [])
    await _show(onhand, report, shown, ordered)


def _proposed(row: q.ReorderRow) -> int:
    return order_quantity(
        row.position,
        row.reorder_threshold or 0,
        row.reorder_quantity,
        minimum_order=row.minimum_order or 1,
        pack_size=row.pack_size or 1,
    )


def _count(report: Report, ordered: Sequence[tuple[q.ReorderRow, int]]) -> None:
    report.orders += 1
    report.lines += len(ordered)
    report.units += sum(units for _, units in ordered)


async def _show(onhand: Onhand, report: Report, shown: Reordered, ordered: Sequence[tuple[q.ReorderRow, int]]) -> None:
    if report.lines > SHOWN_MAX_LINES:
        return
    names = await labels(onhand, [row.product_id for row, _ in ordered], [row.warehouse_id for row, _ in ordered])
    shown.lines = [
        ReorderedLine(
            names.sku[row.product_id],
            names.warehouse[row.warehouse_id],
            units,
            row.position,
            row.reorder_threshold or 0,
        )
        for row, units in ordered
    ]
    report.purchase_orders.append(shown)


async def _supplier(connection: Connection, supplier_id: Id | None) -> q.SupplierRow:
    row = await q.FIND_SUPPLIER.first(connection, name=str(supplier_id))
    if row is None:
        raise LookupError(supplier_id)  # Suppliers are never deleted.
    return row
