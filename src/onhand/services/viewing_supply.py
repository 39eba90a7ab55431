"""What the replenishment pages show and the API has no route for: what is short and why, heads of orders, suppliers."""

from datetime import date
from typing import NamedTuple

from onhand.db import queries_pages as q
from onhand.domain.errors import FieldProblem, Invalid
from onhand.domain.ids import Id
from onhand.domain.replenishment import order_quantity
from onhand.services import answers
from onhand.services.context import CELL, Onhand
from onhand.services.names import parse_id, product_named, warehouse_named
from onhand.services.suppliers import row_named

PAGE_ROWS = 50


class Short(NamedTuple):
    """A level with too little that can be counted on. position: what there will be when all on order has come, less
    what is owed; suggested: units to order now, 0 where enough is on order.
    """

    row: q.ReplenishmentRow
    position: int
    suggested: int


async def replenishment(
    onhand: Onhand,
    *,
    warehouse: str = "",
    supplier: str = "",
    lacking: bool = True,
    cursor: str | None = None,
) -> answers.Page:
    """Levels that the daily batch would order for, in SKU order; with lacking False also those with enough on order.

    Raises Unknown, Invalid.
    """
    after_sku, after_warehouse = _after(cursor)
    place = (await warehouse_named(onhand, warehouse)).warehouse_id if warehouse else None
    async with onhand.pool.connection() as connection:
        rows = await q.LIST_REPLENISHMENT.all(
            connection,
            cell=CELL,
            warehouse_id=place,
            supplier=supplier or None,
            lacking=lacking,
            after_sku=after_sku,
            after_warehouse=after_warehouse,
            row_limit=PAGE_ROWS + 1,
        )
    items = [_short(row) for row in rows[:PAGE_ROWS]]
    last = items[-1].row if len(rows) > PAGE_ROWS else None
    return answers.Page(items, f"{last.warehouse_id}.{last.sku}" if last else None)


def _short(row: q.ReplenishmentRow) -> Short:
    position = row.on_hand - row.backordered + row.quality_control + row.incoming + row.drafted
    suggested = order_quantity(
        position,
        row.reorder_threshold or 0,
        row.reorder_quantity,
        minimum_order=row.minimum_order or 1,
        pack_size=row.pack_size or 1,
    )
    return Short(row, position, suggested)


def _after(cursor: str | None) -> tuple[str | None, Id | None]:
    if not cursor:
        return None, None
    warehouse, dot, sku = cursor.partition(".")
    if not dot:
        raise Invalid([FieldProblem("cursor", "INVALID_VALUE", "Use the next_cursor of an earlier page.")])
    return sku, parse_id(warehouse, "cursor")


async def purchase_orders(
    onhand: Onhand, *, status: str = "", supplier: str = "", due_until: date | None = None, cursor: str | None = None
) -> answers.Page:
    """Heads of purchase orders, newest first. Raises Unknown, Invalid."""
    before = parse_id(cursor, "cursor") if cursor else None
    async with onhand.pool.connection() as connection:
        code = (await row_named(connection, supplier, "supplier")).code if supplier else None
        rows = await q.LIST_PURCHASE_ORDER_HEADS.all(
            connection,
            cell=CELL,
            status=status or None,
            supplier=code,
            due_until=due_until,
            before=before,
            row_limit=PAGE_ROWS + 1,
        )
    more = len(rows) > PAGE_ROWS
    return answers.Page(rows[:PAGE_ROWS], str(rows[PAGE_ROWS - 1].purchase_order_id) if more else None)


async def due(onhand: Onhand) -> q.PurchaseOrdersDueRow:
    """How many purchase orders should arrive today (UTC), and how many should have."""
    async with onhand.pool.connection() as connection:
        row = await q.COUNT_PURCHASE_ORDERS_DUE.first(connection, cell=CELL, today=onhand.now().date())
    return row or q.PurchaseOrdersDueRow(0, 0)


async def suppliers(onhand: Onhand, *, cursor: str | None = None) -> answers.Page:
    """By code; the cursor is the last code."""
    async with onhand.pool.connection() as connection:
        rows = await q.LIST_SUPPLIER_HEADS.all(connection, cell=CELL, after=cursor or None, row_limit=PAGE_ROWS + 1)
    return answers.Page(rows[:PAGE_ROWS], rows[PAGE_ROWS - 1].code if len(rows) > PAGE_ROWS else None)


async def sold_by(onhand: Onhand, supplier: str, *, cursor: str | None = None) -> answers.Page:
    """What a supplier sells and on which terms, by SKU; the cursor is the last SKU. Raises Unknown."""
    async with onhand.pool.connection() as connection:
        row = await row_named(connection, supplier)
        rows = await q.LIST_PRODUCTS_OF_SUPPLIER.all(
            connection, supplier_id=row.supplier_id, after=cursor or None, row_limit=PAGE_ROWS + 1
        )
    return answers.Page(rows[:PAGE_ROWS], rows[PAGE_ROWS - 1].sku if len(rows) > PAGE_ROWS else None)


async def stop_selling(onhand: Onhand, supplier: str, sku: str) -> None:
    """A supplier sells a product no more; what is on order stays so. Raises Unknown."""
    product_id = await product_named(onhand, sku)
    async with onhand.pool.connection() as connection:
        row = await row_named(connection, supplier)
        await q.DELETE_SUPPLIER_PRODUCT.run(connection, supplier_id=row.supplier_id, product_id=product_id)
