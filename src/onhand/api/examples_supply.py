"""Requests and answers of the documentation about suppliers and purchase orders."""

from onhand.api.examples import LATER, NOW, Json

SUPPLIER_ID = "019332c5-71b0-7c3a-9a41-5b1f0f8c1a11"
COUNT_ID = "019332c5-71b0-7c3a-9a41-5b1f0f8c1a13"
PURCHASE_ORDER_ID = "019332c5-71b0-7c3a-9a41-5b1f0f8c1a12"
TERMS: Json = {
    "sku": "MUG-RED",
    "supplier_sku": "K-0815",
    "lead_time_days": 5,
    "minimum_order": 24,
    "pack_size": 12,
    "unit_cost": "4.2500",
    "priority": 1,
}
NEW_SUPPLIER: Json = {"code": "KILN", "name": "Kiln & Sons", "lead_time_in": "working_days", "products": [TERMS]}
SUPPLIER: Json = {
    "supplier_id": SUPPLIER_ID,
    **NEW_SUPPLIER,
    "products": [
        {
            **TERMS,
            "lead_time_used": "measured",
            "measured_lead_time": {"receipts": 12, "mean_days": 8.3, "spread_days": 1.4},
        }
    ],
    "measured_after_receipts": 10,
    "country": "DE",
    "holiday_region": "SN",
    "reorders": "placed",
    "over_delivery_percent": 0,
    "under_delivery_percent": 0,
    "active": True,
    "created_at": NOW,
    "updated_at": NOW,
}
SUPPLIER_PATCH: Json = {"reorders": "draft", "over_delivery_percent": 10}
NEW_PURCHASE_ORDER: Json = {
    "supplier": "KILN",
    "lines": [{"sku": "MUG-RED", "warehouse": "LEJ1", "quantity": 48}],
}
_LINE: Json = {
    "line": 0,
    "sku": "MUG-RED",
    "warehouse": "LEJ1",
    "quantity": 48,
    "received": 0,
    "open": 48,
    "damaged": 0,
    "quality_control": 0,
    "cancelled": 0,
}
DRAFT: Json = {
    "purchase_order_id": PURCHASE_ORDER_ID,
    "supplier": "KILN",
    "status": "draft",
    "expected_arrival_date": None,
    "placed_at": None,
    "created_at": NOW,
    "created_by": "key:buyer",
    "lines": [_LINE],
    "warnings": [],
}
PURCHASE_ORDER: Json = {**DRAFT, "status": "placed", "expected_arrival_date": "2026-03-06", "placed_at": LATER}
ARRIVAL: Json = {"lines": [{"sku": "MUG-RED", "quantity": 36, "damaged": 1}]}
PARTIALLY_RECEIVED: Json = {
    **PURCHASE_ORDER,
    "status": "partially_received",
    "lines": [{**_LINE, "received": 36, "open": 12, "damaged": 1}],
}
CANCELLED: Json = {**DRAFT, "status": "cancelled", "lines": [{**_LINE, "open": 0, "cancelled": 48}]}
REORDERS: Json = {
    "dry_run": True,
    "levels": 1,
    "no_supplier": 0,
    "orders": 1,
    "lines": 1,
    "units": 60,
    "purchase_orders": [
        {
            "supplier": "KILN",
            "purchase_order_id": None,
            "status": "placed",
            "expected_arrival_date": "2026-03-06",
            "lines": [{"sku": "MUG-RED", "warehouse": "LEJ1", "quantity": 60, "position": 7, "reorder_threshold": 10}],
        }
    ],
}
PURCHASE_ORDER_CSV = (
    "purchase_order_id,supplier,expected_arrival_date,line,sku,supplier_sku,product,warehouse,warehouse_name,quantity,"
    f"unit_cost\n{PURCHASE_ORDER_ID},KILN,2026-03-06,0,MUG-RED,K-0815,Red mug,LEJ1,Leipzig,48,4.2500\n"
)
