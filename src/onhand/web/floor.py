"""Forms for the floor: receive, adjust, count, transfer. One SKU at a time, as a scanner gives them."""

from typing import Any

import msgspec

from onhand.api.answer import Answer
from onhand.domain.errors import DomainError
from onhand.engine.engine import new_id
from onhand.services import levels, stock, transfers, warehouses
from onhand.services.requests import NewAdjustment, NewReceipt, NewTransfer
from onhand.web.rendering import page
from onhand.web.telling import told
from onhand.web.visit import PageRoute, Visit, redirect

KINDS = ("receive", "adjust", "count", "transfer")
KEPT = ("warehouse", "to", "reason")  # from one scan to the next


async def _start(visit: Visit) -> Answer:
    del visit
    return redirect("/floor/receive")


async def _form(visit: Visit) -> Answer:
    return await _shown(visit, {})


async def _shown(visit: Visit, values: dict[str, str], *, status: int = 200, **told: Any) -> Answer:  # noqa: ANN401
    kind = visit.path["kind"]
    if kind not in KINDS:
        return redirect("/floor/receive")
    return page(
        visit,
        "floor.html",
        status=status,
        kind=kind,
        kinds=KINDS,
        values={"sku": "", "quantity": "", "warehouse": "", "to": "", "reason": "", **values},
        warehouses=(await warehouses.find(visit.onhand, limit=1_000)).items,
        key=str(new_id()),
        **{"done": None, "wrong": None, "undo": None, **told},
    )


async def _post(visit: Visit) -> Answer:
    """Done once however often it is sent: the form carries its Idempotency-Key."""
    form, kind = visit.form, visit.path["kind"]
    try:
        await _do(visit, kind)
    except (DomainError, msgspec.ValidationError, ValueError) as error:
        return await _shown(visit, form, status=409, wrong=await _words(visit, error))
    sku, place = form.get("sku", ""), form.get("to" if kind == "transfer" else "warehouse", "")
    level = (await levels.find(visit.onhand, sku=sku, warehouse=place)).items[0]
    kept = {name: form.get(name, "") for name in KEPT}
    return await _shown(visit, kept, done=level, undo=_undo(kind, form))


async def _words(visit: Visit, error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return f"{error}."
    if isinstance(error, ValueError):
        return "The quantity is a whole number of units."
    return (await told(visit.onhand, error, visit.request_id)).detail


async def _do(visit: Visit, kind: str) -> None:
    """Raises DomainError, ValueError."""
    form, actor = visit.form, visit.someone.actor
    key = form.get("key") or None
    sku, place, quantity = form.get("sku", ""), form.get("warehouse", ""), int(form.get("quantity", ""))
    reason = form.get("reason") or None
    body: dict[str, Any]
    if kind == "receive":
        body = {"lines": [{"sku": sku, "warehouse": place, "quantity": quantity}], "reason": reason}
        await stock.receive(visit.onhand, actor, msgspec.convert(body, NewReceipt), key)
    elif kind == "transfer":
        body = {"lines": [{"sku": sku, "quantity": quantity}], "from": place, "to": form.get("to", "")}
        await transfers.dispatch(visit.onhand, actor, msgspec.convert(body, NewTransfer), key)
    else:
        what = "counted_quantity" if kind == "count" else "quantity_change"
        line = {"sku": sku, "warehouse": place, what: quantity, "reason": reason or kind}
        await stock.adjust(visit.onhand, actor, msgspec.convert({"lines": [line]}, NewAdjustment), key)


def _undo(kind: str, form: dict[str, str]) -> dict[str, str] | None:
    """The entry that takes this one back: the ledger forgets nothing. A count is a fact and has none."""
    sku, place, quantity = form.get("sku", ""), form.get("warehouse", ""), int(form.get("quantity", "0"))
    if kind == "transfer":
        return {"kind": kind, "sku": sku, "warehouse": form.get("to", ""), "to": place, "quantity": str(quantity)}
    if kind == "count":
        return None
    return {"kind": "adjust", "sku": sku, "warehouse": place, "quantity": str(-quantity), "reason": f"undo {kind}"}


ROUTES = [
    PageRoute("GET", "/floor", _start, scopes=("operate",)),
    PageRoute("GET", "/floor/{kind}", _form, scopes=("operate",)),
    PageRoute("POST", "/floor/{kind}", _post, scopes=("operate",)),
]
