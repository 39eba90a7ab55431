from datetime import datetime

import pytest

from onhand.api import examples


def fields(shape: dict) -> set[str]:
    return set(shape)


def test_a_receipt_answers_with_the_operation(client, shop):
    sku, warehouse = shop.product(), shop.warehouse()
    body = {**examples.NEW_RECEIPT, "lines": [{"sku": sku, "warehouse": warehouse, "quantity": 7}]}
    answer = client.post("/v1/receipts", json=body)
    assert answer.status_code == 201
    operation = answer.json()
    assert fields(operation) == fields(examples.RECEIPT)
    assert fields(operation["lines"][0]) == fields(examples.RECEIPT["lines"][0])
    assert operation["created_by"] == "key:admin"
    assert operation["reference"] == {"type": "delivery", "id": "DN-7001"}
    assert datetime.fromisoformat(operation["created_at"]).utcoffset().total_seconds() == 0
    assert shop.level(sku, warehouse)["on_hand"] == 7


def test_a_reservation_has_the_shape_of_the_contract(client, shop):
    sku, warehouse = shop.stocked(5)
    answer = client.post("/v1/reservations", json={**examples.NEW_RESERVATION, "lines": [{"sku": sku, "quantity": 3}]})
    assert answer.status_code == 201
    made = answer.json()
    assert fields(made) == fields(examples.RESERVATION)
    assert made["status"] == "active"
    line = made["lines"][0]
    assert fields(line) == fields(examples.RESERVATION["lines"][0])
    assert line["allocations"] == [{"warehouse": warehouse, "quantity": 3, "backordered": 0}]
    assert client.get(f"/v1/reservations/{made['reservation_id']}").json() == made


def test_sold_out_names_the_line_and_what_is_left(client, shop):
    sku, warehouse = shop.stocked(2)
    other, _ = shop.stocked(9)
    lines = [{"sku": other, "quantity": 1}, {"sku": sku, "quantity": 6, "warehouse": warehouse}]
    answer = client.post("/v1/reservations", json={"lines": lines})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["instance"] == answer.headers["x-request-id"]
    assert problem == {
        "type": "/problems/INSUFFICIENT_STOCK",
        "title": "Insufficient stock",
        "status": 409,
        "code": "INSUFFICIENT_STOCK",
        "detail": "1 of 2 lines ask for more than is available.",
        "instance": problem["instance"],
        "errors": [
            {
                "path": "lines[1]",
                "code": "INSUFFICIENT_STOCK",
                "sku": sku,
                "warehouse": warehouse,
                "requested": 6,
                "available": 2,
            }
        ],
    }


def test_refusals_in_the_same_words_have_an_instance_of_their_own(client, shop):
    """One that names the fields of a problem in its SKU too; with and without a key, and as the replay of one."""
    _, warehouse = shop.stocked(1)
    sku = f'"instance":"x","errors":[] {warehouse}'
    shop.post("/v1/products", {"sku": sku, "name": "Quotes"})
    shop.receive(sku, warehouse, 1)
    shop.post("/v1/reservations", {"lines": [{"sku": sku, "quantity": 1, "warehouse": warehouse}]})
    lines = [{"sku": sku, "quantity": 2, "warehouse": warehouse}]
    refused = [
        client.post("/v1/reservations", json={"lines": lines}, headers=headers)
        for headers in ({}, {}, {"Idempotency-Key": f"K-{warehouse}"}, {"Idempotency-Key": f"K-{warehouse}"})
    ]
    assert [answer.headers.get("idempotency-replayed") for answer in refused] == [None, None, None, "true"]
    problems = [answer.json() for answer in refused]
    assert [problem.pop("instance") for problem in problems] == [each.headers["x-request-id"] for each in refused]
    assert len({each.headers["x-request-id"] for each in refused}) == 4
    assert problems == [problems[0]] * 4
    facts = {"sku": sku, "warehouse": warehouse, "requested": 2, "available": 0}
    assert problems[0]["errors"] == [{"path": "lines[0]", "code": "INSUFFICIENT_STOCK", **facts}]


def test_reservations_are_found_by_order(client, shop):
    sku, _ = shop.stocked(5)
    made = shop.reserve(sku, 1, order_id=f"SO-{sku}")
    found = client.get("/v1/reservations", params={"order_id": f"SO-{sku}"}).json()
    assert found == {"items": [made], "next_cursor": None}


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_all_that_is_open_is_released(client, shop, body):
    sku, warehouse = shop.stocked(5)
    made = shop.reserve(sku, 3)
    headers = {"Content-Type": "application/json"} if body else {}
    answer = client.post(f"/v1/reservations/{made['reservation_id']}/release", content=body, headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (200, "released")
    assert shop.level(sku, warehouse)["reserved"] == 0
    again = client.post(f"/v1/reservations/{made['reservation_id']}/release", content=body, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "RESERVATION_CLOSED")


def test_a_part_is_fulfilled_then_too_much(client, shop):
    sku, warehouse = shop.stocked(5)
    path = f"/v1/reservations/{shop.reserve(sku, 3)['reservation_id']}/fulfill"
    part = client.post(path, json={"lines": [{"sku": sku, "quantity": 2, "warehouse": warehouse}]})
    assert (part.status_code, part.json()["status"]) == (200, "partially_fulfilled")
    assert part.json()["lines"][0]["open"] == 1
    more = client.post(path, json={"lines": [{"sku": sku, "quantity": 2}]})
    assert (more.status_code, more.json()["code"]) == (409, "QUANTITY_EXCEEDS_OPEN")
    assert more.json()["errors"][0] | {"sku": sku, "requested": 2, "open": 1} == more.json()["errors"][0]


def test_backordered_units_are_not_covered(client, shop):
    sku = shop.product(selling={"mode": "backorder", "limit": 5})
    warehouse = shop.warehouse()
    shop.receive(sku, warehouse, 1)
    made = shop.post("/v1/reservations", {"lines": [{"sku": sku, "quantity": 3, "warehouse": warehouse}]})
    assert sum(part["backordered"] for part in made["lines"][0]["allocations"]) == 2, made
    answer = client.post(f"/v1/reservations/{made['reservation_id']}/fulfill")
    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_COVERED")


def test_what_is_not_covered_is_named_by_its_line_of_the_request(client, shop):
    warehouse = shop.warehouse()
    there, waits = shop.product(), shop.product(selling={"mode": "backorder", "limit": 5})
    shop.receive(there, warehouse, 2)
    lines = [
        {"sku": waits, "quantity": 2, "warehouse": warehouse},
        {"sku": there, "quantity": 2, "warehouse": warehouse},
    ]
    made = shop.post("/v1/reservations", {"lines": lines})
    path = f"/v1/reservations/{made['reservation_id']}/fulfill"
    asked = [{"sku": there, "quantity": 1}, {"sku": waits, "quantity": 1}]
    [error] = client.post(path, json={"lines": asked}).json()["errors"]
    assert (error["path"], error["sku"], error["requested"], error["available"]) == ("lines[1]", waits, 1, 0)
    [error] = client.post(path).json()["errors"]
    assert (error["path"], error["requested"]) == ("lines[0]", 2)


def test_a_hold_is_extended(client, shop):
    sku, _ = shop.stocked(1)
    made = shop.reserve(sku, 1)
    answer = client.post(f"/v1/reservations/{made['reservation_id']}/extend", json={"expires_in_s": None})
    assert (answer.status_code, answer.json()["expires_at"]) == (200, None)


def test_a_batch_fails_entry_by_entry(client, shop):
    sku, _ = shop.stocked(5)
    entries = [
        {"idempotency_key": f"{sku}-1", "lines": [{"sku": sku, "quantity": 2}]},
        {"lines": [{"sku": "NO-SUCH", "quantity": 1}]},
        {"lines": [{"sku": sku, "quantity": 9}]},
        {"lines": [{"sku": sku, "quantity": 3}]},
    ]
    answer = client.post("/v1/reservations/batch", json={"reservations": entries})
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [result["status"] for result in results] == [201, 422, 409, 201]
    assert [set(result) for result in results[:2]] == [{"status", "reservation"}, {"status", "problem"}]
    assert results[1]["problem"]["code"] == "UNKNOWN_SKU"
    assert results[2]["problem"]["errors"][0]["requested"] == 9


def test_a_count_leaves_reservations_short(client, shop):
    sku, warehouse = shop.stocked(7)
    made = shop.reserve(sku, 5)
    lines = [{"sku": sku, "warehouse": warehouse, "counted_quantity": 2, "reason": "count", "expected_on_hand": 7}]
    answer = client.post("/v1/adjustments", json={"lines": lines})
    assert answer.status_code == 201
    assert fields(answer.json()) == fields(examples.ADJUSTMENT)
    assert answer.json()["short"] == [
        {"reservation_id": made["reservation_id"], "sku": sku, "warehouse": warehouse, "quantity": 3}
    ]
    stale = client.post("/v1/adjustments", json={"lines": lines})
    assert (stale.status_code, stale.json()["code"]) == (409, "STALE_EXPECTATION")
    assert stale.json()["errors"][0]["on_hand"] == 2
    events = client.get("/v1/events", params={"limit": 1000}).json()["items"]
    mine = [event for event in events if event["subject"] == made["reservation_id"]]
    assert mine
    assert set(mine[0]) == set(examples.EVENT)
    after = client.get("/v1/events", params={"after": mine[-1]["id"]}).json()["items"]
    assert mine[-1] not in after


def test_an_adjustment_below_zero_is_refused(client, shop):
    sku, warehouse = shop.stocked(2)
    line = {"sku": sku, "warehouse": warehouse, "quantity_change": -3, "reason": "broken"}
    answer = client.post("/v1/adjustments", json={"lines": [line]})
    assert (answer.status_code, answer.json()["code"]) == (409, "BELOW_ZERO")
    assert answer.json()["errors"][0]["on_hand"] == 2


def test_transfers_go_come_and_come_back(client, shop):
    sku, source = shop.stocked(9)
    target = shop.warehouse()
    body = {"from": source, "to": target, "lines": [{"sku": sku, "quantity": 4}]}
    at_once = client.post("/v1/transfers", json=body)
    assert (at_once.status_code, at_once.json()["status"]) == (201, "received")
    assert fields(at_once.json()) == fields(examples.TRANSFER)
    moved = client.post("/v1/transfers", json={**body, "mode": "in_transit"}).json()
    assert moved["status"] == "in_transit"
    part = client.post(f"/v1/transfers/{moved['transfer_id']}/receive", json={"lines": [{"sku": sku, "quantity": 1}]})
    assert part.status_code == 200
    assert part.json()["lines"][0]["received"] == 1
    back = client.post(f"/v1/transfers/{moved['transfer_id']}/cancel")
    assert back.json()["lines"][0]["cancelled"] == 3
    closed = client.post(f"/v1/transfers/{moved['transfer_id']}/receive")
    assert (closed.status_code, closed.json()["code"]) == (409, "TRANSFER_CLOSED")
    assert client.get(f"/v1/transfers/{moved['transfer_id']}").json() == back.json()
    assert moved["transfer_id"] in [t["transfer_id"] for t in client.get("/v1/transfers").json()["items"]]
    assert (shop.level(sku, source)["on_hand"], shop.level(sku, target)["on_hand"]) == (4, 5)


def test_what_was_lost_on_its_way_is_written_off(client, shop):
    sku, source = shop.stocked(9)
    target = shop.warehouse()
    body = {"from": source, "to": target, "lines": [{"sku": sku, "quantity": 4}], "mode": "in_transit"}
    transfer = shop.post("/v1/transfers", body)["transfer_id"]
    path = f"/v1/transfers/{transfer}/write_off"
    for bad, where in (({}, "reason"), ({"reason": "x", "lines": [{"sku": sku, "quantity": 0}]}, "lines[0].quantity")):
        refused = client.post(path, json=bad)
        assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, where)
    too_many = client.post(path, json={"reason": "x", "lines": [{"sku": sku, "quantity": 5}]})
    assert (too_many.status_code, too_many.json()["code"]) == (409, "QUANTITY_EXCEEDS_OPEN")
    some = {"reason": "fell off", "lines": [{"sku": sku, "quantity": 1}]}
    first, again = (client.post(path, json=some, headers={"Idempotency-Key": f"lost-{sku}"}) for _ in range(2))
    assert first.json() == again.json()
    client.post(f"/v1/transfers/{transfer}/receive", json={"lines": [{"sku": sku, "quantity": 2}]})
    done = client.post(path, json={"reason": "fell off"}).json()
    assert (done["status"], done["lines"]) == (
        "received",
        [{"sku": sku, "quantity": 4, "received": 2, "cancelled": 2, "lost": 2}],
    )
    level = shop.level(sku, target)
    assert (level["on_hand"], level["incoming"]) == (2, 0)
    entries = client.get("/v1/ledger", params={"reference_id": transfer, "warehouse": target}).json()["items"]
    assert [(x["quantity"], x["reason"], x["states"]) for x in entries] == [
        (0, "fell off", {"lost": 1}),
        (2, None, None),
        (0, "fell off", {"lost": 1}),
    ]
    closed = client.post(path, json={"reason": "fell off"})
    assert (closed.status_code, closed.json()["code"]) == (409, "TRANSFER_CLOSED")


def test_availability_of_one_and_of_many(client, shop):
    sku, warehouse = shop.stocked(7)
    one = client.get(f"/v1/availability/{sku}", params={"consistency": "strong", "warehouse": warehouse})
    assert one.status_code == 200
    assert fields(one.json()) == fields(examples.AVAILABILITY)
    assert (one.json()["available"], one.json()["status"]) == (7, "in_stock")
    many = client.post("/v1/availability", json={"skus": [sku, sku]})
    assert [item["available"] for item in many.json()["items"]] == [7, 7]


def test_the_ledger_is_newest_first_and_filters(client, shop):
    sku, warehouse = shop.stocked(7)
    made = shop.reserve(sku, 2)
    items = client.get("/v1/ledger", params={"sku": sku, "warehouse": warehouse}).json()["items"]
    assert [item["type"] for item in items] == ["RESERVE", "RECEIVE"]
    assert fields(items[0]) == fields(examples.LEDGER_ENTRY)
    assert (items[0]["quantity"], items[0]["on_hand"], items[0]["reserved"]) == (-2, 7, 2)
    mine = client.get("/v1/ledger", params={"reference_id": made["reservation_id"]}).json()["items"]
    assert [item["type"] for item in mine] == ["RESERVE"]
    since = client.get("/v1/ledger", params={"sku": sku, "from": "2099-01-01T00:00:00Z"}).json()
    assert since == {"items": [], "next_cursor": None}


def test_a_product_is_explained(client, shop):
    sku, _ = shop.stocked(7)
    shop.reserve(sku, 2, order_id="SO-7")
    told = client.get(f"/v1/products/{sku}/explain").json()
    assert fields(told) == fields(examples.EXPLANATION)
    assert told["totals"]["available"] == 5
    assert told["reservations"][0]["order_id"] == "SO-7"


def test_the_laws_are_proved_on_demand(client):
    ran = client.post("/v1/reconciliation")
    assert ran.status_code == 200
    assert ran.json()["clean"], ran.json()["differences"]
    assert client.get("/v1/reconciliation").json()["reconciliation_id"] == ran.json()["reconciliation_id"]


def test_the_ledger_names_the_transfer_of_each_move(client, shop):
    sku, here = shop.stocked(5)
    there = shop.warehouse()
    made = shop.post("/v1/transfers", {"from": here, "to": there, "lines": [{"sku": sku, "quantity": 2}]})
    for params in ({"sku": sku, "type": "TRANSFER"}, {"reference_id": made["transfer_id"]}):
        rows = client.get("/v1/ledger", params=params).json()["items"]
        told = [(row["quantity"], row["reference_type"], row["reference_id"]) for row in rows]
        assert sorted(told) == [(-2, "transfer", made["transfer_id"]), (2, "transfer", made["transfer_id"])]
