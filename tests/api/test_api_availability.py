"""Displayed availability over HTTP: for a quantity, with its age, with an ETag."""

import time
import uuid

from onhand.domain.limits import AVAILABILITY_FRESH_S, AVAILABILITY_UNKNOWN_S
from server.serving import unique


def test_for_a_quantity(client, shop):
    sku, warehouse = shop.stocked(3, selling={"mode": "backorder", "limit": 2})

    def status(quantity: int) -> str:
        answer = client.get(f"/v1/availability/{sku}", params={"quantity": quantity, "warehouse": warehouse})
        assert answer.json()["available"] == 3
        return answer.json()["status"]

    told = ["in_stock", "in_stock", "backorder", "backorder", "out_of_stock"]
    assert [status(each) for each in (1, 3, 4, 5, 6)] == told


def test_a_commit_is_seen_at_once_and_never_older_than_the_bound(client, shop):
    sku, _ = shop.stocked(50)
    for sold in range(1, 21):
        shop.reserve(sku, 1)
        seen = client.get(f"/v1/availability/{sku}").json()
        assert seen["available"] == 50 - sold
        assert 0 <= seen["age_ms"] <= 1_000 * AVAILABILITY_FRESH_S


def test_settings_are_seen_at_once_by_the_process_that_made_them(client, shop):
    sku, warehouse = shop.stocked(0 + 1)
    shop.reserve(sku, 1)
    assert client.get(f"/v1/availability/{sku}").json()["status"] == "out_of_stock"
    assert client.put(f"/v1/levels/{sku}/{warehouse}", json={"backorder_limit": 5}).status_code == 200
    assert client.get(f"/v1/availability/{sku}").json()["status"] == "backorder"
    assert client.patch(f"/v1/warehouses/{warehouse}", json={"active": False}).status_code == 200
    assert client.get(f"/v1/availability/{sku}").json()["warehouses"] == []


def test_the_etag_is_that_of_the_numbers(client, shop):
    sku, _ = shop.stocked(5)
    first = client.get(f"/v1/availability/{sku}")
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    assert first.headers["cache-control"] == "public, max-age=0, s-maxage=1, must-revalidate"
    again = client.get(f"/v1/availability/{sku}", headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert "content-length" not in again.headers
    shop.reserve(sku, 1)
    assert client.get(f"/v1/availability/{sku}", headers={"If-None-Match": tag}).json()["available"] == 4
    strong = client.get(f"/v1/availability/{sku}", params={"consistency": "strong"})
    assert strong.headers["cache-control"] == "no-store"
    assert strong.json()["available"] == 4


def test_an_unknown_sku_is_known_as_soon_as_it_is_made(client, shop):
    sku = unique("LATE")
    for _ in range(2):
        assert client.get(f"/v1/availability/{sku}").status_code == 404
    shop.post("/v1/products", {"sku": sku, "name": "Late"})
    assert client.get(f"/v1/availability/{sku}").json()["status"] == "out_of_stock"
    assert AVAILABILITY_UNKNOWN_S <= 1.0


def test_by_id_and_500_at_once(client, shop):
    sku, _ = shop.stocked(2)
    product = client.get(f"/v1/products/{sku}").json()["product_id"]
    assert client.get(f"/v1/availability/{product}").json()["sku"] == sku
    skus = [shop.product() for _ in range(20)] + [sku] * 480
    began = time.perf_counter()
    items = client.post("/v1/availability", params={"consistency": "strong"}, json={"skus": skus}).json()["items"]
    assert time.perf_counter() - began < 5
    assert [item["sku"] for item in items] == skus


def test_what_is_at_hand_is_answered_the_same_as_what_is_not(client, shop):
    """The first read waits for the database, the next does not; the numbers and the ETag are those of a fresh read."""
    (one, place), (two, _) = shop.stocked(5), shop.stocked(0 + 1)
    shop.reserve(two, 1)
    for sku in (one, two):
        told = [client.get(f"/v1/availability/{sku}") for _ in range(5)]
        told.append(client.get(f"/v1/availability/{sku}", params={"consistency": "strong"}))
        assert len({each.headers["etag"] for each in told}) == 1
        assert {each.json()["status"] for each in told} == {"in_stock" if sku == one else "out_of_stock"}
    for _ in range(5):
        items = client.post("/v1/availability", json={"skus": [two, one, two]}).json()["items"]
        assert [(each["sku"], each["available"]) for each in items] == [(two, 0), (one, 5), (two, 0)]
    assert client.patch(f"/v1/warehouses/{place}", json={"active": False}).status_code == 200
    assert client.get(f"/v1/availability/{one}").json()["available"] == 0


def test_sold_out_is_told_alike_with_and_without_a_key_alone_and_in_a_batch(client, shop):
    """Without a key the gate answers, with one the engine."""
    sku, warehouse = shop.stocked(1)
    order = {"lines": [{"sku": sku, "warehouse": warehouse, "quantity": 1}]}
    held = shop.post("/v1/reservations", order)["reservation_id"]
    before = gate(client)
    told = []
    for number in range(20):
        headers = {"Idempotency-Key": unique("sold")} if number % 2 else {}
        told.append(client.post("/v1/reservations", json=order, headers=headers))
    assert gate(client) > before
    assert {each.status_code for each in told} == {409}
    assert len({str(each.json()["errors"]) for each in told}) == 1
    results = client.post("/v1/reservations/batch", json={"reservations": [order, order]}).json()["results"]
    assert [each["status"] for each in results] == [409, 409]
    assert results[0]["problem"]["errors"] == told[0].json()["errors"]
    shop.post(f"/v1/reservations/{held}/release", {}, expect=200)
    results = client.post("/v1/reservations/batch", json={"reservations": [order, order]}).json()["results"]
    assert [each["status"] for each in results] == [201, 409]


def gate(client) -> float:
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("onhand_sold_out_refusals_total"))


def test_products_and_warehouses_by_their_ids(client, shop):
    sku, warehouse = shop.stocked(3)
    product_id = client.get(f"/v1/products/{sku}").json()["product_id"]
    warehouse_id = client.get(f"/v1/warehouses/{warehouse}").json()["warehouse_id"]
    one = client.get(f"/v1/availability/{product_id}", params={"warehouse_id": warehouse_id}).json()
    assert (one["sku"], one["available"], [each["warehouse"] for each in one["warehouses"]]) == (sku, 3, [warehouse])
    elsewhere = client.get(f"/v1/availability/{sku}", params={"warehouse": shop.warehouse()}).json()
    assert (elsewhere["available"], elsewhere["warehouses"]) == (0, [])
    many = client.post("/v1/availability", json={"skus": [sku], "product_ids": [product_id]}).json()["items"]
    assert [(each["sku"], each["available"]) for each in many] == [(sku, 3), (sku, 3)]
    both = client.get(f"/v1/availability/{sku}", params={"warehouse": warehouse, "warehouse_id": warehouse_id})
    assert (both.status_code, both.json()["errors"][0]["path"]) == (422, "warehouse")
    for body, path, code in (
        ({}, "skus", "INVALID_LENGTH"),
        ({"product_ids": ["x"]}, "product_ids[0]", "INVALID_UUID"),
        ({"product_ids": [product_id, str(uuid.uuid4())]}, "product_ids[1]", "UNKNOWN_PRODUCT"),
        ({"skus": [sku] * 300, "product_ids": [product_id] * 201}, "skus", "INVALID_LENGTH"),
    ):
        refused = client.post("/v1/availability", json=body)
        assert refused.status_code == 422
        assert (refused.json()["errors"][0]["path"], refused.json()["errors"][0]["code"]) == (path, code)


def test_a_sku_may_be_named_like_the_route_of_streams(client):
    assert client.get("/v1/availability/stream").json()["errors"][0]["code"] == "MISSING_FIELD"
    assert client.post("/v1/products", json={"sku": "stream", "name": "A stream"}).status_code == 201
    time.sleep(AVAILABILITY_UNKNOWN_S)
    for path in ("/v1/availability/stream", "/v1/availability/%73tream", "/v1/availability/stream?consistency=strong"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["sku"]) == (200, "stream")


def test_a_preorder_can_be_had_before_it_has_a_level(client, shop):
    sku = shop.product(selling={"mode": "preorder", "limit": 2, "release_date": "2999-01-01"})
    assert client.get(f"/v1/availability/{sku}").json()["status"] == "preorder"


def test_a_preorder_whose_day_has_come_sells_from_stock_only(client, shop):
    shop.warehouse()
    sku = shop.product(selling={"mode": "preorder", "limit": 2, "release_date": "2020-01-01"})
    assert client.get(f"/v1/availability/{sku}").json()["status"] == "out_of_stock"
    answer = client.post("/v1/reservations", json={"lines": [{"sku": sku, "quantity": 1}]})
    assert (answer.status_code, answer.json()["code"]) == (409, "INSUFFICIENT_STOCK")
