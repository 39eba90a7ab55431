"""What a shop's pages see of a real server of two processes, alone and with a real Valkey that dies in a sale."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from onhand.cache import wire
from onhand.domain.limits import AVAILABILITY_FRESH_S, AVAILABILITY_SHARED_FRESH_S
from server.serving import Running, Shop, unique, until
from support.valkey import Valkey

SOLD, PAUSE_S = 60, 0.02


@pytest.fixture(params=["in process", "Valkey"])
def valkey(request: pytest.FixtureRequest) -> Iterator[Valkey | None]:
    if request.param == "in process":
        yield None
        return
    with Valkey() as valkey:
        yield valkey


def settings(valkey: Valkey | None) -> dict[str, str]:
    return {} if valkey is None else {"ONHAND_REDIS_URL": valkey.url}


def metric(client: httpx.Client, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def test_pages_see_places_tags_changes_and_nothing_of_what_is_not_there(
    fresh_database_url: str, valkey: Valkey | None
) -> None:
    bound_s = AVAILABILITY_FRESH_S if valkey is None else AVAILABILITY_SHARED_FRESH_S
    with Running(fresh_database_url, workers=2, **settings(valkey)) as running, running.client() as client:
        shop = Shop(client)
        near = shop.warehouse(location={"latitude": 52.5, "longitude": 13.4, "country": "DE"})
        far = shop.warehouse(location={"latitude": 40.4, "longitude": -3.7, "country": "ES"})
        sku = shop.product()
        for place in (near, far):
            shop.receive(sku, place, 5)
        path = f"/v1/availability/{sku}"
        time.sleep(bound_s)

        for ship_to, place in (("DE,10115", near), ("52.52,13.40", near), ("ES", far), ("40.4,-3.7", far)):
            promise = client.get(path, params={"ship_to": ship_to}).json()["promise"]
            assert [each["warehouse"] for each in promise["evidence"]] == [place]

        first = client.get(path)
        tag = first.headers["etag"]
        assert first.headers["cache-control"] == "public, max-age=0, s-maxage=1, must-revalidate"
        for _ in range(20):  # by both processes
            with running.client() as other:
                again = other.get(path, headers={"If-None-Match": tag})
                assert (again.status_code, again.content) == (304, b"")

        with client.stream("GET", "/v1/availability/stream", params={"skus": sku}) as pages:
            told = (json.loads(line[6:]) for line in pages.iter_lines() if line.startswith("data: "))
            assert next(told)["available"] == 10
            for left in (9, 8, 7):
                began = time.monotonic()
                with running.client() as other:  # whichever process answers
                    Shop(other).reserve(sku, 1)
                assert next(told)["available"] == left
                assert time.monotonic() - began < bound_s + 1
        time.sleep(bound_s)
        assert client.get(path, headers={"If-None-Match": tag}).json()["available"] == 7

        before = metric(client, 'onhand_availability_reads_total{source="database"}')
        nothing = unique("NOTHING")
        assert {client.get(f"/v1/availability/{nothing}").status_code for _ in range(50)} == {404}
        after = metric(client, 'onhand_availability_reads_total{source="database"}')
        assert after - before < 10, "each question about what is not there went to the database"
        if valkey is not None:
            with valkey.client() as stored:
                assert stored.hexists(wire.key_of(sku), "facts")


def test_a_sale_goes_on_while_valkey_is_gone_and_the_breaker_says_so(fresh_database_url: str) -> None:
    with (
        Valkey() as valkey,
        Running(fresh_database_url, workers=2, **settings(valkey)) as running,
        running.client() as client,
        running.client() as buyer,
        ThreadPoolExecutor(1) as beside,
    ):
        shop = Shop(client)
        sku, warehouse = shop.stocked(SOLD)
        until(lambda: client.get(f"/v1/availability/{sku}").json()["available"] == SOLD, "it is shown")

        def sell() -> list[int]:
            return [sale(buyer, sku) for _ in range(SOLD + 20)]

        selling = beside.submit(sell)
        took, seen = [], []
        read_before = metric(client, 'onhand_availability_reads_total{source="database"}')
        killed = False
        while not selling.done():
            began = time.monotonic()
            answer = client.get(f"/v1/availability/{sku}")
            took.append(time.monotonic() - began)
            assert answer.status_code == 200, answer.text
            seen.append(answer.json()["available"])
            if seen[-1] < SOLD - 10 and not killed:
                killed = True
                valkey.kill()
            time.sleep(0.005)
        statuses = selling.result()
        assert (statuses.count(201), statuses.count(409)) == (SOLD, 20), "each unit once, and nobody else failed"
        assert killed
        assert min(seen) < SOLD - 10
        took.sort()
        assert took[int(len(took) * 0.9)] < 0.05, took[-10:]
        until(lambda: metric(client, "onhand_valkey_breaker_open") == 1, "the breaker is open")
        assert metric(client, "onhand_valkey_failures_total") > 0
        assert metric(client, 'onhand_availability_reads_total{source="database"}') > read_before + 10
        assert client.get(f"/v1/availability/{sku}").json()["available"] == 0
        valkey.start()
        until(lambda: metric(client, "onhand_valkey_breaker_open") == 0, "the breaker is closed")
        shop.receive(sku, warehouse, 7)
        until(lambda: client.get(f"/v1/availability/{sku}").json()["available"] == 7, "it is shown again")

        def told() -> bool:
            with valkey.client() as stored:
                return bool(stored.exists(wire.key_of(sku)))

        until(told, "Valkey is used again")


def sale(buyer: httpx.Client, sku: str) -> int:
    time.sleep(PAUSE_S)
    return buyer.post("/v1/reservations", json={"lines": [{"sku": sku, "quantity": 1}]}).status_code
