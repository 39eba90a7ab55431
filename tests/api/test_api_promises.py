"""The promise beside availability, over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from onhand.api import examples_routing as examples
from server.serving import unique, until


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


def test_a_promise_that_moves_is_told_and_listed(client, shop, supplied):
    """By the jobs of the server that runs: nothing here calls them."""
    sku = supplied["sku"]
    line = {"sku": sku, "warehouse": supplied["warehouse"], "quantity": 2}
    held = shop.post(
        "/v1/reservations", {"lines": [line], "order_id": unique("SO"), "expires_in_s": None, "priority": 2}
    )
    path = f"/v1/reservations/{held['reservation_id']}"
    assert held["priority"] == 2

    def listed(**parameters):
        return client.get("/v1/promises", params={"sku": sku, **parameters}).json()["items"]

    until(listed, "the job writes down what is promised")
    [promise] = listed()
    assert set(promise) == set(examples.TOLD_PROMISE)
    assert (promise["reservation_id"], promise["at_risk"]) == (held["reservation_id"], False)
    assert client.get(path).json()["promises"] == [promise]
    later = str((datetime.now(UTC) + timedelta(days=60)).date())
    moved = client.patch(f"/v1/purchase_orders/{supplied['order']}", json={"expected_arrival_date": later})
    assert moved.status_code == 200
    until(lambda: listed(at_risk="true"), "the promise is at risk")
    [risk] = listed(at_risk="true")
    assert risk["told"] == promise["told"]
    assert risk["late_days"] > 50
    [event] = [
        event
        for event in every_event(client)
        if event["type"] == "promise.moved" and event["subject"] == held["reservation_id"]
    ]
    causes = [(each["purchase_order_id"], each["day"]) for each in event["data"]["because"]]
    assert causes == [(supplied["order"], later)]
    assert client.post(f"{path}/prioritize", json={"priority": 9}).json()["priority"] == 9
    assert client.post(f"{path}/prioritize", json={"priority": 10}).json()["errors"][0]["path"] == "priority"
    shop.post(f"{path}/release", {}, expect=200)
    assert listed() == []
    assert "promises" not in client.get(path).json()
    gone = client.post(f"{path}/prioritize", json={"priority": 1})
    assert (gone.status_code, gone.json()["code"]) == (409, "RESERVATION_CLOSED")


def every_event(client):
    events, after = [], None
    while True:
        page = client.get("/v1/events", params={"limit": 1000, **({"after": after} if after else {})}).json()["items"]
        events += page
        if len(page) < 1000:
            return events
        after = page[-1]["id"]


@pytest.mark.parametrize(
    ("parameters", "path"), [({"at_risk": "maybe"}, "at_risk"), ({"cursor": "x"}, "cursor"), ({"sku": ""}, "sku")]
)
def test_bad_questions_about_promises_are_refused(client, parameters, path):
    answer = client.get("/v1/promises", params=parameters)
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [path]
