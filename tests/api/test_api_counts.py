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


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({"lines": []}, "VALIDATION_FAILED", "lines"),
        ({"lines": [{}]}, "VALIDATION_FAILED", "lines[0].sku"),
        ({"lines": [{"sku": "NO-SUCH"}]}, "UNKNOWN_SKU", "lines[0].sku"),
        ({"lines": [{"sku": "+"}, {"sku": "+"}]}, "VALIDATION_FAILED", "lines[1].sku"),
        ({"warehouse": "NO-SUCH"}, "UNKNOWN_WAREHOUSE", "warehouse"),
        ({"approval_limit": -1}, "VALIDATION_FAILED", "approval_limit"),
    ],
)
def test_a_bad_count_is_refused(client, place, body, code, path):
    new = {"warehouse": place["warehouse"], "lines": [{"sku": "+"}], **body}
    new["lines"] = [{"sku": place["sku"]} if line.get("sku") == "+" else line for line in new["lines"]]
    answer = client.post("/v1/counts", json=new)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert answer.json()["errors"][0]["path"] == path


def test_what_is_not_there_is_not_found(client):
    missing = "/v1/counts/019332c5-71b0-7c3a-9a41-5b1f0f8c1a13"
    assert client.get(missing).status_code == 404
    for step in ("approve", "post", "cancel"):
        assert client.post(f"{missing}/{step}").status_code == 404
