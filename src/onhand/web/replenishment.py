"""What should be ordered and why; the daily batch on demand, with a dry run first."""

from onhand.api.answer import Answer
from onhand.api.refusal import Refusal
from onhand.engine.engine import new_id
from onhand.services import purchase_orders, reordering, viewing_supply, warehouses
from onhand.services.supply_requests import NewPurchaseOrder
from onhand.web.forms import request
from onhand.web.rendering import page
from onhand.web.visit import PageRoute, Visit, redirect

OPERATE = ("operate",)


async def _short(visit: Visit) -> Answer:
    return await _shown(visit)


async def _shown(visit: Visit, report: reordering.Report | None = None) -> Answer:
    asked = {
        "warehouse": visit.query.get("warehouse", ""),
        "supplier": visit.query.get("supplier", ""),
        "show": "all" if visit.query.get("show") == "all" else "lacking",
    }
    found = await viewing_supply.replenishment(
        visit.onhand,
        warehouse=asked["warehouse"],
        supplier=asked["supplier"],
        lacking=asked["show"] == "lacking",
        cursor=visit.query.get("cursor"),
    )
    return page(
        visit,
        "replenishment.html",
        found=found,
        asked=asked,
        report=report,
        key=str(new_id()),
        warehouses=(await warehouses.find(visit.onhand, limit=1_000)).items,
    )


async def _run(visit: Visit) -> Answer:
    """The first press only tells what would be ordered; the second one, under what it told, orders."""
    dry_run = visit.form.get("really") != "yes"
    return await _shown(visit, await reordering.run(visit.onhand, dry_run=dry_run))


async def _draft(visit: Visit) -> Answer:
    """A draft for one level, as suggested."""
    form = visit.form
    line = {"sku": form.get("sku", ""), "warehouse": form.get("warehouse", ""), "quantity": form.get("quantity", "")}
    if not form.get("supplier"):
        raise Refusal("VALIDATION_FAILED", "Nobody sells this product: give a supplier its terms first.")
    asked = request(NewPurchaseOrder, {"supplier": form["supplier"], "lines": [line]})
    made = await purchase_orders.create(visit.onhand, visit.someone.actor, asked, form.get("key") or None)
    return redirect(f"/purchase_orders/{made.answer.purchase_order_id}")


ROUTES = [
    PageRoute("GET", "/replenishment", _short),
    PageRoute("POST", "/replenishment/run", _run, scopes=OPERATE),
    PageRoute("POST", "/replenishment/draft", _draft, scopes=OPERATE),
]
