"""Webhooks end to end: made over HTTP, delivered by the jobs to a real receiver that verifies every message."""

import time
import uuid

import pytest

from server.serving import unique, until
from support.receiver import receiver


@pytest.fixture
def hook(client):
    """A receiver and its webhook."""
    made = []

    def make(at, **fields):
        answer = client.post("/v1/webhooks", json={"url": at.url, **fields})
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["webhook_id"])
        return answer.json()

    yield make
    for webhook_id in made:
        client.delete(f"/v1/webhooks/{webhook_id}")


def short(shop, sku, warehouse):
    """A count that leaves a new reservation short; its id."""
    held = shop.reserve(sku, 2, expires_in_s=None)["reservation_id"]
    line = {"sku": sku, "warehouse": warehouse, "counted_quantity": 0, "reason": "count"}
    shop.post("/v1/adjustments", {"lines": [line]})
    return held


def about(at, subject):
    return [message for message in list(at.messages) if message.event["subject"] == subject]


def test_a_short_count_is_told_as_a_signed_cloudevent(client, shop, hook):
    sku, warehouse = shop.stocked(2)
    with receiver() as at:
        made = hook(at)
        held = short(shop, sku, warehouse)
        until(lambda: about(at, held), "delivery")
        [message] = about(at, held)
        assert message.path == "/hook?shop=1"
        assert message.signed_with(made["secret"])
        assert not message.signed_with("whsec_" + "A" * 32)
        assert abs(int(message.headers["webhook-timestamp"]) - time.time()) < 60
        assert message.headers["content-type"].startswith("application/cloudevents+json")
        event = message.event
        assert message.headers["webhook-id"] == event["id"]
        assert (event["specversion"], event["type"], event["source"]) == ("1.0", "reservation.short", "/onhand")
        told = {name: event["data"][name] for name in ("reservation_id", "sku", "warehouse", "quantity")}
        assert told == {"reservation_id": held, "sku": sku, "warehouse": warehouse, "quantity": 2}
        items = client.get("/v1/events", params={"limit": 1000}).json()["items"]
        assert event in items
        until(lambda: delivered(client, made, event["id"])["status"] == "delivered", "written down")
        assert delivered(client, made, event["id"])["last_status"] == 204


def delivered(client, made, event_id):
    items = client.get(f"/v1/webhooks/{made['webhook_id']}/deliveries").json()["items"]
    return next(item for item in items if item["event_id"] == event_id)


def test_a_receiver_that_fails_is_tried_again_with_the_same_id(client, shop, hook):
    with receiver() as at:
        at.answer = lambda number: 500 if number == 0 else 302 if number == 1 else 200
        made = hook(at)
        answer = client.post(f"/v1/webhooks/{made['webhook_id']}/test")
        assert (answer.status_code, answer.json()) == (202, {"deliveries": 1})
        until(lambda: len(at.messages) == 3, "two more attempts")
        assert {message.event["type"] for message in at.messages} == {"webhook.test"}
        assert len({message.headers["webhook-id"] for message in at.messages}) == 1
        assert all(message.signed_with(made["secret"]) for message in at.messages)
        event_id = at.messages[0].event["id"]
        until(lambda: delivered(client, made, event_id)["status"] == "delivered", "written down")
        assert delivered(client, made, event_id)["attempts"] == 3


def test_types_are_kept_to_and_inactive_is_silent(client, shop, hook):
    sku, warehouse = shop.stocked(2)
    with receiver() as wants, receiver() as wants_not, receiver() as silent:
        hook(wants, types=["reservation.short"])
        other = hook(wants_not, types=["reservation.expired"])
        quiet = hook(silent, active=False)
        held = short(shop, sku, warehouse)
        until(lambda: about(wants, held), "delivery")
        for hooked in (other, quiet):
            items = client.get(f"/v1/webhooks/{hooked['webhook_id']}/deliveries").json()["items"]
            assert [item for item in items if item["type"] == "reservation.short"] == []
        assert not about(wants_not, held)
        assert not silent.messages


def test_events_are_sent_again_on_demand(client, shop, hook):
    sku, warehouse = shop.stocked(2)
    client.get("/v1/events")
    with receiver() as at:
        made = hook(at, types=["reservation.short"])
        held = short(shop, sku, warehouse)
        until(lambda: about(at, held), "delivery")
        event_id = about(at, held)[0].event["id"]
        before = client.get("/v1/events", params={"limit": 1000}).json()["items"]
        last = [event["id"] for event in before if event["id"] != event_id and event["id"] < event_id][-1:]
        answer = client.post(f"/v1/webhooks/{made['webhook_id']}/replay", json={"after": last[0]} if last else {})
        assert (answer.status_code, answer.json()["deliveries"] >= 1) == (202, True)
        until(lambda: len(about(at, held)) == 2, "a second delivery")


def test_gone_means_gone(client, hook):
    with receiver() as at:
        at.answer = lambda _: 410
        made = hook(at)
        path = f"/v1/webhooks/{made['webhook_id']}"
        client.post(f"{path}/test")
        until(lambda: not client.get(path).json()["active"], "disabled")
        assert "410" in client.get(path).json()["disabled_because"]
        [item] = client.get(f"{path}/deliveries").json()["items"]
        assert (item["status"], item["attempts"], item["next_attempt_at"]) == ("failed", 1, None)
        active = client.patch(path, json={"active": True}).json()
        assert (active["active"], active["disabled_because"]) == (True, None)


def test_a_new_secret_signs_beside_the_old_one(client, hook):
    with receiver() as at:
        made = hook(at)
        path = f"/v1/webhooks/{made['webhook_id']}"
        rotated = client.post(f"{path}/rotate_secret").json()
        assert rotated["secret"] != made["secret"]
        client.post(f"{path}/test")
        until(lambda: at.messages, "delivery")
        assert at.messages[0].signed_with(rotated["secret"])
        assert at.messages[0].signed_with(made["secret"])


def test_life_of_a_webhook(client):
    body = {"url": "http://127.0.0.1:9/x", "types": ["reservation.short"], "secret": "whsec_" + "A" * 32}
    key = {"Idempotency-Key": unique("key")}
    made = client.post("/v1/webhooks", json=body, headers=key)
    assert made.status_code == 201
    again = client.post("/v1/webhooks", json=body, headers=key)
    assert (again.json(), again.headers["idempotency-replayed"]) == (made.json(), "true")
    assert client.post("/v1/webhooks", json={**body, "active": False}, headers=key).status_code == 422
    assert made.json()["secret"] == body["secret"]
    webhook_id = made.json()["webhook_id"]
    path = f"/v1/webhooks/{webhook_id}"
    shown = client.get(path).json()
    assert shown == {name: value for name, value in made.json().items() if name != "secret"}
    listed = client.get("/v1/webhooks", params={"limit": 1000}).json()["items"]
    assert shown in listed
    assert "secret" not in str(listed)
    changed = client.patch(path, json={"types": None, "description": "x"}).json()
    assert (changed["types"], changed["description"], changed["url"]) == (None, "x", body["url"])
    gone = client.delete(path, headers=(delete_key := {"Idempotency-Key": unique("key")}))
    assert (gone.status_code, gone.content) == (204, b"")
    assert "content-length" not in gone.headers
    assert client.delete(path, headers=delete_key).headers["idempotency-replayed"] == "true"
    assert client.delete(path).status_code == 404
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "url"),
        ({"url": "ftp://x"}, "url"),
        ({"url": "http://"}, "url"),
        ({"url": "http://[::1"}, "url"),
        ({"url": "http://x:99999/"}, "url"),
        ({"url": "http://a b/"}, "url"),
        ({"url": "https://user:pass@x/"}, "url"),
        ({"url": "https://x/#y"}, "url"),
        ({"url": "https://x/" + "y" * 2000}, "url"),
        ({"url": "https://x", "types": ["nope"]}, "types[0]"),
        ({"url": "https://x", "types": []}, "types"),
        ({"url": "https://x", "secret": "hunter2"}, "secret"),
        ({"url": "https://x", "zzz": 1}, "zzz"),
    ],
)
def test_what_is_refused(client, body, path):
    answer = client.post("/v1/webhooks", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, path), answer.text
    assert "hunter2" not in answer.text


def test_unknown_webhooks_and_other_scopes(client, server, key_of):
    for method, rest in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/replay")):
        answer = client.request(
            method, f"/v1/webhooks/{uuid.uuid4()}{rest}", json={} if method in ("PATCH", "POST") else None
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    for scope in ("read", "reserve", "operate"):
        with server.client(key_of[scope]) as other:
            assert other.get("/v1/webhooks").status_code == 403
