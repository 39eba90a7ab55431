"""onhand purchase-order: what was ordered of suppliers. What arrives comes by `onhand import receipts`, or whole."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from cyclopts import Parameter

from onhand.cli import opening
from onhand.cli.terminal import show, show_json, show_table
from onhand.services import purchase_orders
from onhand.services.context import Onhand
from onhand.services.supply_answers import PurchaseOrder
from onhand.services.supply_requests import Arrival

ACTOR = "cli:purchase-order"
Order = Annotated[str, Parameter(help="The purchase order's id.")]
Status = Annotated[str | None, Parameter(help="Only those of this status, such as placed.")]
Supplier = Annotated[str | None, Parameter(help="Only those of this supplier, by its code.")]
AsJson = Annotated[bool, Parameter(name="--json", help="Print the answer as JSON.")]
LISTED_MAX = 100


def listing(*, status: Status = None, supplier: Supplier = None, as_json: AsJson = False) -> int:
    """The newest purchase orders."""

    async def work(onhand: Onhand) -> list[PurchaseOrder]:
        return (await purchase_orders.find(onhand, status=status, supplier=supplier, limit=LISTED_MAX)).items

    found = opening.run(work)
    if as_json:
        show_json(msgspec.to_builtins(found))
        return 0
    rows = [
        [
            each.purchase_order_id,
            each.supplier,
            each.status,
            str(each.expected_arrival_date or ""),
            sum(line.quantity for line in each.lines),
            sum(line.open for line in each.lines),
        ]
        for each in found
    ]
    show_table(["purchase order", "supplier", "status", "expected", "units", "open"], rows, right=("units", "open"))
    return 0


def look(order: Order, /, *, as_json: AsJson = False) -> int:
    """A purchase order with what has come of it."""
    return _show(lambda onhand: purchase_orders.get(onhand, order), as_json=as_json)


def place(order: Order, /, *, as_json: AsJson = False) -> int:
    """A draft goes to its supplier: what it asks for is incoming."""

    async def work(onhand: Onhand) -> PurchaseOrder:
        return (await purchase_orders.place(onhand, ACTOR, order)).answer

    return _show(work, as_json=as_json)


def receive(order: Order, /, *, as_json: AsJson = False) -> int:
    """All that is open has come, and is good. What came in parts or broken: `onhand import receipts`."""

    async def work(onhand: Onhand) -> PurchaseOrder:
        return (await purchase_orders.receive(onhand, ACTOR, order, Arrival())).answer

    return _show(work, as_json=as_json)


def cancel(order: Order, /, *, as_json: AsJson = False) -> int:
    """What is still to come will not come: cancelled, or closed short where something has."""

    async def work(onhand: Onhand) -> PurchaseOrder:
        return (await purchase_orders.cancel(onhand, ACTOR, order)).answer

    return _show(work, as_json=as_json)


def _show(work: Callable[[Onhand], Awaitable[PurchaseOrder]], *, as_json: bool) -> int:
    order = opening.run(work)
    if as_json:
        show_json(msgspec.to_builtins(order))
        return 0
    expected = f", expected {order.expected_arrival_date}" if order.expected_arrival_date else ""
    show(f"purchase order {order.purchase_order_id} of {order.supplier}: {order.status}{expected}")
    for warning in order.warnings:
        show(f"  {warning.warehouse} holds {warning.used:,} of {warning.capacity:,} {warning.capacity_in}", style="red")
    rows = [
        [x.sku, x.warehouse, x.quantity, x.received, x.damaged, x.quality_control, x.cancelled, x.open]
        for x in order.lines
    ]
    columns = ["sku", "warehouse", "quantity", "received", "damaged", "to look at", "cancelled", "open"]
    show_table(columns, [list(row) for row in rows], right=tuple(columns[2:]))
    return 0
