"""Requests and answers of the documentation about routing and promises that were told."""

from onhand.api.examples import NOW, RESERVATION, RESERVATION_ID, Json

NEW_QUOTE: Json = {"lines": [{"sku": "MUG-RED", "quantity": 3}], "ship_to": {"country": "DE", "postal_code": "10115"}}
QUOTE: Json = {
    "lines": [
        {
            "line": 0,
            "sku": "MUG-RED",
            "quantity": 3,
            "missing": 0,
            "allocations": [{"warehouse": "LEJ1", "quantity": 2}, {"warehouse": "MAN1", "quantity": 1}],
        }
    ],
    "route": RESERVATION["route"],
}
ROUTING_RULES: Json = {"rules": ["fewest_shipments", "leave_safety_stock", "closest"]}
ROUTING_SETTING: Json = {
    **ROUTING_RULES,
    "off": ["stay_in_country", "priority", "cut_off"],
    "updated_at": NOW,
    "updated_by": "key:boss",
}
TOLD_PROMISE: Json = {
    "reservation_id": RESERVATION_ID,
    "order_id": "SO-1001",
    "line": 0,
    "sku": "MUG-RED",
    "warehouse": "LEJ1",
    "quantity": 1,
    "told_at": NOW,
    "told": {"ships_from": "2026-03-04", "ships_to": "2026-03-06"},
    "ships_from": "2026-03-11",
    "ships_to": "2026-03-13",
    "at_risk": True,
    "late_days": 7,
    "evidence": [
        {
            "type": "purchase_order",
            "purchase_order_id": "019332c5-71b0-7c3a-9a41-5b1f0f8c1a08",
            "supplier": "ACME",
            "warehouse": "LEJ1",
            "expected_arrival_date": "2026-03-10",
            "covers": 1,
            "confidence": "medium",
        }
    ],
    "changed_at": NOW,
}
