"""Suppliers: who sells what, on which terms; made and changed."""

from urllib.parse import quote

from onhand.api.answer import Answer
from onhand.services import suppliers, viewing_supply
from onhand.services.supply_requests import NewSupplier, SupplierPatch
from onhand.web.forms import given, request
from onhand.web.rendering import page
from onhand.web.visit import PageRoute, Visit, redirect

ADMIN = ("admin",)
SETTINGS = ("name", "lead_time_in", "reorders", "over_delivery_percent", "under_delivery_percent")
TERMS = ("sku", "supplier_sku", "lead_time_days", "minimum_order", "pack_size", "unit_cost", "priority")


async def _suppliers(visit: Visit) -> Answer:
    found = await viewing_supply.suppliers(visit.onhand, cursor=visit.query.get("cursor"))
    return page(visit, "suppliers.html", found=found)


async def _supplier(visit: Visit) -> Answer:
    code = visit.path["supplier"]
    supplier = await suppliers.head(visit.onhand, code)
    sold = await viewing_supply.sold_by(visit.onhand, code, cursor=visit.query.get("cursor"))
    orders = await viewing_supply.purchase_orders(visit.onhand, supplier=code)
    return page(
        visit, "supplier.html", supplier=supplier, sold=sold, orders=orders.items[:10], today=visit.onhand.now().date()
    )


async def _create(visit: Visit) -> Answer:
    made = request(NewSupplier, given(visit.form, "code", *SETTINGS))
    await suppliers.create(visit.onhand, made)
    return _shown(made.code)


async def _change(visit: Visit) -> Answer:
    code = visit.path["supplier"]
    changes = {**given(visit.form, *SETTINGS), "active": visit.form.get("active") == "yes"}
    await suppliers.patch(visit.onhand, code, request(SupplierPatch, changes))
    return _shown(code)


async def _sell(visit: Visit) -> Answer:
    """Add a product, or give one new terms."""
    supplier = await suppliers.head(visit.onhand, visit.path["supplier"])
    terms = given(visit.form, *TERMS)
    asked = request(NewSupplier, {"code": supplier.code, "name": supplier.name, "products": [terms]})
    await suppliers.sell(visit.onhand, asked)
    return _shown(supplier.code)


async def _stop_selling(visit: Visit) -> Answer:
    await viewing_supply.stop_selling(visit.onhand, visit.path["supplier"], visit.form.get("sku", ""))
    return _shown(visit.path["supplier"])


def _shown(code: str) -> Answer:
    return redirect(f"/suppliers/{quote(code, safe='')}")


ROUTES = [
    PageRoute("GET", "/suppliers", _suppliers),
    PageRoute("POST", "/suppliers", _create, scopes=ADMIN),
    PageRoute("GET", "/suppliers/{supplier}", _supplier),
    PageRoute("POST", "/suppliers/{supplier}", _change, scopes=ADMIN),
    PageRoute("POST", "/suppliers/{supplier}/products", _sell, scopes=ADMIN),
    PageRoute("POST", "/suppliers/{supplier}/products/remove", _stop_selling, scopes=ADMIN),
]
