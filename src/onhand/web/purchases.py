"""Purchase orders: what was ordered of whom, placed, received line by line, cancelled or closed short, printed."""

from onhand.api import order_page
from onhand.api.answer import Answer
from onhand.api.pages import HTML as SHEET
from onhand.api.refusal import Refusal
from onhand.domain.errors import DomainError
from onhand.domain.purchase_order import PurchaseOrderStatus
from onhand.engine.engine import new_id
from onhand.services import purchase_orders, suppliers, viewing_supply
from onhand.services.supply_answers import PurchaseOrder
from onhand.services.supply_requests import Arrival
from onhand.web.forms import numbered, request, units
from onhand.web.rendering import page
from onhand.web.telling import told
from onhand.web.visit import PageRoute, Visit, redirect

OPERATE = ("operate",)
STATUSES = tuple(str(status) for status in PurchaseOrderStatus)
STATES = ("accepted", "damaged", "quality_control")


async def _orders(visit: Visit) -> Answer:
    query = visit.query
    status = query.get("status", "")
    found = await viewing_supply.purchase_orders(
        visit.onhand,
        status=status if status in STATUSES else "",
        supplier=query.get("supplier", ""),
        due_until=visit.onhand.now().date() if status == "due" else None,
        cursor=query.get("cursor"),
    )
    today = visit.onhand.now().date()
    return page(visit, "purchase_orders.html", found=found, statuses=STATUSES, today=today)


async def _order(visit: Visit) -> Answer:
    order = await purchase_orders.get(visit.onhand, visit.path["purchase_order_id"])
    supplier = await suppliers.head(visit.onhand, order.supplier)
    today = visit.onhand.now().date()
    return page(visit, "purchase_order.html", order=order, supplier=supplier, key=str(new_id()), today=today)


async def _print(visit: Visit) -> Answer:
    sheet = await purchase_orders.sheet(visit.onhand, visit.path["purchase_order_id"])
    return Answer(200, order_page.page(sheet), SHEET)


async def _place(visit: Visit) -> Answer:
    await purchase_orders.place(visit.onhand, visit.someone.actor, *_what(visit))
    return _back(visit)


async def _cancel(visit: Visit) -> Answer:
    await purchase_orders.cancel(visit.onhand, visit.someone.actor, *_what(visit))
    return _back(visit)


def _what(visit: Visit) -> tuple[str, str | None]:
    return visit.path["purchase_order_id"], visit.form.get("key") or None


def _back(visit: Visit) -> Answer:
    return redirect(f"/purchase_orders/{visit.path['purchase_order_id']}")


async def _arrival(visit: Visit) -> Answer:
    return await _receiving(visit, {})


async def _receiving(visit: Visit, values: dict[str, str], *, status: int = 200, wrong: str = "") -> Answer:
    order = await purchase_orders.get(visit.onhand, visit.path["purchase_order_id"])
    if order.status not in ("placed", "partially_received") and not wrong:
        return _back(visit)
    return page(
        visit, "arrival.html", status=status, order=order, states=STATES, values=values, wrong=wrong, key=str(new_id())
    )


async def _receive(visit: Visit) -> Answer:
    """Done once however often it is sent: the form carries its Idempotency-Key."""
    try:
        order = await purchase_orders.get(visit.onhand, visit.path["purchase_order_id"])
        arrival = request(Arrival, {"lines": _lines(order, visit.form)})
        order_id, key = _what(visit)
        await purchase_orders.receive(visit.onhand, visit.someone.actor, order_id, arrival, key)
    except (DomainError, Refusal) as error:
        problem = await told(visit.onhand, error, visit.request_id)
        return await _receiving(visit, visit.form, status=problem.status, wrong=problem.detail)
    return _back(visit)


def _lines(order: PurchaseOrder, form: dict[str, str]) -> list[dict[str, object]]:
    """What came of each line. Raises Refusal when nothing did."""
    lines: list[dict[str, object]] = []
    asked = {line.line: line for line in order.lines}
    for number, _ in numbered(form, STATES[0]):
        accepted, damaged, quality_control = (units(form, f"{state}-{number}") for state in STATES)
        came = accepted + damaged + quality_control
        if came and number in asked:
            line = {"sku": asked[number].sku, "warehouse": asked[number].warehouse, "quantity": came}
            lines.append({**line, "damaged": damaged, "quality_control": quality_control})
    if not lines:
        raise Refusal("VALIDATION_FAILED", "Say how many units came: every field is empty or 0.")
    return lines


ROUTES = [
    PageRoute("GET", "/purchase_orders", _orders),
    PageRoute("GET", "/purchase_orders/{purchase_order_id}", _order),
    PageRoute("GET", "/purchase_orders/{purchase_order_id}/print", _print),
    PageRoute("POST", "/purchase_orders/{purchase_order_id}/place", _place, scopes=OPERATE),
    PageRoute("POST", "/purchase_orders/{purchase_order_id}/cancel", _cancel, scopes=OPERATE),
    PageRoute("GET", "/purchase_orders/{purchase_order_id}/receive", _arrival, scopes=OPERATE),
    PageRoute("POST", "/purchase_orders/{purchase_order_id}/receive", _receive, scopes=OPERATE),
]
