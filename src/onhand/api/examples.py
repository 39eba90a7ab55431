"""Requests and answers of the documentation: one small shop, told in the order things happen."""

from typing import Any

Json = dict[str, Any]

PRODUCT_ID = "019332c5-71b0-7c3a-9a41-5b1f0f8c1a01"
WAREHOUSE_ID = "019332c5-71b0-7c3a-9a41-5b1f0f8c1a02"
RESERVATION_ID = "019332c5-71b0-7c3a-9a41-5b1f0f8c1a03"
OPERATION_ID = "019332c5-71b0-7c3a-9a41-5b1f0f8c1a04"
TRANSFER_ID = "019332c5-71b0-7c3a-9a41-5b1f0f8c1a05"
RETURN_ID = "019332c5-71b0-7c3a-9a41-5b1f0f8c1a14"
EVENT_ID = "019332c5-71b0-7c3a-9a41-5b1f0f8c1a06"
REQUEST_ID = "req_019332c5-71b0-7c3a-9a41-5b1f0f8c1a07"
NOW = "2026-03-01T10:00:00Z"
LATER = "2026-03-01T10:15:00Z"

NEW_PRODUCT: Json = {
    "sku": "MUG-RED",
    "name": "Mug, red",
    "category": "mugs",
    "weight_g": 350,
    "dimensions": {"length_mm": 120, "width_mm": 90, "height_mm": 100},
    "selling": {"mode": "backorder", "limit": 20},
}
PRODUCT: Json = {
    "product_id": PRODUCT_ID,
    **NEW_PRODUCT,
    "selling": {"mode": "backorder", "limit": 20, "release_date": None},
    "created_at": NOW,
    "updated_at": NOW,
}
PRODUCT_PATCH: Json = {"name": "Mug, ruby red", "selling": {"mode": "deny"}}
CALENDAR: Json = {
    "cutoff_time": "14:00",
    "handling_days": 0,
    "receiving_days": 1,
    "working_days": ["mon", "tue", "wed", "thu", "fri"],
    "holidays": True,
    "holiday_region": "SN",
    "closed_on": ["2026-12-24", "2026-12-31"],
}
NEW_WAREHOUSE: Json = {
    "code": "LEJ1",
    "name": "Leipzig",
    "location": {"latitude": 51.42, "longitude": 12.24, "country": "DE", "postal_code": "04435"},
    "time_zone": "Europe/Berlin",
    "capacity": 100_000,
    "capacity_in": "units",
    "capacity_policy": "warn",
    "calendar": CALENDAR,
    "priority": 0,
}
WAREHOUSE: Json = {"warehouse_id": WAREHOUSE_ID, **NEW_WAREHOUSE, "active": True, "created_at": NOW, "updated_at": NOW}
FILLED: Json = {
    "warehouse": "LEJ1",
    "capacity": 100_000,
    "capacity_in": "units",
    "capacity_policy": "warn",
    "used": 61_240,
    "free": 38_760,
    "units": 61_240,
    "unmeasured": 310,
    "as_of": NOW,
}
WAREHOUSE_PATCH: Json = {"active": False}
LEVEL_SETTINGS: Json = {"reorder_threshold": 10, "reorder_quantity": 50, "backorder_limit": 20, "safety_stock": 2}
LEVEL: Json = {
    "sku": "MUG-RED",
    "warehouse": "LEJ1",
    "on_hand": 7,
    "reserved": 5,
    "backordered": 0,
    "available": 2,
    "incoming": 0,
    "damaged": 0,
    "quality_control": 0,
    **LEVEL_SETTINGS,
    "set_aside": 0,
}
NEW_RECEIPT: Json = {
    "lines": [{"sku": "MUG-RED", "warehouse": "LEJ1", "quantity": 7}],
    "reference": {"type": "delivery", "id": "DN-7001"},
    "reason": "delivery",
}
RECEIPT: Json = {
    "operation_id": OPERATION_ID,
    "type": "RECEIVE",
    "created_at": NOW,
    "created_by": "key:dock",
    "reason": "delivery",
    "reference": {"type": "delivery", "id": "DN-7001"},
    "lines": [
        {
            "sku": "MUG-RED",
            "warehouse": "LEJ1",
            "quantity": 7,
            "on_hand": 7,
            "reserved": 0,
            "backordered": 0,
            "available": 7,
            "reason": None,
            "damaged": 0,
            "quality_control": 0,
            "set_aside": 0,
        }
    ],
    "short": [],
    "warnings": [],
}
NEW_ADJUSTMENT: Json = {
    "lines": [{"sku": "MUG-RED", "warehouse": "LEJ1", "counted_quantity": 5, "reason": "count", "expected_on_hand": 7}]
}
ADJUSTMENT: Json = {
    **RECEIPT,
    "type": "ADJUST",
    "reason": None,
    "reference": None,
    "lines": [
        {
            "sku": "MUG-RED",
            "warehouse": "LEJ1",
            "quantity": -2,
            "on_hand": 5,
            "reserved": 8,
            "backordered": 3,
            "available": -3,
            "reason": "count",
            "damaged": 0,
            "quality_control": 0,
            "set_aside": 0,
        }
    ],
    "short": [{"reservation_id": RESERVATION_ID, "sku": "MUG-RED", "warehouse": "LEJ1", "quantity": 3}],
}
NEW_STATE_CHANGE: Json = {
    "lines": [
        {
            "sku": "MUG-RED",
            "warehouse": "LEJ1",
            "quantity": 2,
            "from": "available",
            "to": "damaged",
            "reason": "dropped",
        }
    ]
}
STATE_CHANGE: Json = {
    **ADJUSTMENT,
    "lines": [
        {
            "sku": "MUG-RED",
            "warehouse": "LEJ1",
            "quantity": -2,
            "on_hand": 5,
            "reserved": 3,
            "backordered": 0,
            "available": 2,
            "reason": "dropped",
            "damaged": 2,
            "quality_control": 0,
            "set_aside": 0,
        }
    ],
    "short": [],
}
NEW_RESERVATION: Json = {
    "lines": [{"sku": "MUG-RED", "quantity": 3}],
    "order_id": "SO-1001",
    "ship_to": {"country": "DE", "postal_code": "10115"},
    "expires_in_s": 900,
}
RESERVATION: Json = {
    "reservation_id": RESERVATION_ID,
    "order_id": "SO-1001",
    "status": "active",
    "created_at": NOW,
    "expires_at": LATER,
    "lines": [
        {
            "line": 0,
            "sku": "MUG-RED",
            "quantity": 3,
            "open": 3,
            "fulfilled": 0,
            "released": 0,
            "allocations": [
                {"warehouse": "LEJ1", "quantity": 2, "backordered": 0},
                {"warehouse": "MAN1", "quantity": 1, "backordered": 0},
            ],
            "requested": 3,
        }
    ],
    "route": {
        "rule": "closest",
        "shipments": 2,
        "distance_km": 1213.0,
        "ship_to_precision": "postal_code",
        "candidates": [
            {"warehouse": "LEJ1", "distance_km": 146.0, "chosen": True},
            {"warehouse": "MAN1", "distance_km": 1067.0, "chosen": True},
            {"warehouse": "BCN1", "distance_km": 1498.0, "chosen": False},
        ],
    },
}
RELEASED: Json = {
    **RESERVATION,
    "status": "released",
    "lines": [{**RESERVATION["lines"][0], "open": 0, "released": 3}],
}
FULFILLED: Json = {
    **RESERVATION,
    "status": "partially_fulfilled",
    "lines": [{**RESERVATION["lines"][0], "open": 1, "fulfilled": 2}],
}
SOLD_OUT: Json = {
    "type": "/problems/INSUFFICIENT_STOCK",
    "title": "Insufficient stock",
    "status": 409,
    "detail": "1 of 1 lines ask for more than is available.",
    "code": "INSUFFICIENT_STOCK",
    "instance": REQUEST_ID,
    "errors": [
        {"path": "lines[0]", "code": "INSUFFICIENT_STOCK", "sku": "MUG-BLUE", "requested": 6, "available": 2},
    ],
}
BATCH: Json = {
    "reservations": [
        {"idempotency_key": "SO-1001", **NEW_RESERVATION},
        {"idempotency_key": "SO-1002", "lines": [{"sku": "MUG-BLUE", "quantity": 6}], "order_id": "SO-1002"},
    ]
}
BATCH_RESULTS: Json = {
    "results": [{"status": 201, "reservation": RESERVATION}, {"status": 409, "problem": SOLD_OUT}],
}
NEW_TRANSFER: Json = {
    "from": "LEJ1",
    "to": "MAN1",
    "lines": [{"sku": "MUG-RED", "quantity": 4}],
    "mode": "in_transit",
}
TRANSFER: Json = {
    "transfer_id": TRANSFER_ID,
    "from": "LEJ1",
    "to": "MAN1",
    "status": "in_transit",
    "created_at": NOW,
    "created_by": "key:dock",
    "lines": [{"sku": "MUG-RED", "quantity": 4, "received": 0, "cancelled": 0, "lost": 0}],
    "warnings": [],
}
RECEIVED: Json = {**TRANSFER, "status": "received", "lines": [{**TRANSFER["lines"][0], "received": 4}]}
CANCELLED: Json = {**TRANSFER, "status": "cancelled", "lines": [{**TRANSFER["lines"][0], "cancelled": 4}]}
LOST: Json = {**TRANSFER, "status": "lost", "lines": [{**TRANSFER["lines"][0], "cancelled": 4, "lost": 4}]}
AVAILABILITY: Json = {
    "sku": "MUG-RED",
    "available": 2,
    "status": "in_stock",
    "warehouses": [{"warehouse": "LEJ1", "available": 2}],
    "promise": None,
    "as_of": "2026-03-01T10:00:00.120Z",
    "age_ms": 0,
}
PROMISE: Json = {
    "ships_from": "2026-03-04",
    "ships_to": "2026-03-06",
    "text": "Ships in 3–5 days",
    "evidence": [
        {
            "type": "purchase_order",
            "purchase_order_id": "019332c5-71b0-7c3a-9a41-5b1f0f8c1a08",
            "supplier": "ACME",
            "warehouse": "LEJ1",
            "expected_arrival_date": "2026-03-03",
            "quantity": 50,
            "covers": 1,
            "confidence": "medium",
        }
    ],
}
PROMISED: Json = {
    **AVAILABILITY,
    "available": 0,
    "status": "backorder",
    "warehouses": [{"warehouse": "LEJ1", "available": 0}],
    "promise": PROMISE,
}
STREAM = (
    'data: {"sku":"MUG-RED","available":2,"status":"in_stock","warehouses":[{"warehouse":"LEJ1","available":2}],'
    '"promise":null,"as_of":"2026-03-01T10:00:00.120Z","age_ms":0}\n\n'
)
LEDGER_ENTRY: Json = {
    "txn_id": EVENT_ID,
    "operation_id": RESERVATION_ID,
    "type": "RESERVE",
    "sku": "MUG-RED",
    "warehouse": "LEJ1",
    "quantity": -2,
    "on_hand": 7,
    "reserved": 8,
    "reason": None,
    "reference_type": "reservation",
    "reference_id": RESERVATION_ID,
    "created_at": NOW,
    "created_by": "key:shop",
    "states": None,
}
EVENT: Json = {
    "specversion": "1.0",
    "id": EVENT_ID,
    "source": "/onhand",
    "type": "reservation.short",
    "subject": RESERVATION_ID,
    "time": NOW,
    "datacontenttype": "application/json",
    "data": {"sku": "MUG-RED", "warehouse": "LEJ1", "quantity": 3},
}
EXPLANATION: Json = {
    "sku": "MUG-RED",
    "product_id": PRODUCT_ID,
    "name": "Mug, red",
    "selling": {"mode": "backorder", "limit": 20, "release_date": None},
    "totals": {
        "on_hand": 7,
        "reserved": 5,
        "backordered": 0,
        "available": 2,
        "incoming": 0,
        "damaged": 0,
        "quality_control": 0,
        "set_aside": 0,
    },
    "levels": [LEVEL],
    "reservations": [
        {
            "reservation_id": RESERVATION_ID,
            "order_id": "SO-1001",
            "status": "active",
            "created_at": NOW,
            "expires_at": LATER,
            "warehouse": "LEJ1",
            "line": 0,
            "open": 2,
            "backordered": 0,
        }
    ],
    "reservations_complete": True,
    "last_operations": [LEDGER_ENTRY],
}
RECONCILIATION: Json = {
    "reconciliation_id": OPERATION_ID,
    "started_at": NOW,
    "finished_at": "2026-03-01T10:00:00.040Z",
    "clean": True,
    "levels": 1,
    "ledger_rows": 4,
    "reservations": 1,
    "on_hand": 7,
    "reserved": 5,
    "backordered": 0,
    "differences": [],
    "truncated": False,
    "repairs": [],
}


def page(item: Json) -> Json:
    return {"items": [item], "next_cursor": None}
