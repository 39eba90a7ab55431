"""Damaged units and quality control over HTTP."""

import pytest


def states(shop, place: dict) -> tuple[int, int, int]:
    level = shop.level(place["sku"], place["warehouse"])
    return level["on_hand"], level["damaged"], level["quality_control"]


@pytest.fixture
def place(shop) -> dict:
    return {"sku": shop.product(), "warehouse": shop.warehouse()}


def moving(place: dict, units: int, source: str, target: str) -> dict:
    return {"lines": [{**place, "quantity": units, "from": source, "to": target, "reason": "looked at"}]}


def test_units_are_received_looked_at_and_thrown_away(client, shop, place):
    shop.post("/v1/receipts", {"lines": [{**place, "quantity": 10, "damaged": 2, "quality_control": 3}]})
    assert states(shop, place) == (5, 2, 3)
    done = shop.post("/v1/state_changes", moving(place, 3, "quality_control", "available"))
    line = done["lines"][0]
    assert (done["type"], line["quantity"], line["on_hand"], line["quality_control"], line["reason"]) == (
        "ADJUST",
        3,
        8,
        0,
        "looked at",
    )
    change = moving(place, 2, "damaged", "scrapped")
    first, again = (shop.post("/v1/state_changes", change, key=f"scrap-{place['sku']}") for _ in range(2))
    assert first == again
    assert states(shop, place) == (8, 0, 0)
    entries = client.get("/v1/ledger", params={"sku": place["sku"]}).json()["items"]
    assert [(e["type"], e["quantity"], e["states"]) for e in entries] == [
        ("ADJUST", 0, {"damaged": -2}),
        ("ADJUST", 3, {"quality_control": -3}),
        ("RECEIVE", 5, {"damaged": 2, "quality_control": 3}),
    ]
    by_warehouse = client.get("/v1/ledger", params={"warehouse": place["warehouse"]}).json()["items"]
    assert by_warehouse == entries


def test_units_are_set_aside_as_safety_stock_and_put_back(client, shop, place):
    """They are not sold, whoever asks; the setting says how many there should be, set_aside how many there are."""
    shop.post("/v1/receipts", {"lines": [{**place, "quantity": 10}]})
    client.put(f"/v1/levels/{place['sku']}/{place['warehouse']}", json={"safety_stock": 4})
    [line] = shop.post("/v1/state_changes", moving(place, 4, "available", "safety_stock"))["lines"]
    assert (line["quantity"], line["on_hand"], line["set_aside"]) == (-4, 6, 4)
    level = shop.level(place["sku"], place["warehouse"])
    assert (level["on_hand"], level["available"], level["safety_stock"], level["set_aside"]) == (6, 6, 4, 4)
    refused = client.post("/v1/reservations", json={"lines": [{**place, "quantity": 7}]})
    assert (refused.status_code, refused.json()["errors"][0]["available"]) == (409, 6)
    shop.post("/v1/state_changes", moving(place, 1, "safety_stock", "damaged"))
    shop.post("/v1/state_changes", moving(place, 3, "safety_stock", "available"))
    entries = client.get("/v1/ledger", params={"sku": place["sku"]}).json()["items"]
    assert [(e["quantity"], e["states"]) for e in entries[:3]] == [
        (3, {"safety_stock": -3}),
        (0, {"safety_stock": -1, "damaged": 1}),
        (-4, {"safety_stock": 4}),
    ]
    level = shop.level(place["sku"], place["warehouse"])
    assert (level["on_hand"], level["set_aside"], level["damaged"]) == (9, 0, 1)


def test_more_than_is_in_a_state_is_refused(client, shop, place):
    shop.post("/v1/receipts", {"lines": [{**place, "quantity": 3, "damaged": 1}]})
    for source, there in (("available", 2), ("damaged", 1), ("quality_control", 0)):
        answer = client.post("/v1/state_changes", json=moving(place, 4, source, "scrapped"))
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (409, "INSUFFICIENT_STOCK"), problem
        assert (problem["errors"][0]["requested"], problem["errors"][0]["available"]) == (4, there)
    assert states(shop, place) == (2, 1, 0)


@pytest.mark.parametrize(
    ("route", "line", "path"),
    [
        ("receipts", {"quantity": 3, "damaged": 4}, "lines[0].damaged"),
        ("receipts", {"quantity": 3, "damaged": 2, "quality_control": 2}, "lines[0].damaged"),
        ("receipts", {"quantity": 3, "quality_control": 4}, "lines[0].quality_control"),
        ("receipts", {"quantity": 3, "damaged": -1}, "lines[0].damaged"),
        ("state_changes", {"quantity": 1, "from": "damaged", "to": "damaged", "reason": "x"}, "lines[0].to"),
        ("state_changes", {"quantity": 1, "from": "scrapped", "to": "damaged", "reason": "x"}, "lines[0].from"),
        ("state_changes", {"quantity": 1, "from": "available", "to": "lost", "reason": "x"}, "lines[0].to"),
        ("state_changes", {"quantity": 0, "from": "available", "to": "damaged", "reason": "x"}, "lines[0].quantity"),
        ("state_changes", {"quantity": 1, "from": "available", "to": "damaged"}, "lines[0].reason"),
    ],
)
def test_a_bad_line_is_refused_with_its_path(client, shop, place, route, line, path):
    answer = client.post(f"/v1/{route}", json={"lines": [{**place, **line}]})
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION_FAILED"), answer.text
    assert answer.json()["errors"][0]["path"] == path
    assert client.get("/v1/ledger", params={"sku": place["sku"]}).json()["items"] == []


def test_a_purchase_order_is_received_with_damaged_units(client, shop, place):
    code = f"S-{place['sku']}"
    products = [{"sku": place["sku"], "lead_time_days": 1}]
    shop.post("/v1/suppliers", {"code": code, "name": "S", "products": products})
    order = shop.post("/v1/purchase_orders", {"supplier": code, "lines": [{**place, "quantity": 9}]})
    path = f"/v1/purchase_orders/{order['purchase_order_id']}"
    shop.post(f"{path}/place", {}, expect=200)
    bad = client.post(f"{path}/receive", json={"lines": [{"sku": place["sku"], "quantity": 1, "damaged": 2}]})
    assert (bad.status_code, bad.json()["errors"][0]["path"]) == (422, "lines[0].damaged")
    arrival = {"lines": [{"sku": place["sku"], "quantity": 6, "damaged": 1, "quality_control": 2}]}
    line = shop.post(f"{path}/receive", arrival, expect=200)["lines"][0]
    assert (line["received"], line["open"], line["damaged"], line["quality_control"]) == (6, 3, 1, 2)
    assert states(shop, place) == (3, 1, 2)
