"""The promise beside availability, over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from server.serving import unique


@pytest.fixture
def supplied(client, shop) -> dict:
    """A product that may be backordered, sold by a supplier, of which 50 are on order."""
    sku, warehouse, code = shop.product(selling={"mode": "backorder", "limit": 20}), shop.warehouse(), unique("S")
    shop.post("/v1/suppliers", {"code": code, "name": "S", "products": [{"sku": sku, "lead_time_days": 9}]})
    order = shop.post(
        "/v1/purchase_orders",
        {
            "supplier": code,
            "lines": [{"sku": sku, "warehouse": warehouse, "quantity": 50}],
            "expected_arrival_date": str((datetime.now(UTC) + timedelta(days=5)).date()),
        },
    )
    shop.post(f"/v1/purchase_orders/{order['purchase_order_id']}/place", {}, expect=200)
    return {"sku": sku, "warehouse": warehouse, "order": order["purchase_order_id"]}


def test_a_backorder_says_when_and_why(client, supplied):
    answer = client.get(f"/v1/availability/{supplied['sku']}", params={"quantity": 3})
    promise = answer.json()["promise"]
    assert set(promise) == {"ships_from", "ships_to", "text", "evidence"}
    assert promise["ships_from"] <= promise["ships_to"]
    assert promise["text"].startswith("Ships in ")
    assert promise["evidence"][0]["purchase_order_id"] == supplied["order"]
    assert answer.headers["vary"] == "accept-language"
    again = client.get(f"/v1/availability/{supplied['sku']}", params={"quantity": 3})
    assert again.json()["promise"] == promise
    assert again.headers["etag"] == answer.headers["etag"]
    german = client.get(f"/v1/availability/{supplied['sku']}", headers={"Accept-Language": "de-AT, en;q=0.1"})
    assert german.json()["promise"]["text"].startswith("Versand in ")
    assert german.headers["etag"] != answer.headers["etag"]


def test_what_is_received_is_in_stock_at_once(client, shop, supplied):
    path = f"/v1/availability/{supplied['sku']}"
    assert client.get(path).json()["promise"]["evidence"][0]["type"] == "purchase_order"
    shop.receive(supplied["sku"], supplied["warehouse"], 4)
    promise = client.get(path).json()["promise"]
    assert promise["text"].startswith("In stock, ships ")
    assert promise["evidence"] == [
        {"type": "stock", "warehouse": supplied["warehouse"], "quantity": 1, "confidence": "high"}
    ]
    four, five = [client.get(path, params={"quantity": n}).json() for n in (4, 5)]
    assert (four["status"], five["status"]) == ("in_stock", "backorder")
    assert [each["type"] for each in five["promise"]["evidence"]] == ["stock", "purchase_order"]


def test_a_later_day_and_a_place_to_ship_to(client, supplied):
    path = f"/v1/availability/{supplied['sku']}"
    later = (datetime.now(UTC) + timedelta(days=20)).replace(microsecond=0)
    for at in (later.date().isoformat(), later.isoformat(), later.isoformat().replace("+00:00", "Z")):
        then = client.get(path, params={"at": at, "ship_to": "DE,10115", "quantity": 50}).json()
        assert (then["available"], then["status"]) == (50, "in_stock")
        assert then["promise"]["ships_from"] >= later.date().isoformat()
    today = client.get(path, params={"at": datetime.now(UTC).date().isoformat()}).json()
    assert (today["available"], today["status"]) == (0, "backorder")


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"at": "tomorrow, please"}, "at"),
        ({"at": "2026-13-01"}, "at"),
        ({"at": "2020-01-01"}, "at"),
        ({"at": "9999-12-31T23:59:59Z"}, "at"),
        ({"at": "soon"}, "at"),
        ({"ship_to": "91,0"}, "ship_to"),
        ({"ship_to": "nan,nan"}, "ship_to"),
        ({"ship_to": "germany"}, "ship_to"),
        ({"ship_to": "ZZ"}, "ship_to.country"),
        ({"quantity": "0"}, "quantity"),
        ({"promise": "yes"}, "promise"),
    ],
)
def test_bad_questions_are_refused(client, supplied, parameters, path):
    answer = client.get(f"/v1/availability/{supplied['sku']}", params=parameters)
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION_FAILED"), answer.text
    assert answer.json()["errors"][0]["path"] == path
