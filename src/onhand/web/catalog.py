"""Warehouses and products, made and changed by people with the scope admin."""

from urllib.parse import quote

from onhand.api.answer import Answer
from onhand.services import products, warehouses
from onhand.services.requests import NewProduct, NewWarehouse, ProductPatch, WarehousePatch
from onhand.web.forms import given, request
from onhand.web.rendering import page
from onhand.web.visit import PageRoute, Visit, redirect

ADMIN = ("admin",)


async def _warehouse(visit: Visit) -> Answer:
    place = await warehouses.get(visit.onhand, visit.path["warehouse"])
    return page(visit, "warehouse.html", place=place)


async def _new_warehouse(visit: Visit) -> Answer:
    return page(visit, "warehouse.html", place=None)


async def _create_warehouse(visit: Visit) -> Answer:
    made = request(NewWarehouse, {**given(visit.form, "code", "name", "time_zone", "capacity"), **_location(visit)})
    await warehouses.create(visit.onhand, made)
    return redirect("/settings")


async def _change_warehouse(visit: Visit) -> Answer:
    changes = {
        **given(visit.form, "name", "time_zone"),
        **_location(visit),
        "capacity": visit.form.get("capacity") or None,
        "active": visit.form.get("active") == "yes",
    }
    await warehouses.patch(visit.onhand, visit.path["warehouse"], request(WarehousePatch, changes))
    return redirect("/settings")


def _location(visit: Visit) -> dict[str, object]:
    return {"location": given(visit.form, "latitude", "longitude", "country", "postal_code")}


async def _edit_product(visit: Visit) -> Answer:
    return page(visit, "product_edit.html", product=await products.get(visit.onhand, visit.path["sku"]))


async def _new_product(visit: Visit) -> Answer:
    return page(visit, "product_edit.html", product=None)


async def _create_product(visit: Visit) -> Answer:
    fields = given(visit.form, "sku", "name", "category", "weight_g")
    made = request(NewProduct, {**fields, "selling": _selling(visit)})
    await products.create(visit.onhand, made)
    return _shown(made.sku)


async def _change_product(visit: Visit) -> Answer:
    cleared = {name: visit.form.get(name) or None for name in ("category", "weight_g")}
    changes = {**given(visit.form, "name"), **cleared, "selling": _selling(visit)}
    changed = await products.patch(visit.onhand, visit.path["sku"], request(ProductPatch, changes))
    return _shown(changed.sku)


def _selling(visit: Visit) -> dict[str, object]:
    return {"mode": visit.form.get("mode", "deny"), **given(visit.form, "limit", "release_date")}


def _shown(sku: str) -> Answer:
    return redirect(f"/products/{quote(sku, safe='')}")


ROUTES = [
    PageRoute("GET", "/settings/new_warehouse", _new_warehouse, scopes=ADMIN),
    PageRoute("POST", "/settings/warehouses", _create_warehouse, scopes=ADMIN),
    PageRoute("GET", "/settings/warehouses/{warehouse}", _warehouse, scopes=ADMIN),
    PageRoute("POST", "/settings/warehouses/{warehouse}", _change_warehouse, scopes=ADMIN),
    PageRoute("GET", "/new_product", _new_product, scopes=ADMIN),
    PageRoute("POST", "/products", _create_product, scopes=ADMIN),
    PageRoute("GET", "/products/{sku}/edit", _edit_product, scopes=ADMIN),
    PageRoute("POST", "/products/{sku}/edit", _change_product, scopes=ADMIN),
]
