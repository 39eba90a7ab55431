"""Purchase orders: written, placed, received, cancelled. Each is a command: stock on its way is stock."""

from collections.abc import Sequence

from onhand.db import queries_supply as q
from onhand.domain.commands import (
    ArrivalLine,
    CancelPurchaseOrder,
    CreatePurchaseOrder,
    PlacePurchaseOrder,
    PurchaseOrderCommand,
    ReceivePurchaseOrder,
    ReschedulePurchaseOrder,
    StockLine,
)
from onhand.domain.errors import FieldProblem, Invalid, Unknown
from onhand.domain.ids import Id
from onhand.domain.limits import PAGE_DEFAULT_ROWS
from onhand.domain.outcomes import PurchaseOrderDone
from onhand.domain.purchase_order import PurchaseOrder, PurchaseOrderLine
from onhand.engine.job import Key
from onhand.services import answers, capacity, lead_times, supply_answers
from onhand.services.context import CELL, Onhand
from onhand.services.names import labels, parse_id, products_of, warehouses_of
from onhand.services.stock import parts_must_fit
from onhand.services.submitting import Reply, header, header_about, idempotency
from onhand.services.suppliers import row_named
from onhand.services.supply_requests import Arrival, NewPurchaseOrder, PurchaseOrderPatch

Answered = Reply[supply_answers.PurchaseOrder]


async def create(onhand: Onhand, actor: str, request: NewPurchaseOrder, key: str | None = None) -> Answered:
    """Write down a draft. Raises DomainError."""
    command = await draft(onhand, actor, request)
    return await _submit(onhand, command, idempotency(actor, key, "create_purchase_order", request))


async def draft(onhand: Onhand, actor: str, request: NewPurchaseOrder) -> CreatePurchaseOrder:
    """The command that writes a draft down. Raises Unknown, Invalid."""
    products = await products_of(onhand, request.lines)
    places = await warehouses_of(onhand, request.lines, required=True)
    async with onhand.pool.connection() as connection:
        supplier = await row_named(connection, request.supplier, "supplier")
        sold = await lead_times.of_products(connection, products, supplier.supplier_id)
    for index, product in enumerate(products):
        if (supplier.supplier_id, product) not in sold:
            detail = f"{supplier.code} does not sell this product."
            raise Invalid([FieldProblem(f"lines[{index}].sku", "INVALID_VALUE", detail)])
    lines = tuple(
        StockLine(product, warehouse, line.quantity)
        for product, warehouse, line in zip(products, places, request.lines, strict=True)
        if warehouse is not None
    )
    return CreatePurchaseOrder(header(actor), supplier.supplier_id, lines, request.expected_arrival_date)


async def place(onhand: Onhand, actor: str, purchase_order_id: str, key: str | None = None) -> Answered:
    """Its lines are incoming from now on. Raises DomainError."""
    order = await _order(onhand, purchase_order_id)
    async with onhand.pool.connection() as connection:
        sold = await lead_times.of_products(connection, [line.product for line in order.lines], order.supplier)
    today = onhand.now().date()
    expected = max((time.arrival(today) for time in sold.values()), default=today)
    about = header_about(actor, "purchase_order", order.purchase_order_id)
    command = PlacePurchaseOrder(about, order.purchase_order_id, expected)
    return await _submit(onhand, command, idempotency(actor, key, "place_purchase_order", None, purchase_order_id))


async def receive(
    onhand: Onhand, actor: str, purchase_order_id: str, request: Arrival, key: str | None = None
) -> Answered:
    """A RECEIVE of what has arrived, all or some. Raises DomainError."""
    command = await arrival(onhand, actor, purchase_order_id, request)
    return await _submit(onhand, command, idempotency(actor, key, "receive_purchase_order", request, purchase_order_id))


async def arrival(onhand: Onhand, actor: str, purchase_order_id: str, request: Arrival) -> ReceivePurchaseOrder:
    """The command. Raises Invalid, Unknown."""
    order = await _order(onhand, purchase_order_id)
    async with onhand.pool.connection() as connection:
        supplier = await row_named(connection, str(order.supplier))
    lines = None
    if request.lines is not None:
        parts_must_fit(request.lines)
        products = await products_of(onhand, request.lines)
        places = await warehouses_of(onhand, request.lines, required=False)
        lines = tuple(
            ArrivalLine(product, line.quantity, warehouse, line.damaged, line.quality_control)
            for product, warehouse, line in zip(products, places, request.lines, strict=True)
        )
    return ReceivePurchaseOrder(
        header_about(actor, "purchase_order", order.purchase_order_id),
        order.purchase_order_id,
        lines,
        supplier.over_delivery_percent,
        supplier.under_delivery_percent,
    )


async def patch(
    onhand: Onhand, actor: str, purchase_order_id: str, request: PurchaseOrderPatch, key: str | None = None
) -> Answered:
    """Another expected_arrival_date, of an order that is not closed. Raises DomainError."""
    order = await _order(onhand, purchase_order_id)
    command = ReschedulePurchaseOrder(
        header_about(actor, "purchase_order", order.purchase_order_id),
        order.purchase_order_id,
        request.expected_arrival_date,
    )
    reply = await _submit(onhand, command, idempotency(actor, key, "patch_purchase_order", request, purchase_order_id))
    onhand.outlook.forget(line.product for line in order.lines)
    return reply


async def cancel(onhand: Onhand, actor: str, purchase_order_id: str, key: str | None = None) -> Answered:
    """What is still to come will not come. Raises DomainError."""
    subject = parse_id(purchase_order_id, "purchase_order_id")
    command = CancelPurchaseOrder(header_about(actor, "purchase_order", subject), subject)
    return await _submit(onhand, command, idempotency(actor, key, "cancel_purchase_order", None, purchase_order_id))


async def _submit(onhand: Onhand, command: CreatePurchaseOrder | PurchaseOrderCommand, key: Key | None) -> Answered:
    answer = await capacity.submit(onhand, command, key)
    if not isinstance(answer.verdict, PurchaseOrderDone):
        raise TypeError(answer.verdict)
    [rendered] = await render(onhand, [answer.verdict.purchase_order])
    rendered.warnings = await capacity.warnings(onhand, answer.verdict.warnings)
    return Reply(rendered, answer.replayed)


async def get(onhand: Onhand, purchase_order_id: str) -> supply_answers.PurchaseOrder:
    """Raises Unknown."""
    [rendered] = await render(onhand, [await _order(onhand, purchase_order_id)])
    return rendered


async def sheet(onhand: Onhand, purchase_order_id: str) -> supply_answers.OrderSheet:
    """What is printed of an order. Raises Unknown, Invalid."""
    order_id = parse_id(purchase_order_id, "purchase_order_id")
    async with onhand.pool.connection() as connection:
        rows = await q.READ_ORDER_SHEET.all(connection, cell=CELL, purchase_order_id=order_id)
    if not rows:
        raise Unknown("purchase_order", purchase_order_id)
    first = rows[0]
    lines = [
        supply_answers.SheetLine(**{name: getattr(row, name) for name in supply_answers.SheetLine.__struct_fields__})
        for row in rows
    ]
    return supply_answers.OrderSheet(
        str(order_id),
        first.supplier,
        first.supplier_name,
        first.status,
        first.placed_at,
        first.expected_arrival_date,
        lines,
    )


async def find(
    onhand: Onhand,
    *,
    status: str | None = None,
    supplier: str | None = None,
    limit: int = PAGE_DEFAULT_ROWS,
    cursor: str | None = None,
) -> answers.Page:
    """Newest first. Raises Unknown, Invalid."""
    before = parse_id(cursor, "cursor") if cursor else None
    async with onhand.pool.connection() as connection:
        supplier_id = (await row_named(connection, supplier, "supplier")).supplier_id if supplier else None
        rows = await q.FIND_PURCHASE_ORDERS.all(
            connection, cell=CELL, status=status, supplier_id=supplier_id, before=before, row_limit=limit + 1
        )
    ids = [row.purchase_order_id for row in rows[:limit]]
    return answers.Page(await render(onhand, await _read(onhand, ids)), str(ids[-1]) if len(rows) > limit else None)


async def _order(onhand: Onhand, purchase_order_id: str) -> PurchaseOrder:
    found = await _read(onhand, [parse_id(purchase_order_id, "purchase_order_id")])
    if not found:
        raise Unknown("purchase_order", purchase_order_id)
    return found[0]


async def _read(onhand: Onhand, ids: Sequence[Id]) -> list[PurchaseOrder]:
    if not ids:
        return []
    async with onhand.pool.connection() as connection:
        heads = await q.READ_PURCHASE_ORDERS.all(connection, cell=CELL, purchase_order_ids=list(ids))
        rows = await q.READ_PURCHASE_ORDER_LINES.all(connection, cell=CELL, purchase_order_ids=list(ids))
    lines: dict[Id, list[PurchaseOrderLine]] = {}
    for row in rows:
        lines.setdefault(row.purchase_order_id, []).append(PurchaseOrderLine(*row[1:]))
    orders = {head.purchase_order_id: PurchaseOrder(*head, lines.get(head.purchase_order_id, [])) for head in heads}
    return [orders[each] for each in ids if each in orders]


async def render(onhand: Onhand, orders: Sequence[PurchaseOrder]) -> list[supply_answers.PurchaseOrder]:
    """With names instead of ids."""
    if not orders:
        return []
    lines = [line for order in orders for line in order.lines]
    names = await labels(onhand, [line.product for line in lines], [line.warehouse for line in lines])
    async with onhand.pool.connection() as connection:
        rows = await q.READ_SUPPLIER_CODES.all(connection, supplier_ids=list({order.supplier for order in orders}))
    codes = dict(rows)
    return [
        supply_answers.PurchaseOrder(
            purchase_order_id=str(order.purchase_order_id),
            supplier=codes.get(order.supplier, str(order.supplier)),
            status=str(order.status),
            expected_arrival_date=order.expected_arrival_date,
            placed_at=order.placed_at,
            created_at=order.created_at,
            created_by=order.created_by,
            lines=[
                supply_answers.PurchaseOrderLine(
                    line=line.line,
                    sku=names.sku[line.product],
                    warehouse=names.warehouse[line.warehouse],
                    quantity=line.quantity,
                    received=line.received,
                    open=line.open,
                    damaged=line.damaged,
                    quality_control=line.quality_control,
                    cancelled=line.cancelled,
                )
                for line in order.lines
            ],
        )
        for order in orders
    ]
