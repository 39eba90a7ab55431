"""Cycle counts over HTTP."""

import pytest


@pytest.fixture
def place(shop) -> dict:
    place = {"sku": shop.product(), "warehouse": shop.warehouse()}
    shop.post("/v1/receipts", {"lines": [{**place, "quantity": 9}]})
    return place


def test_a_count_from_beginning_to_posting(client, shop, place):
    other = shop.product()
    new = {"warehouse": place["warehouse"], "lines": [{"sku": place["sku"]}, {"sku": other}], "approval_limit": 1}
    session, again = (shop.post("/v1/counts", new, key=f"count-{other}") for _ in range(2))
    assert session == again
    assert [(x["expected"], x["counted_quantity"]) for x in session["lines"]] == [(9, None), (0, None)]
    path = f"/v1/counts/{session['count_id']}"
    shop.post("/v1/adjustments", {"lines": [{**place, "quantity_change": -2, "reason": "sold by hand"}]})
    counted = {"lines": [{"sku": place["sku"], "counted_quantity": 5}, {"sku": other, "counted_quantity": 1}]}
    lines = shop.post(f"{path}/record", counted, expect=200)["lines"]
    assert [(x["moved"], x["variance"]) for x in lines] == [(-2, -2), (0, 1)]
    refused = client.post(f"{path}/post")
    assert (refused.status_code, refused.json()["code"]) == (409, "COUNT_NEEDS_APPROVAL")
    assert refused.json()["errors"][0]["variance"] == 2
    assert client.post(f"{path}/approve").json()["approved_by"]
    assert client.post(f"{path}/post").json()["status"] == "posted"
    assert client.post(f"{path}/post").json()["status"] == "posted"
    assert shop.level(place["sku"], place["warehouse"])["on_hand"] == 5
    assert shop.level(other, place["warehouse"])["on_hand"] == 1
    entries = client.get("/v1/ledger", params={"reference_id": session["count_id"]}).json()["items"]
    assert sorted((e["type"], e["quantity"]) for e in entries) == [("ADJUST", -2), ("ADJUST", 1)]
    closed = client.post(f"{path}/record", json=counted)
    assert (closed.status_code, closed.json()["code"], closed.json()["errors"][0]["status"]) == (
        409,
        "COUNT_CLOSED",
        "posted",
    )
    listed = client.get("/v1/counts", params={"status": "posted", "limit": 1000}).json()["items"]
    assert client.get(path).json() in listed
    assert client.post(f"{path}/cancel").status_code == 409


def test_variances_are_worth_what_the_first_supplier_asks_unless_the_count_says_otherwise(client, shop, place):
    sku, other, third = place["sku"], shop.product(), shop.product()
    for code, cost, priority in (("A", "9.99", 2), ("B", "4.25", 1), ("C", None, 1)):
        terms = {"sku": sku, "lead_time_days": 1, "priority": priority, "unit_cost": cost}
        shop.post("/v1/suppliers", {"code": f"{code}-{sku}"[:50], "name": code, "products": [terms]})
    new = {
        "warehouse": place["warehouse"],
        "lines": [{"sku": sku}, {"sku": other, "unit_cost": "0.5"}, {"sku": third}],
        "approval_value": "9",
        "currency": "EUR",
    }
    session = shop.post("/v1/counts", new)
    path = f"/v1/counts/{session['count_id']}"
    assert [x["unit_cost"] for x in session["lines"]] == ["4.2500", "0.5000", None]
    counted = [{"sku": sku, "counted_quantity": 7}, {"sku": other, "counted_quantity": 1}]
    told = shop.post(f"{path}/record", {"lines": counted}, expect=200)
    assert [x["variance_value"] for x in told["lines"]] == ["-8.5000", "0.5000", None]
    assert (told["totals"]["value"], told["totals"]["value_off"], told["needs_approval"]) == (
        "-8.0000",
        "9.0000",
        False,
    )
    told = shop.post(f"{path}/record", {"lines": [{"sku": third, "counted_quantity": 1}]}, expect=200)
    assert (told["totals"]["unvalued"], told["needs_approval"]) == (1, True)
    shop.post(f"{path}/record", {"lines": [{"sku": third, "counted_quantity": 0}]}, expect=200)
    shop.post(f"{path}/record", {"lines": [{"sku": other, "counted_quantity": 2}]}, expect=200)
    refused = client.post(f"{path}/post")
    assert (refused.status_code, refused.json()["code"]) == (409, "COUNT_NEEDS_APPROVAL")
    [facts] = refused.json()["errors"]
    assert (facts["value_off"], facts["approval_value"], facts["currency"]) == ("9.5000", "9.0000", "EUR")
    assert "9.5000 EUR" in refused.json()["detail"]
    client.post(f"{path}/approve")
    assert client.post(f"{path}/post").json()["status"] == "posted"


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({"lines": []}, "VALIDATION_FAILED", "lines"),
        ({"lines": [{}]}, "VALIDATION_FAILED", "lines[0].sku"),
        ({"lines": [{"sku": "NO-SUCH"}]}, "UNKNOWN_SKU", "lines[0].sku"),
        ({"lines": [{"sku": "+"}, {"sku": "+"}]}, "VALIDATION_FAILED", "lines[1].sku"),
        ({"warehouse": "NO-SUCH"}, "UNKNOWN_WAREHOUSE", "warehouse"),
        ({"approval_limit": -1}, "VALIDATION_FAILED", "approval_limit"),
        ({"approval_value": "-1", "currency": "EUR"}, "VALIDATION_FAILED", "approval_value"),
        ({"approval_value": "NaN", "currency": "EUR"}, "VALIDATION_FAILED", "approval_value"),
        ({"approval_value": "5"}, "VALIDATION_FAILED", "currency"),
        ({"currency": "euro"}, "VALIDATION_FAILED", "currency"),
        ({"lines": [{"sku": "+", "unit_cost": "dear"}]}, "VALIDATION_FAILED", "lines[0].unit_cost"),
        ({"lines": [{"sku": "+", "unit_cost": "-0.01"}]}, "VALIDATION_FAILED", "lines[0].unit_cost"),
    ],
)
def test_a_bad_count_is_refused(client, place, body, code, path):
    new = {"warehouse": place["warehouse"], "lines": [{"sku": "+"}], **body}
    new["lines"] = [{**line, "sku": place["sku"]} if line.get("sku") == "+" else line for line in new["lines"]]
    answer = client.post("/v1/counts", json=new)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert answer.json()["errors"][0]["path"] == path


def test_what_is_not_there_is_not_found(client):
    missing = "/v1/counts/019332c5-71b0-7c3a-9a41-5b1f0f8c1a13"
    assert client.get(missing).status_code == 404
    for step in ("approve", "post", "cancel"):
        assert client.post(f"{missing}/{step}").status_code == 404
