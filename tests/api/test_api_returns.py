"""Returns over HTTP."""

import pytest


@pytest.fixture
def shipped(client, shop) -> dict:
    """Five units of an order, all of them fulfilled."""
    sku, warehouse = shop.stocked(9)
    held = shop.reserve(sku, 5, order_id=f"SO-{sku}")
    client.post(f"/v1/reservations/{held['reservation_id']}/fulfill")
    return {"sku": sku, "warehouse": warehouse, "order_id": f"SO-{sku}", "reservation_id": held["reservation_id"]}


def test_a_return_by_order_is_told_everywhere(client, shop, shipped):
    new = {
        "order_id": shipped["order_id"],
        "reason": "wrong size",
        "lines": [
            {"sku": shipped["sku"], "quantity": 2, "disposition": "restock"},
            {"sku": shipped["sku"], "quantity": 1, "disposition": "damaged", "reason": "torn"},
            {"sku": shipped["sku"], "quantity": 1, "disposition": "refuse", "reason": "worn"},
        ],
    }
    made, again = (shop.post("/v1/returns", new, key=f"return-{shipped['sku']}") for _ in range(2))
    assert made == again
    assert made["order_id"] == shipped["order_id"]
    assert [(x["quantity"], x["disposition"], x["warehouse"], x["reason"]) for x in made["lines"]] == [
        (2, "restock", shipped["warehouse"], None),
        (1, "damaged", shipped["warehouse"], "torn"),
        (1, "refuse", None, "worn"),
    ]
    level = shop.level(shipped["sku"], shipped["warehouse"])
    assert (level["on_hand"], level["damaged"], level["quality_control"]) == (6, 1, 0)
    assert client.get(f"/v1/returns/{made['return_id']}").json() == made
    for name in ("order_id", "reservation_id"):
        assert client.get("/v1/returns", params={name: shipped[name]}).json()["items"] == [made]
    assert made in client.get("/v1/returns", params={"limit": 1000}).json()["items"]
    back = client.get(f"/v1/reservations/{shipped['reservation_id']}").json()["returns"]
    assert [(x["return_id"], x["quantity"], x["reason"]) for x in back] == [
        (made["return_id"], 2, "wrong size"),
        (made["return_id"], 1, "torn"),
        (made["return_id"], 1, "worn"),
    ]
    for reference in (made["return_id"], shipped["reservation_id"]):
        entries = client.get("/v1/ledger", params={"reference_id": reference, "type": "RECEIVE"}).json()["items"]
        assert [(x["quantity"], x["operation_id"]) for x in entries] == [(0, made["return_id"]), (2, made["return_id"])]


def test_more_than_was_shipped_is_refused(client, shop, shipped):
    body = {
        "reservation_id": shipped["reservation_id"],
        "lines": [{"line": 0, "quantity": 4, "disposition": "quality_control"}],
    }
    shop.post("/v1/returns", body)
    refused = client.post("/v1/returns", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "QUANTITY_EXCEEDS_FULFILLED")
    [where] = refused.json()["errors"]
    assert where == {
        "path": "lines[0]",
        "code": "QUANTITY_EXCEEDS_FULFILLED",
        "sku": shipped["sku"],
        "requested": 4,
        "fulfilled": 5,
        "returned": 4,
    }
    assert shop.level(shipped["sku"], shipped["warehouse"])["quality_control"] == 4


def test_it_may_come_back_to_another_warehouse(shop, shipped):
    elsewhere = shop.warehouse()
    line = {"sku": shipped["sku"], "quantity": 1, "disposition": "restock", "warehouse": elsewhere}
    made = shop.post("/v1/returns", {"order_id": shipped["order_id"], "lines": [line]})
    assert (made["lines"][0]["shipped_from"], made["lines"][0]["warehouse"]) == (shipped["warehouse"], elsewhere)
    assert shop.level(shipped["sku"], elsewhere)["on_hand"] == 1


LINE = {"sku": "+", "quantity": 1, "disposition": "restock"}
NOBODY = "019332c5-71b0-7c3a-9a41-5b1f0f8c1a13"


@pytest.mark.parametrize(
    ("body", "status", "code", "path"),
    [
        ({"lines": []}, 422, "VALIDATION_FAILED", "lines"),
        ({"lines": [{**LINE, "quantity": 0}]}, 422, "VALIDATION_FAILED", "lines[0].quantity"),
        ({"lines": [{**LINE, "disposition": "eat"}]}, 422, "VALIDATION_FAILED", "lines[0].disposition"),
        ({"lines": [{**LINE, "colour": "red"}]}, 422, "VALIDATION_FAILED", "lines[0].colour"),
        ({"lines": [{"quantity": 1, "disposition": "restock"}]}, 422, "VALIDATION_FAILED", "lines[0].sku"),
        ({"lines": [{**LINE, "line": 0}]}, 422, "VALIDATION_FAILED", "lines[0].line"),
        ({"lines": [{**LINE, "line": 7, "sku": None}]}, 422, "VALIDATION_FAILED", "lines[0].line"),
        ({"lines": [LINE, {**LINE, "sku": "NO-SUCH"}]}, 422, "UNKNOWN_SKU", "lines[1].sku"),
        ({"lines": [{**LINE, "warehouse": "NO-SUCH"}]}, 422, "UNKNOWN_WAREHOUSE", "lines[0].warehouse"),
        ({"order_id": "SO-1"}, 422, "VALIDATION_FAILED", "reservation_id"),
        ({"reservation_id": None}, 422, "VALIDATION_FAILED", "reservation_id"),
        ({"reservation_id": None, "order_id": "NO-SUCH"}, 422, "VALIDATION_FAILED", "order_id"),
        ({"reservation_id": "7"}, 422, "VALIDATION_FAILED", "reservation_id"),
        ({"reservation_id": NOBODY}, 422, "VALIDATION_FAILED", "reservation_id"),
    ],
)
def test_a_bad_return_is_refused_and_changes_nothing(client, shipped, unchanged, body, status, code, path):
    new = {"reservation_id": shipped["reservation_id"], "lines": [LINE], **body}
    new["lines"] = [{**line, "sku": shipped["sku"]} if line.get("sku") == "+" else line for line in new["lines"]]
    answer = client.post("/v1/returns", json=new)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.json()["errors"][0]["path"] == path


def test_what_is_not_there_is_not_found(client):
    assert client.get(f"/v1/returns/{NOBODY}").status_code == 404
    assert client.get("/v1/returns", params={"order_id": "NO-SUCH"}).json()["items"] == []
