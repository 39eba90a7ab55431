"""Capacity over HTTP."""

import pytest


def receipt(sku: str, warehouse: str, units: int) -> dict:
    return {"lines": [{"sku": sku, "warehouse": warehouse, "quantity": units}]}


def test_a_full_warehouse_refuses_warns_or_ignores(client, shop):
    sku, warehouse = shop.product(), shop.warehouse(capacity=10, capacity_policy="refuse")
    shop.receive(sku, warehouse, 8)
    refused = client.post("/v1/receipts", json=receipt(sku, warehouse, 3))
    assert (refused.status_code, refused.json()["code"]) == (409, "CAPACITY_EXCEEDED")
    assert refused.json()["errors"] == [
        {
            "path": "lines[0]",
            "code": "CAPACITY_EXCEEDED",
            "sku": sku,
            "warehouse": warehouse,
            "requested": 3,
            "free": 2,
            "capacity_in": "units",
        }
    ]
    path = f"/v1/warehouses/{warehouse}"
    told = client.get(f"{path}/capacity").json()
    assert [told[name] for name in ("capacity", "capacity_policy", "used", "free")] == [10, "refuse", 8, 2]
    assert client.patch(path, json={"capacity_policy": "warn"}).json()["capacity_policy"] == "warn"
    [warning] = shop.post("/v1/receipts", receipt(sku, warehouse, 3))["warnings"]
    assert warning == {
        "code": "CAPACITY_EXCEEDED",
        "warehouse": warehouse,
        "capacity": 10,
        "used": 11,
        "capacity_in": "units",
    }
    client.patch(path, json={"capacity": None})
    assert shop.post("/v1/receipts", receipt(sku, warehouse, 3))["warnings"] == []


def test_transfers_purchase_orders_and_returns_are_judged_too(client, shop):
    sku, source = shop.stocked(9)
    full = shop.warehouse(capacity=2, capacity_policy="refuse")
    transfer = {"from": source, "to": full, "lines": [{"sku": sku, "quantity": 3}]}
    assert client.post("/v1/transfers", json=transfer).json()["code"] == "CAPACITY_EXCEEDED"
    under_way = shop.post("/v1/transfers", {**transfer, "mode": "in_transit"})["transfer_id"]
    path = f"/v1/transfers/{under_way}/receive"
    assert client.post(path).json()["code"] == "CAPACITY_EXCEEDED"
    assert client.post(path, json={"lines": [{"sku": sku, "quantity": 2}]}).status_code == 200
    supplier = {"code": f"S-{sku}"[:50], "name": "S", "products": [{"sku": sku, "lead_time_days": 1}]}
    shop.post("/v1/suppliers", supplier)
    order = {"supplier": supplier["code"], "lines": [{"sku": sku, "warehouse": full, "quantity": 1}]}
    order_id = shop.post("/v1/purchase_orders", order)["purchase_order_id"]
    client.post(f"/v1/purchase_orders/{order_id}/place")
    assert client.post(f"/v1/purchase_orders/{order_id}/receive").json()["code"] == "CAPACITY_EXCEEDED"
    held = shop.post("/v1/reservations", {"lines": [{"sku": sku, "quantity": 1, "warehouse": source}]})
    client.post(f"/v1/reservations/{held['reservation_id']}/fulfill")
    line = {"sku": sku, "quantity": 1, "disposition": "restock", "warehouse": full}
    back = client.post("/v1/returns", json={"reservation_id": held["reservation_id"], "lines": [line]})
    assert (back.status_code, back.json()["code"]) == (409, "CAPACITY_EXCEEDED")
    level = shop.level(sku, full)
    assert (level["on_hand"], level["incoming"]) == (2, 2)


@pytest.mark.parametrize("bad", [{"capacity_policy": "shout"}, {"capacity_in": "boxes"}, {"capacity": 0}])
def test_bad_settings_are_refused(client, shop, bad):
    [field] = bad
    warehouse = shop.warehouse()
    refused = client.patch(f"/v1/warehouses/{warehouse}", json=bad)
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, field)


def test_no_warehouse_no_capacity(client):
    assert client.get("/v1/warehouses/NO-SUCH/capacity").status_code == 404
