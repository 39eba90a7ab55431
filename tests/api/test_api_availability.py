"""Displayed availability over HTTP: for a quantity, with its age, with an ETag."""

import time

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
