import asyncio

import pytest

from server.serving import unique


def twice(client, method: str, path: str, body: object):
    """The same request with the same key: both answers."""
    key = unique("KEY")
    return [client.request(method, path, json=body, headers={"Idempotency-Key": key}) for _ in range(2)]


def test_a_repeat_gives_the_first_outcome_again(client, shop):
    sku, warehouse = shop.stocked(5)
    first, second = twice(client, "POST", "/v1/reservations", {"lines": [{"sku": sku, "quantity": 2}]})
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert shop.level(sku, warehouse)["reserved"] == 2


def test_a_refusal_is_repeated_too(client, shop):
    sku, warehouse = shop.stocked(1)
    key, body = unique("KEY"), {"lines": [{"sku": sku, "quantity": 2}]}
    first = client.post("/v1/reservations", json=body, headers={"Idempotency-Key": key})
    shop.receive(sku, warehouse, 10)
    second = client.post("/v1/reservations", json=body, headers={"Idempotency-Key": key})
    assert (first.status_code, second.status_code) == (409, 409)
    assert second.headers["idempotency-replayed"] == "true"
    assert second.json()["errors"] == first.json()["errors"]


def test_the_key_with_another_body_or_route_is_refused(client, shop):
    sku, warehouse = shop.stocked(5)
    key = unique("KEY")
    made = shop.post("/v1/reservations", {"lines": [{"sku": sku, "quantity": 1}]}, key)
    for path, body in (
        ("/v1/reservations", {"lines": [{"sku": sku, "quantity": 2}]}),
        ("/v1/receipts", {"lines": [{"sku": sku, "warehouse": warehouse, "quantity": 1}]}),
        (f"/v1/reservations/{made['reservation_id']}/release", {}),
        ("/v1/products", {"sku": unique("SKU"), "name": "x"}),
        ("/v1/reservations/batch", {"reservations": [{"lines": [{"sku": sku, "quantity": 1}]}]}),
    ):
        answer = client.post(path, json=body, headers={"Idempotency-Key": key})
        assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED"), path
        assert "idempotency-replayed" not in answer.headers
    assert shop.level(sku, warehouse)["reserved"] == 1


def test_the_same_key_of_another_caller_is_another_key(server, client, shop, key_of):
    sku, warehouse = shop.stocked(5)
    key, body = unique("KEY"), {"lines": [{"sku": sku, "quantity": 1}]}
    shop.post("/v1/reservations", body, key)
    with server.client(key_of["reserve"]) as other:
        answer = other.post("/v1/reservations", json=body, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.headers.get("idempotency-replayed")) == (201, None)
    assert shop.level(sku, warehouse)["reserved"] == 2


def test_every_move_of_stock_keeps_its_key(client, shop):
    sku, warehouse = shop.stocked(9)
    other = shop.warehouse()
    released, fulfilled = (shop.reserve(sku, 1)["reservation_id"] for _ in range(2))
    transfer = {"from": warehouse, "to": other, "lines": [{"sku": sku, "quantity": 1}], "mode": "in_transit"}
    moving = shop.post("/v1/transfers", transfer)["transfer_id"]
    going = shop.post("/v1/transfers", transfer)["transfer_id"]
    for path, body in (
        ("/v1/receipts", {"lines": [{"sku": sku, "warehouse": warehouse, "quantity": 1}]}),
        ("/v1/adjustments", {"lines": [{"sku": sku, "warehouse": warehouse, "quantity_change": 1, "reason": "find"}]}),
        (f"/v1/reservations/{released}/extend", {"expires_in_s": 60}),
        (f"/v1/reservations/{released}/release", {}),
        (f"/v1/reservations/{fulfilled}/fulfill", {}),
        (f"/v1/transfers/{moving}/receive", {}),
        (f"/v1/transfers/{going}/cancel", {}),
        ("/v1/transfers", transfer),
    ):
        first, second = twice(client, "POST", path, body)
        assert first.status_code in {200, 201}, first.text
        assert (second.status_code, second.json()) == (first.status_code, first.json()), path
        assert second.headers["idempotency-replayed"] == "true", path


def test_settings_keep_their_key(client, shop):
    sku, warehouse = shop.stocked(1)
    for method, path, body in (
        ("POST", "/v1/products", {"sku": unique("SKU"), "name": "x"}),
        ("PATCH", f"/v1/products/{sku}", {"name": "y"}),
        ("POST", "/v1/warehouses", {"code": unique("W"), "name": "x", "location": {"latitude": 0, "longitude": 0}}),
        ("PATCH", f"/v1/warehouses/{warehouse}", {"capacity": 5}),
        ("PUT", f"/v1/levels/{sku}/{warehouse}", {"reorder_threshold": 3}),
    ):
        first, second = twice(client, method, path, body)
        assert first.status_code in {200, 201}, first.text
        assert (second.status_code, second.json()) == (first.status_code, first.json()), path
        assert second.headers["idempotency-replayed"] == "true", path


def test_a_late_repeat_of_a_patch_does_not_undo_a_newer_one(client, shop):
    sku, key = shop.product(), unique("KEY")
    old = {"json": {"name": "old"}, "headers": {"Idempotency-Key": key}}
    client.patch(f"/v1/products/{sku}", **old)
    client.patch(f"/v1/products/{sku}", json={"name": "new"})
    client.patch(f"/v1/products/{sku}", **old)
    assert client.get(f"/v1/products/{sku}").json()["name"] == "new"


def test_a_batch_is_repeated_as_a_whole_and_by_entry(client, shop):
    sku, warehouse = shop.stocked(9)
    entries = [
        {"idempotency_key": unique("A"), "lines": [{"sku": sku, "quantity": 1}]},
        {"lines": [{"sku": sku, "quantity": 2}]},
    ]
    first, second = twice(client, "POST", "/v1/reservations/batch", {"reservations": entries})
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert shop.level(sku, warehouse)["reserved"] == 3
    alone = client.post(
        "/v1/reservations",
        json={"lines": [{"sku": sku, "quantity": 1}]},
        headers={"Idempotency-Key": entries[0]["idempotency_key"]},
    )
    assert alone.headers["idempotency-replayed"] == "true"
    assert alone.json() == first.json()["results"][0]["reservation"]


def test_a_batch_key_with_other_entries_is_refused(client, shop):
    sku, warehouse = shop.stocked(9)
    key = {"Idempotency-Key": unique("KEY")}
    for quantity, status in ((1, 200), (2, 422)):
        body = {"reservations": [{"lines": [{"sku": sku, "quantity": quantity}]}]}
        assert client.post("/v1/reservations/batch", json=body, headers=key).status_code == status
    assert shop.level(sku, warehouse)["reserved"] == 1


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "tab\there", b"\xe9"])
def test_a_bad_key_is_refused(client, unchanged, key):
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    answer = client.post("/v1/reservations", content=b'{"lines":[{"sku":"X","quantity":1}]}', headers=headers)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["path"] == "Idempotency-Key"


def test_two_keys_are_a_bad_key(client, unchanged):
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b"), ("Content-Type", "application/json")]
    answer = client.post("/v1/reservations", content=b'{"lines":[{"sku":"X","quantity":1}]}', headers=headers)
    assert answer.status_code == 422


@pytest.mark.parametrize("path", ["/v1/reservations", "/v1/products"])
def test_the_same_key_at_the_same_moment_takes_effect_once(server, shop, path):
    sku, warehouse = shop.stocked(50)
    stock = path == "/v1/reservations"
    body = {"lines": [{"sku": sku, "quantity": 1}]} if stock else {"sku": unique("SKU"), "name": "x"}
    key = {"Idempotency-Key": unique("KEY")}

    async def storm():
        async with server.async_client() as client:
            return await asyncio.gather(*(client.post(path, json=body, headers=key) for _ in range(30)))

    answers = asyncio.run(storm())
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    if stock:
        assert shop.level(sku, warehouse)["reserved"] == 1


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        ("/v1/reorders/run", {"dry_run": True}, {"dry_run": False}),
        ("/v1/reconciliation", {"repair": False}, {"repair": True}),
    ],
)
def test_runs_keep_their_key_too(client, path, body, other):
    key = {"Idempotency-Key": unique("KEY")}
    first, second = (client.post(path, json=body, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code, second.json()) == (200, 200, first.json())
    assert second.headers["idempotency-replayed"] == "true"
    assert client.post(path, json=other, headers=key).json()["code"] == "IDEMPOTENCY_KEY_REUSED"
