"""Suppliers and purchase orders over HTTP."""

import csv
import io
from datetime import UTC, datetime, timedelta
from html import escape
from uuid import uuid4

import pytest

from server.serving import unique, until


@pytest.fixture
def supplied(shop) -> dict:
    """A supplier of one product, and a warehouse for it."""
    sku, warehouse, code = shop.product(), shop.warehouse(), unique("S")
    terms = {"sku": sku, "lead_time_days": 3, "pack_size": 6, "unit_cost": 4.25}
    shop.post("/v1/suppliers", {"code": code, "name": "A supplier", "products": [terms]})
    return {"sku": sku, "warehouse": warehouse, "supplier": code}


def ordered(shop, supplied: dict, quantity: int = 12, *, place: bool = True) -> dict:
    lines = [{"sku": supplied["sku"], "warehouse": supplied["warehouse"], "quantity": quantity}]
    order = shop.post("/v1/purchase_orders", {"supplier": supplied["supplier"], "lines": lines})
    return shop.post(f"/v1/purchase_orders/{order['purchase_order_id']}/place", {}, expect=200) if place else order


def test_a_supplier_is_made_read_changed_and_listed(client, shop, supplied):
    path = f"/v1/suppliers/{supplied['supplier']}"
    made = client.get(path).json()
    assert made["products"] == [
        {
            "sku": supplied["sku"],
            "supplier_sku": None,
            "lead_time_days": 3,
            "minimum_order": 1,
            "pack_size": 6,
            "unit_cost": "4.2500",
            "priority": 1,
            "lead_time_used": "agreed",
            "measured_lead_time": {"receipts": 0, "mean_days": None, "spread_days": None},
        }
    ]
    other = shop.product()
    terms = {"sku": other, "lead_time_days": 9, "priority": 2}
    changed = client.patch(path, json={"reorders": "draft", "products": [terms]}).json()
    assert (changed["reorders"], changed["name"]) == ("draft", "A supplier")
    assert [each["sku"] for each in changed["products"]] == [other]
    assert client.get(f"/v1/suppliers/{made['supplier_id']}").json() == changed
    listed, cursor = [], ""
    while cursor is not None:
        page = client.get("/v1/suppliers", params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        listed, cursor = listed + page["items"], page["next_cursor"]
    assert changed in listed


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({"code": "X"}, "VALIDATION_FAILED", "name"),
        ({"code": "X", "name": "X", "colour": "red"}, "VALIDATION_FAILED", "colour"),
        ({"products": [{"sku": "NO-SUCH", "lead_time_days": 1}]}, "UNKNOWN_SKU", "products[0].sku"),
        ({"products": [{"lead_time_days": 1}]}, "VALIDATION_FAILED", "products[0].sku"),
        ({"products": [{"sku": "+", "lead_time_days": -1}]}, "VALIDATION_FAILED", "products[0].lead_time_days"),
        ({"products": [{"sku": "+"}]}, "VALIDATION_FAILED", "products[0].lead_time_days"),
        (
            {"products": [{"sku": "+", "lead_time_days": 1, "pack_size": 0}]},
            "VALIDATION_FAILED",
            "products[0].pack_size",
        ),
        (
            {"products": [{"sku": "+", "lead_time_days": 1, "unit_cost": -1}]},
            "VALIDATION_FAILED",
            "products[0].unit_cost",
        ),
        ({"products": [{"sku": "+", "lead_time_days": 1}] * 2}, "VALIDATION_FAILED", "products[1].sku"),
        ({"over_delivery_percent": 101}, "VALIDATION_FAILED", "over_delivery_percent"),
    ],
)
def test_a_bad_supplier_is_refused(client, supplied, body, code, path):
    for each in body.get("products", []):
        each.update({"sku": supplied["sku"]} if each.get("sku") == "+" else {})
    new = body if "code" in body else {"code": unique("S"), "name": "X", **body}
    before = client.get("/v1/suppliers", params={"limit": 1000}).json()
    answer = client.post("/v1/suppliers", json=new)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert answer.json()["errors"][0]["path"] == path
    assert client.get("/v1/suppliers", params={"limit": 1000}).json() == before


def test_a_taken_code_is_refused(client, supplied):
    answer = client.post("/v1/suppliers", json={"code": supplied["supplier"], "name": "Again"})
    assert (answer.status_code, answer.json()["code"]) == (409, "ALREADY_EXISTS")
    assert client.get("/v1/suppliers/NO-SUCH").status_code == 404


def test_an_order_from_draft_to_received(client, shop, supplied):
    draft = ordered(shop, supplied, place=False)
    assert (draft["status"], draft["expected_arrival_date"], draft["lines"][0]["open"]) == ("draft", None, 12)
    path = f"/v1/purchase_orders/{draft['purchase_order_id']}"
    assert client.post(f"{path}/receive").json()["code"] == "PURCHASE_ORDER_NOT_PLACED"
    placed = shop.post(f"{path}/place", {}, expect=200)
    days = {(datetime.now(UTC).date() + timedelta(days=n)).isoformat() for n in (2, 3)}  # Midnight may have passed.
    assert placed["status"] == "placed"
    assert placed["expected_arrival_date"] in days
    assert shop.level(supplied["sku"], supplied["warehouse"])["incoming"] == 12
    part = {"lines": [{"sku": supplied["sku"], "warehouse": supplied["warehouse"], "quantity": 5}]}
    first, again = (shop.post(f"{path}/receive", part, key="DN-1" + path, expect=200) for _ in range(2))
    assert first == again
    assert (first["status"], first["lines"][0]["received"], first["lines"][0]["open"]) == ("partially_received", 5, 7)
    level = shop.level(supplied["sku"], supplied["warehouse"])
    assert (level["on_hand"], level["incoming"]) == (5, 7)
    assert client.post(f"{path}/receive").json()["status"] == "received"
    level = shop.level(supplied["sku"], supplied["warehouse"])
    assert (level["on_hand"], level["incoming"]) == (12, 0)
    entries = client.get("/v1/ledger", params={"reference_id": draft["purchase_order_id"]}).json()["items"]
    assert [(e["type"], e["quantity"], e["reference_type"]) for e in entries] == [
        ("RECEIVE", 7, "purchase_order"),
        ("RECEIVE", 5, "purchase_order"),
    ]
    closed = client.post(f"{path}/receive")
    assert (closed.status_code, closed.json()["code"]) == (409, "PURCHASE_ORDER_CLOSED")
    assert closed.json()["errors"][0]["status"] == "received"
    assert client.get(path).json()["lines"][0]["received"] == 12


def test_a_supplier_says_how_much_more_and_how_much_less_may_come(client, shop, supplied):
    rules = {"over_delivery_percent": 10, "under_delivery_percent": 10}
    client.patch(f"/v1/suppliers/{supplied['supplier']}", json=rules)
    order = f"/v1/purchase_orders/{ordered(shop, supplied, 20)['purchase_order_id']}/receive"
    refused = client.post(order, json={"lines": [{"sku": supplied["sku"], "quantity": 23}]})
    assert (refused.status_code, refused.json()["code"]) == (409, "QUANTITY_EXCEEDS_OPEN")
    assert refused.json()["errors"][0]["path"] == "lines[0]"
    taken = shop.post(order, {"lines": [{"sku": supplied["sku"], "quantity": 22}]}, expect=200)
    assert (taken["status"], taken["lines"][0]["received"], taken["lines"][0]["open"]) == ("received", 22, 0)
    order = f"/v1/purchase_orders/{ordered(shop, supplied, 20)['purchase_order_id']}/receive"
    some = shop.post(order, {"lines": [{"sku": supplied["sku"], "quantity": 17}]}, expect=200)
    assert (some["status"], some["lines"][0]["open"]) == ("partially_received", 3)
    rest = shop.post(order, {"lines": [{"sku": supplied["sku"], "quantity": 1}]}, expect=200)
    assert (rest["status"], rest["lines"][0]["cancelled"]) == ("closed_short", 2)
    level = client.get("/v1/levels", params={"sku": supplied["sku"]}).json()["items"][0]
    assert (level["on_hand"], level["incoming"]) == (40, 0)


def test_orders_are_listed_newest_first_by_status_and_supplier(client, shop, supplied):
    first, second, third = ordered(shop, supplied), ordered(shop, supplied), ordered(shop, supplied, place=False)
    ids = [order["purchase_order_id"] for order in (third, second, first)]
    query = {"supplier": supplied["supplier"]}
    assert [o["purchase_order_id"] for o in client.get("/v1/purchase_orders", params=query).json()["items"]] == ids
    page = client.get("/v1/purchase_orders", params=query | {"status": "placed", "limit": 1}).json()
    assert [o["purchase_order_id"] for o in page["items"]] == [ids[1]]
    page = client.get("/v1/purchase_orders", params=query | {"status": "placed", "cursor": page["next_cursor"]}).json()
    assert [o["purchase_order_id"] for o in page["items"]] == [ids[2]]
    assert client.get("/v1/purchase_orders?supplier=NO-SUCH").json()["code"] == "UNKNOWN_SUPPLIER"


def test_what_is_cancelled_is_no_longer_incoming(client, shop, supplied):
    order = ordered(shop, supplied)
    path = f"/v1/purchase_orders/{order['purchase_order_id']}"
    assert client.post(f"{path}/cancel").json()["status"] == "cancelled"
    assert shop.level(supplied["sku"], supplied["warehouse"])["incoming"] == 0
    assert client.post(f"{path}/place").json()["code"] == "PURCHASE_ORDER_CLOSED"


def test_bad_orders_are_refused(client, shop, supplied):
    line = {"sku": supplied["sku"], "warehouse": supplied["warehouse"], "quantity": 1}
    for body, code, path in (
        ({"supplier": "NO-SUCH", "lines": [line]}, "UNKNOWN_SUPPLIER", "supplier"),
        ({"supplier": supplied["supplier"], "lines": []}, "VALIDATION_FAILED", "lines"),
        ({"supplier": supplied["supplier"], "lines": [line | {"quantity": 0}]}, "VALIDATION_FAILED", None),
        ({"supplier": supplied["supplier"], "lines": [line | {"warehouse": "NO"}]}, "UNKNOWN_WAREHOUSE", None),
        ({"supplier": supplied["supplier"], "lines": [line | {"sku": shop.product()}]}, "VALIDATION_FAILED", None),
        (
            {"supplier": supplied["supplier"], "lines": [line], "expected_arrival_date": "soon"},
            "VALIDATION_FAILED",
            "expected_arrival_date",
        ),
    ):
        answer = client.post("/v1/purchase_orders", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
        assert path in (None, answer.json()["errors"][0]["path"])
    order = ordered(shop, supplied)
    path = f"/v1/purchase_orders/{order['purchase_order_id']}"
    answer = client.post(f"{path}/receive", json={"lines": [{"sku": supplied["sku"], "quantity": 13}]})
    assert (answer.status_code, answer.json()["code"]) == (409, "QUANTITY_EXCEEDS_OPEN")
    assert shop.level(supplied["sku"], supplied["warehouse"])["on_hand"] == 0
    assert client.get("/v1/purchase_orders?supplier=" + supplied["supplier"]).json()["items"] == [order]


def test_the_batch_orders_what_runs_low_once(client, shop, supplied):
    shop.receive(supplied["sku"], supplied["warehouse"], 3)
    path = f"/v1/levels/{supplied['sku']}/{supplied['warehouse']}"
    assert client.put(path, json={"reorder_threshold": 10, "reorder_quantity": 20}).status_code == 200

    def mine(report: dict) -> list:
        return [o for o in report["purchase_orders"] if o["supplier"] == supplied["supplier"]]

    [would] = mine(client.post("/v1/reorders/run", json={"dry_run": True}).json())
    assert shop.level(supplied["sku"], supplied["warehouse"])["incoming"] == 0
    [made] = mine(client.post("/v1/reorders/run").json())
    assert made["lines"] == would["lines"]
    assert (made["lines"][0]["quantity"], made["lines"][0]["position"]) == (24, 3)
    assert mine(client.post("/v1/reorders/run").json()) == []
    order = client.get(f"/v1/purchase_orders/{made['purchase_order_id']}").json()
    assert (order["status"], order["lines"][0]["open"]) == ("placed", 24)
    assert shop.level(supplied["sku"], supplied["warehouse"])["incoming"] == 24


def test_a_server_orders_by_itself_what_a_sale_leaves_low(client, shop, supplied):
    shop.receive(supplied["sku"], supplied["warehouse"], 10)
    path = f"/v1/levels/{supplied['sku']}/{supplied['warehouse']}"
    assert client.put(path, json={"reorder_threshold": 10}).status_code == 200
    held = shop.reserve(supplied["sku"], 1)
    shop.post(f"/v1/reservations/{held['reservation_id']}/fulfill", {}, expect=200)
    until(lambda: shop.level(supplied["sku"], supplied["warehouse"])["incoming"] == 12, "an order of 12")


def test_an_order_can_be_printed_and_nothing_in_it_is_html(client, shop):
    bold, nasty = unique("<b>SKU"), '<script>alert("1")</script> & Söhne'
    client.post("/v1/products", json={"sku": bold, "name": nasty})
    code, warehouse = unique("S"), shop.warehouse()
    terms = {"sku": bold, "lead_time_days": 3, "supplier_sku": "<i>theirs", "unit_cost": 4.25}
    shop.post("/v1/suppliers", {"code": code, "name": nasty, "products": [terms]})
    order = shop.post(
        "/v1/purchase_orders",
        {"supplier": code, "lines": [{"sku": bold, "warehouse": warehouse, "quantity": n} for n in (1200, 30)]},
    )
    path = f"/v1/purchase_orders/{order['purchase_order_id']}/page"
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = answer.text
    assert not [tag for tag in ("<script", "<b>", "<i>") if tag in page]
    assert page.count(escape(nasty)) == 3  # The supplier once, the product in both lines.
    assert all(escape(text) in page for text in (bold, "<i>theirs", warehouse, code, "1,200", "1,230", "5,227.50"))
    assert "not yet" in page
    assert client.get(path.replace(order["purchase_order_id"], str(uuid4()))).status_code == 404
    assert client.get("/v1/purchase_orders/X/page").status_code == 422
    sent = client.get(path.replace("/page", "/csv"))
    assert (sent.status_code, sent.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    rows = list(csv.DictReader(io.StringIO(sent.text)))
    assert [(r["sku"], r["supplier_sku"], r["product"], r["quantity"], r["unit_cost"]) for r in rows] == [
        (bold, "<i>theirs", nasty, units, "4.2500") for units in ("1200", "30")
    ]
    assert client.get("/v1/purchase_orders/X/csv").status_code == 422


def test_the_day_of_an_order_may_change_until_it_is_closed(client, shop, supplied):
    draft = ordered(shop, supplied, place=False)
    path = f"/v1/purchase_orders/{draft['purchase_order_id']}"
    for day in ("2030-01-02", "2030-01-09"):
        changed = client.patch(path, json={"expected_arrival_date": day})
        assert (changed.status_code, changed.json()["expected_arrival_date"]) == (200, day), changed.text
        assert client.get(path).json() == changed.json()
        shop.post(f"{path}/place", {}, expect=200)  # The second time it changes nothing.
    part = {"lines": [{"sku": supplied["sku"], "quantity": 5}]}
    shop.post(f"{path}/receive", part, expect=200)
    same = [
        client.patch(path, json={"expected_arrival_date": "2030-02-01"}, headers={"Idempotency-Key": f"K{path}"}).json()
        for _ in range(2)
    ]
    assert same[0] == same[1]
    assert (same[0]["status"], same[0]["expected_arrival_date"]) == ("partially_received", "2030-02-01")
    for body, field in (({}, "expected_arrival_date"), ({"expected_arrival_date": None}, "expected_arrival_date")):
        answer = client.patch(path, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, field)
    shop.post(f"{path}/cancel", {}, expect=200)
    closed = client.patch(path, json={"expected_arrival_date": "2030-03-01"})
    assert (closed.status_code, closed.json()["code"]) == (409, "PURCHASE_ORDER_CLOSED")
    assert client.get(path).json()["expected_arrival_date"] == "2030-02-01"
    assert client.patch(f"/v1/purchase_orders/{supplied['sku']}", json={}).status_code in (404, 422)
