"""The routes of suppliers and purchase orders."""

from onhand.api import examples_supply as examples
from onhand.api import supply
from onhand.api.examples import page
from onhand.api.queries import Paged, PurchaseOrdersQuery
from onhand.api.route import Route
from onhand.api.stock import Nothing
from onhand.api.table_stock import BUSY, LINES, OPERATE, READ
from onhand.services import supply_answers as answers
from onhand.services.reordering import Report
from onhand.services.supply_requests import Arrival, NewPurchaseOrder, NewSupplier, ReorderRun, SupplierPatch

ADMIN = frozenset({"admin"})

SUPPLIERS = [
    Route(
        method="POST",
        path="/v1/suppliers",
        handle=supply.create_supplier,
        summary="Create a supplier, and what it sells",
        tag="suppliers",
        scopes=ADMIN,
        status=201,
        body=NewSupplier,
        answer=answers.Supplier,
        example=examples.NEW_SUPPLIER,
        shown=examples.SUPPLIER,
        problems=("ALREADY_EXISTS", "UNKNOWN_SKU", "UNKNOWN_PRODUCT"),
        idempotent=True,
    ),
    Route(
        method="GET",
        path="/v1/suppliers",
        handle=supply.find_suppliers,
        summary="List suppliers, by code",
        tag="suppliers",
        scopes=READ,
        query=Paged,
        answer=list[answers.Supplier],
        shown=page(examples.SUPPLIER),
    ),
    Route(
        method="GET",
        path="/v1/suppliers/{supplier}",
        handle=supply.get_supplier,
        summary="Read a supplier",
        tag="suppliers",
        scopes=READ,
        answer=answers.Supplier,
        shown=examples.SUPPLIER,
        problems=("NOT_FOUND",),
    ),
    Route(
        method="PATCH",
        path="/v1/suppliers/{supplier}",
        handle=supply.patch_supplier,
        summary="Change a supplier: what is given",
        tag="suppliers",
        scopes=ADMIN,
        body=SupplierPatch,
        answer=answers.Supplier,
        example=examples.SUPPLIER_PATCH,
        shown={**examples.SUPPLIER, **examples.SUPPLIER_PATCH},
        problems=("NOT_FOUND", "UNKNOWN_SKU", "UNKNOWN_PRODUCT"),
        idempotent=True,
        description="products, where given, are all it sells from now on.",
    ),
]

PURCHASE_ORDERS = [
    Route(
        method="POST",
        path="/v1/purchase_orders",
        handle=supply.create_purchase_order,
        summary="Write a purchase order, as a draft",
        tag="purchase orders",
        scopes=OPERATE,
        status=201,
        body=NewPurchaseOrder,
        answer=answers.PurchaseOrder,
        example=examples.NEW_PURCHASE_ORDER,
        shown=examples.DRAFT,
        problems=("WAREHOUSE_INACTIVE", "UNKNOWN_SUPPLIER", *LINES, *BUSY),
        idempotent=True,
        description="Nothing is incoming before it is placed.",
    ),
    Route(
        method="GET",
        path="/v1/purchase_orders",
        handle=supply.find_purchase_orders,
        summary="List purchase orders, newest first",
        tag="purchase orders",
        scopes=READ,
        query=PurchaseOrdersQuery,
        answer=list[answers.PurchaseOrder],
        shown=page(examples.PURCHASE_ORDER),
        problems=("UNKNOWN_SUPPLIER",),
    ),
    Route(
        method="GET",
        path="/v1/purchase_orders/{purchase_order_id}",
        handle=supply.get_purchase_order,
        summary="Read a purchase order",
        tag="purchase orders",
        scopes=READ,
        answer=answers.PurchaseOrder,
        shown=examples.PURCHASE_ORDER,
        problems=("NOT_FOUND",),
    ),
    Route(
        method="GET",
        path="/v1/purchase_orders/{purchase_order_id}/page",
        handle=supply.print_purchase_order,
        summary="A purchase order as a page to print or to send",
        tag="purchase orders",
        scopes=READ,
        media_type="text/html",
        problems=("NOT_FOUND",),
        description="Self-contained HTML, with the supplier's own SKUs and costs where they are known.",
    ),
    Route(
        method="POST",
        path="/v1/purchase_orders/{purchase_order_id}/place",
        handle=supply.place_purchase_order,
        summary="Send it to the supplier: its lines are incoming",
        tag="purchase orders",
        scopes=OPERATE,
        body=Nothing,
        optional_body=True,
        answer=answers.PurchaseOrder,
        example={},
        shown=examples.PURCHASE_ORDER,
        problems=("NOT_FOUND", "PURCHASE_ORDER_CLOSED", "WAREHOUSE_INACTIVE", "LEVEL_OVERFLOW", *BUSY),
        idempotent=True,
        description="expected_arrival_date is today and the longest lead time of its lines, unless it was given.",
    ),
    Route(
        method="POST",
        path="/v1/purchase_orders/{purchase_order_id}/receive",
        handle=supply.receive_purchase_order,
        summary="Take in what has arrived, all or some: a RECEIVE",
        tag="purchase orders",
        scopes=OPERATE,
        body=Arrival,
        optional_body=True,
        answer=answers.PurchaseOrder,
        example=examples.ARRIVAL,
        shown=examples.PARTIALLY_RECEIVED,
        problems=(
            *("NOT_FOUND", "PURCHASE_ORDER_CLOSED", "PURCHASE_ORDER_NOT_PLACED", "QUANTITY_EXCEEDS_OPEN"),
            *("LEVEL_OVERFLOW", "CAPACITY_EXCEEDED", *LINES, *BUSY),
        ),
        idempotent=True,
        description="Without lines: all that is open. More than was ordered is taken in up to the supplier's "
        "over_delivery_percent; a rest of at most its under_delivery_percent closes short.",
    ),
    Route(
        method="POST",
        path="/v1/purchase_orders/{purchase_order_id}/cancel",
        handle=supply.cancel_purchase_order,
        summary="Expect nothing more of it",
        tag="purchase orders",
        scopes=OPERATE,
        body=Nothing,
        optional_body=True,
        answer=answers.PurchaseOrder,
        example={},
        shown=examples.CANCELLED,
        problems=("NOT_FOUND", "PURCHASE_ORDER_CLOSED", *BUSY),
        idempotent=True,
        description="cancelled; closed_short where something has been received.",
    ),
]

REORDERS = [
    Route(
        method="POST",
        path="/v1/reorders/run",
        handle=supply.run_reorders,
        summary="Order what levels below their threshold lack",
        tag="purchase orders",
        scopes=OPERATE,
        body=ReorderRun,
        optional_body=True,
        answer=Report,
        example={"dry_run": True},
        shown=examples.REORDERS,
        problems=("OVERLOADED", "OUTCOME_UNKNOWN"),
        description="The daily batch, now. May be run again at any moment: what is on order counts. purchase_orders "
        "are the first of them, of 10,000 lines together.",
    ),
]
