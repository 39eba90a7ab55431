"""Forms for the floor: receive, adjust, count, transfer. One SKU at a time, as a scanner gives them."""

from datetime import timedelta
from typing import Any

import msgspec

from onhand.api.answer import Answer
from onhand.domain.errors import DomainError
from onhand.engine.engine import new_id
from onhand.services import levels, products, stock, transfers, viewing_supply, warehouses
from onhand.services.requests import NewAdjustment, NewReceipt, NewTransfer
from onhand.web.rendering import page
from onhand.web.telling import told
from onhand.web.visit import PageRoute, Visit, redirect

KINDS = ("receive", "adjust", "count", "transfer")
KEPT = ("warehouse", "to", "reason", "mode")  # from one scan to the next
EXPECTED_DAYS = 7
EXPECTED_ORDERS = 8

Undo = dict[str, str]  # the address to which the opposite goes, as path, and the fields of its form


async def _start(visit: Visit) -> Answer:
    del visit
    return redirect("/floor/receive")


async def _form(visit: Visit) -> Answer:
    return await _shown(visit, {})


async def _shown(visit: Visit, values: dict[str, str], *, status: int = 200, **told: Any) -> Answer:  # noqa: ANN401
    kind = visit.path["kind"] if not told.get("undone") else visit.form["back"]
    if kind not in KINDS:
        return redirect("/floor/receive")
    today = visit.onhand.now().date()
    expected = []
    if kind == "receive":
        soon = today + timedelta(days=EXPECTED_DAYS)
        expected = (await viewing_supply.purchase_orders(visit.onhand, due_until=soon)).items[:EXPECTED_ORDERS]
    return page(
        visit,
        "floor.html",
        status=status,
        kind=kind,
        values={"sku": "", "quantity": "", "warehouse": "", "to": "", "reason": "", "mode": "", **values},
        warehouses=(await warehouses.find(visit.onhand, limit=1_000)).items,
        key=str(new_id()),
        expected=expected,
        today=today,
        **{"done": None, "wrong": None, "undo": None, "undone": False, "name": "", **told},
    )


async def _post(visit: Visit) -> Answer:
    """Done once however often it is sent: the form carries its Idempotency-Key."""
    form, kind = visit.form, visit.path["kind"]
    if kind not in KINDS:
        return redirect("/floor/receive")
    try:
        undo = await _do(visit, kind)
    except (DomainError, msgspec.ValidationError, ValueError) as error:
        return await _shown(visit, form, status=409, wrong=await _words(visit, error))
    sku, place = form.get("sku", ""), form.get("to" if kind == "transfer" else "warehouse", "")
    if form.get("mode") == "in_transit":
        place = form.get("warehouse", "")
    level = (await levels.find(visit.onhand, sku=sku, warehouse=place)).items[0]
    kept = {name: form.get(name, "") for name in KEPT}
    undone = form.get("back") in KINDS  # What it took back was done on that form, and the next scan goes there.
    if undone:
        kept = {"warehouse": form.get("to", form.get("warehouse", "")), "to": form.get("warehouse", "")}
    name = (await products.get(visit.onhand, level.sku)).name
    return await _shown(visit, kept, done=level, undo=None if undone else undo, undone=undone, name=name)


async def _words(visit: Visit, error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return f"{error}."
    if isinstance(error, ValueError):
        return "The quantity is a whole number of units."
    return (await told(visit.onhand, error, visit.request_id)).detail


async def _do(visit: Visit, kind: str) -> Undo | None:
    """What takes it back: an entry of its own, for the ledger forgets nothing. Raises DomainError, ValueError."""
    form, actor = visit.form, visit.someone.actor
    key = form.get("key") or None
    sku, place, quantity = form.get("sku", ""), form.get("warehouse", ""), int(form.get("quantity", ""))
    reason = form.get("reason") or None
    if kind == "transfer":
        return await _transfer(visit, {"sku": sku, "quantity": quantity}, place, key)
    body: dict[str, Any]
    if kind == "receive":
        body = {"lines": [{"sku": sku, "warehouse": place, "quantity": quantity}], "reason": reason}
        done = await stock.receive(visit.onhand, actor, msgspec.convert(body, NewReceipt), key)
    else:
        what = "counted_quantity" if kind == "count" else "quantity_change"
        line = {"sku": sku, "warehouse": place, what: quantity, "reason": reason or kind}
        done = await stock.adjust(visit.onhand, actor, msgspec.convert({"lines": [line]}, NewAdjustment), key)
    change = sum(line.quantity for line in done.answer.lines)  # A count: by how many units it differed.
    if not change:
        return None
    fields = {"sku": sku, "warehouse": place, "quantity": str(-change), "reason": f"undo {kind}"}
    return {"path": "/floor/adjust", **fields}


async def _transfer(visit: Visit, line: dict[str, Any], place: str, key: str | None) -> Undo:
    form = visit.form
    mode = "in_transit" if form.get("mode") == "in_transit" else "immediate"
    body = {"lines": [line], "from": place, "to": form.get("to", ""), "mode": mode}
    done = await transfers.dispatch(visit.onhand, visit.someone.actor, msgspec.convert(body, NewTransfer), key)
    if mode == "in_transit":
        return {"path": f"/transfers/{done.answer.transfer_id}/cancel"}
    back = {"warehouse": form.get("to", ""), "to": place, "quantity": str(line["quantity"])}
    return {"path": "/floor/transfer", "sku": line["sku"], **back}


ROUTES = [
    PageRoute("GET", "/floor", _start, scopes=("operate",)),
    PageRoute("GET", "/floor/{kind}", _form, scopes=("operate",)),
    PageRoute("POST", "/floor/{kind}", _post, scopes=("operate",)),
]
