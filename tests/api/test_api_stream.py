"""Changes pushed to open product pages, over real HTTP."""

import asyncio
import json
import time

import pytest

from onhand.api import stream
from onhand.server import lane
from onhand.services import availability, warehouses
from onhand.services.context import open_onhand
from onhand.services.requests import WarehousePatch
from support.services import a_corner


def data(lines):
    for line in lines:
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def test_a_page_sees_what_is_there_and_then_each_change(client, shop):
    (one, _), (two, _) = shop.stocked(5), shop.stocked(7)
    with client.stream("GET", "/v1/availability/stream", params={"skus": f"{one},{two}"}) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"
        told = data(answer.iter_lines())
        assert [(each["sku"], each["available"]) for each in (next(told), next(told))] == [(one, 5), (two, 7)]
        for left in (6, 5, 4):
            began = time.monotonic()
            shop.reserve(two, 1)
            news = next(told)
            assert (news["sku"], news["available"]) == (two, left)
            assert time.monotonic() - began < 1


def test_what_cannot_be_streamed_is_refused(client, shop):
    sku, _ = shop.stocked(1)
    unknown = client.get("/v1/availability/stream", params={"skus": f"{sku},NO-SUCH"})
    assert (unknown.status_code, unknown.json()["errors"][0]["path"]) == (422, "skus[1]")
    many = client.get("/v1/availability/stream", params={"skus": ",".join(f"S{n}" for n in range(51))})
    assert many.json()["errors"][0]["code"] == "INVALID_LENGTH"


def test_the_lane_leaves_paths_of_their_own_to_others():
    assert lane.match(b"GET", b"/v1/availability/stream?skus=A") is None
    assert lane.match(b"GET", b"/v1/availability/MUG-RED") is not None
    assert lane.match(b"GET", b"/v1/availability/streams") is not None
    assert lane.match(b"POST", b"/v1/reservations/batch") is not None


async def next_of(events):
    async with asyncio.timeout(3):
        part = await anext(events)
    [news] = data(part.decode().splitlines())
    return news["available"]


@pytest.mark.anyio
async def test_pages_see_what_another_process_does_and_one_task_looks_for_all_of_them(fresh_database_url):
    async with open_onhand(fresh_database_url) as here, open_onhand(fresh_database_url) as there:
        corner = await a_corner(there, 5)
        first = await availability.many(here, [corner.sku])
        pages = [stream._events(here, [corner.sku], first) for _ in range(20)]
        assert [await next_of(page) for page in pages] == [5] * 20
        for left in (4, 3):
            await corner.reserve(1)
            assert await asyncio.gather(*(next_of(page) for page in pages)) == [left] * 20
        assert len(stream._looking) == 1
        await warehouses.patch(there, corner.warehouse, WarehousePatch(active=False))
        assert await asyncio.gather(*(next_of(page) for page in pages)) == [0] * 20
        ends = [asyncio.create_task(anext(page, None)) for page in pages]
        await asyncio.sleep(0)
        began = time.monotonic()
        stream.end_all()
        assert await asyncio.gather(*ends) == [None] * 20
        assert time.monotonic() - began < 1
        await asyncio.sleep(2 * stream.LOOK_EVERY_S)
        assert not stream._looking
