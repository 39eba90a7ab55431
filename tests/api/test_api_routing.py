"""From where an order would ship, asked over HTTP."""

import itertools
import time

import psycopg
import pytest

from onhand.api import examples_routing as examples
from onhand.domain.routing import DEFAULT_RULES

numbers = itertools.count()


@pytest.fixture(autouse=True, scope="module")
def _usual_rules(client):
    """Other tests have tried the route that orders them, on the same store."""
    assert client.put("/v1/routing/rules", json={"rules": list(DEFAULT_RULES)}).status_code == 200


def places(shop, client, *spots):
    """Warehouses of their own, at (latitude, longitude, country); and a product that lies in each."""
    sku = shop.product()
    codes = []
    for units, latitude, longitude, country in spots:
        code = f"ROUTE-{next(numbers):03}"
        location = {"latitude": latitude, "longitude": longitude, "country": country}
        assert client.post("/v1/warehouses", json={"code": code, "name": code, "location": location}).status_code == 201
        shop.receive(sku, code, units)
        codes.append(code)
    return sku, codes


def test_a_quote_says_why_and_the_reservation_says_the_same(client, shop):
    sku, (_, south, _) = places(shop, client, (2, 60, 18, "SE"), (5, 41, 12, "IT"), (5, 52, 13, "DE"))
    order = {"lines": [{"sku": sku, "quantity": 4}], "ship_to": {"country": "IT"}}
    quote = client.post("/v1/routing/quote", json=order).json()
    assert set(quote) == set(examples.QUOTE)
    assert set(quote["route"]) == set(examples.QUOTE["route"])
    assert quote["lines"] == [
        {"line": 0, "sku": sku, "quantity": 4, "missing": 0, "allocations": [{"warehouse": south, "quantity": 4}]}
    ]
    assert quote["route"]["rule"] == "stay_in_country"
    assert quote["route"]["ship_to_precision"] == "country"
    assert [c["warehouse"] for c in quote["route"]["candidates"] if c["chosen"]] == [south]
    assert shop.level(sku, south)["reserved"] == 0
    made = client.post("/v1/reservations", json=order).json()
    assert made["route"] == quote["route"]
    assert client.get(f"/v1/reservations/{made['reservation_id']}").json()["route"] == quote["route"]


def test_partial_names_what_is_missing(client, shop):
    sku, codes = places(shop, client, (2, 60, 18, "SE"), (1, 41, 12, "IT"))
    order = {"lines": [{"sku": sku, "quantity": 4}]}
    assert client.post("/v1/routing/quote", json=order).json()["code"] == "INSUFFICIENT_STOCK"
    [line] = client.post("/v1/routing/quote", json={**order, "allow_partial": True}).json()["lines"]
    assert line["missing"] == 1
    assert {a["warehouse"] for a in line["allocations"]} == set(codes)
    assert client.post("/v1/routing/quote", json={**order, "allow_split": False}).status_code == 409


@pytest.mark.parametrize("path", ["/v1/routing/quote", "/v1/reservations"])
@pytest.mark.parametrize(
    ("ship_to", "where", "code"),
    [
        ({"latitude": 91, "longitude": 0}, "ship_to.latitude", "OUT_OF_RANGE"),
        ({"country": "XX"}, "ship_to.country", "UNKNOWN_COUNTRY"),
        ({"country": "Germany"}, "ship_to.country", "INVALID_VALUE"),
        ({"latitude": 9}, "ship_to.longitude", "MISSING_FIELD"),
        ({}, "ship_to", "MISSING_FIELD"),
    ],
)
def test_nowhere_is_refused(client, shop, path, ship_to, where, code):
    sku, _ = shop.stocked(5)
    answer = client.post(path, json={"lines": [{"sku": sku, "quantity": 1}], "ship_to": ship_to})
    assert answer.status_code == 422
    assert [(error["path"], error["code"]) for error in answer.json()["errors"]] == [(where, code)]


def test_without_an_active_warehouse_there_is_no_route(client, shop, database_url):
    sku, _ = shop.stocked(5)
    order = {"lines": [{"sku": sku, "quantity": 1}]}
    with psycopg.connect(database_url, autocommit=True) as connection:
        close = "UPDATE warehouse SET active = false WHERE active RETURNING warehouse_id"
        closed = connection.execute(close).fetchall()
        try:
            time.sleep(1.2)  # the list of warehouses is read anew every second
            for path in ("/v1/routing/quote", "/v1/reservations"):
                answer = client.post(path, json=order)
                assert (answer.status_code, answer.json()["code"]) == (409, "NO_ACTIVE_WAREHOUSE")
                assert answer.json()["errors"][0]["path"] == "lines"
        finally:
            connection.execute(
                "UPDATE warehouse SET active = true WHERE warehouse_id = ANY(%s)", [[row[0] for row in closed]]
            )
            time.sleep(1.2)  # the list of warehouses is read anew every second


def test_rules_are_ordered_and_switched(client, shop):
    before = client.get("/v1/routing/rules").json()
    sku, (near, far) = places(shop, client, (5, 52, 13, "DE"), (5, 60, 18, "SE"))
    assert client.patch(f"/v1/warehouses/{near}", json={"priority": 1}).json()["priority"] == 1
    order = {"lines": [{"sku": sku, "quantity": 1}], "ship_to": {"latitude": 52.5, "longitude": 13.4}}

    def chosen():
        [candidate] = [
            c for c in client.post("/v1/routing/quote", json=order).json()["route"]["candidates"] if c["chosen"]
        ]
        return candidate["warehouse"]

    assert chosen() == near
    try:
        answer = client.put("/v1/routing/rules", json={"rules": ["priority", "closest"]})
        assert answer.status_code == 200
        assert set(answer.json()) == set(examples.ROUTING_SETTING)
        assert answer.json()["rules"] == ["priority", "closest"]
        assert client.get("/v1/routing/rules").json() == answer.json()
        assert chosen() == far
    finally:
        client.put("/v1/routing/rules", json={"rules": before["rules"]})
    assert chosen() == near


@pytest.mark.parametrize(
    ("rules", "path", "code"),
    [
        (["closest", "cheapest"], "rules[1]", "INVALID_VALUE"),
        (["closest", "priority", "closest"], "rules[2]", "INVALID_VALUE"),
        ("closest", "rules", "INVALID_TYPE"),
    ],
)
def test_rules_that_are_none_are_refused(client, rules, path, code):
    before = client.get("/v1/routing/rules").json()
    answer = client.put("/v1/routing/rules", json={"rules": rules})
    assert answer.status_code == 422
    assert [(error["path"], error["code"]) for error in answer.json()["errors"]] == [(path, code)]
    assert client.get("/v1/routing/rules").json() == before
