"""A store with nothing in it: every page says what to do first."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect

from onhand.services import keys, users
from onhand.services.context import open_onhand
from server.serving import Running
from web.conftest import SIZES, Watched

SAID = {
    "/": "Nothing here yet",
    "/stock": "No products yet",
    "/orders": "No orders",
    "/floor/receive": "No warehouse yet",
    "/floor/transfer": "No warehouse yet",
    "/counts": "No warehouse yet",
    "/transfers": "Nothing on the way",
    "/replenishment": "Nothing to order",
    "/purchase_orders": "No purchase orders",
    "/suppliers": "No suppliers",
    "/books": "Not proved yet",
    "/settings": "None yet",
}


@pytest.fixture(scope="module")
def empty(postgres):
    url = postgres.fresh()

    async def link() -> str:
        async with open_onhand(url) as onhand:
            await users.put(onhand, "ana", keys.SCOPES)
            return await users.link(onhand, "ana")

    with Running(url) as running:
        running.link = lambda: f"{running.base}/enter/{ThreadPoolExecutor(1).submit(asyncio.run, link()).result()}"
        yield running


@pytest.mark.parametrize("look", ["phone-dark", "desktop-light"])
def test_every_page_of_an_empty_store_says_what_to_do(browser, empty, look):
    size, scheme = look.split("-")
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)
    watched = Watched(context, empty.base, f"empty-{look}")
    watched.page.goto(empty.link())
    for path, words in SAID.items():
        page = watched.open(path)
        expect(page.get_by_text(words).first).to_be_visible()
        watched.name = f"empty-{look}{path.replace('/', '-')}"
        watched.must_be_clean()
    page = watched.open("/")
    page.get_by_role("link", name="New warehouse").click()
    expect(page.get_by_role("heading", name="New warehouse")).to_be_visible()
    context.close()
