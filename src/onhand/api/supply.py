"""Suppliers and purchase orders."""

import msgspec

from onhand.api import order_page
from onhand.api.answer import Answer, of_reply, ok
from onhand.api.decoding import decode
from onhand.api.once import once
from onhand.api.pages import HTML
from onhand.api.queries import Paged, PurchaseOrdersQuery
from onhand.api.route import Call
from onhand.api.stock import Nothing
from onhand.services import purchase_orders, reordering, suppliers
from onhand.services.supply_requests import (
    Arrival,
    NewPurchaseOrder,
    NewSupplier,
    PurchaseOrderPatch,
    ReorderRun,
    SupplierPatch,
)

_SUPPLIER = msgspec.json.Decoder(NewSupplier)
_SUPPLIER_PATCH = msgspec.json.Decoder(SupplierPatch)
_ORDER = msgspec.json.Decoder(NewPurchaseOrder)
CSV = ((b"content-type", b"text/csv; charset=utf-8"),)
_ORDER_PATCH = msgspec.json.Decoder(PurchaseOrderPatch)
_ARRIVAL = msgspec.json.Decoder(Arrival)
_REORDER_RUN = msgspec.json.Decoder(ReorderRun)
_NOTHING = msgspec.json.Decoder(Nothing)


async def create_supplier(call: Call) -> Answer:
    request = decode(_SUPPLIER, call.body)

    async def do() -> Answer:
        return ok(await suppliers.create(call.onhand, request), 201)

    return await once(call.onhand, call.actor, call.key, "create_supplier", request, do)


async def get_supplier(call: Call) -> Answer:
    return ok(await suppliers.get(call.onhand, call.path["supplier"]))


async def patch_supplier(call: Call) -> Answer:
    request, name = decode(_SUPPLIER_PATCH, call.body), call.path["supplier"]

    async def do() -> Answer:
        return ok(await suppliers.patch(call.onhand, name, request))

    return await once(call.onhand, call.actor, call.key, "patch_supplier", request, do, name)


async def find_suppliers(call: Call) -> Answer:
    query: Paged = call.query
    return ok(await suppliers.find(call.onhand, limit=query.limit, cursor=query.cursor))


async def create_purchase_order(call: Call) -> Answer:
    request = decode(_ORDER, call.body)
    return of_reply(await purchase_orders.create(call.onhand, call.actor, request, call.key), 201)


async def place_purchase_order(call: Call) -> Answer:
    decode(_NOTHING, call.body)
    order_id = call.path["purchase_order_id"]
    return of_reply(await purchase_orders.place(call.onhand, call.actor, order_id, call.key), 200)


async def receive_purchase_order(call: Call) -> Answer:
    arrival, order_id = decode(_ARRIVAL, call.body), call.path["purchase_order_id"]
    return of_reply(await purchase_orders.receive(call.onhand, call.actor, order_id, arrival, call.key), 200)


async def patch_purchase_order(call: Call) -> Answer:
    request, order_id = decode(_ORDER_PATCH, call.body), call.path["purchase_order_id"]
    return of_reply(await purchase_orders.patch(call.onhand, call.actor, order_id, request, call.key), 200)


async def cancel_purchase_order(call: Call) -> Answer:
    decode(_NOTHING, call.body)
    order_id = call.path["purchase_order_id"]
    return of_reply(await purchase_orders.cancel(call.onhand, call.actor, order_id, call.key), 200)


async def get_purchase_order(call: Call) -> Answer:
    return ok(await purchase_orders.get(call.onhand, call.path["purchase_order_id"]))


async def print_purchase_order(call: Call) -> Answer:
    sheet = await purchase_orders.sheet(call.onhand, call.path["purchase_order_id"])
    return Answer(200, order_page.page(sheet), HTML)


async def purchase_order_as_csv(call: Call) -> Answer:
    sheet = await purchase_orders.sheet(call.onhand, call.path["purchase_order_id"])
    return Answer(200, order_page.table(sheet), CSV)


async def find_purchase_orders(call: Call) -> Answer:
    query: PurchaseOrdersQuery = call.query
    found = await purchase_orders.find(
        call.onhand, status=query.status, supplier=query.supplier, limit=query.limit, cursor=query.cursor
    )
    return ok(found)


async def run_reorders(call: Call) -> Answer:
    request = decode(_REORDER_RUN, call.body)

    async def do() -> Answer:
        return ok(await reordering.run(call.onhand, dry_run=request.dry_run))

    return await once(call.onhand, call.actor, call.key, "run_reorders", request, do)
