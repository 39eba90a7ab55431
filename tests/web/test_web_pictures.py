"""The pictures of the README, of the demo shop. `PICTURES=1 pytest tests/web/test_web_pictures.py` renews them."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import Page, expect

from onhand.services import keys, reconcile, users
from onhand.services.context import open_onhand
from onhand.shop import demo
from server.serving import Running
from web.conftest import SIZES

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
WALK = {
    "overview": "/",
    "stock": "/stock?q=mug",
    "product": "/products/BACKPACK-CREAM-S",
    "replenishment": "/replenishment?show=all",
    "floor": "/floor/receive",
}
PHONE = ("delivery", "floor")


async def _filled(url: str) -> str:
    async with open_onhand(url) as onhand:
        await demo.fill(onhand)
        await reconcile.run(onhand)
        await users.put(onhand, "ana", keys.SCOPES)
        return await users.link(onhand, "ana")


def test_pictures_of_the_demo_shop(browser, fresh_database_url, tmp_path):
    with ThreadPoolExecutor(1) as apart:
        secret = apart.submit(asyncio.run, _filled(fresh_database_url)).result()
    there = PICTURES if os.environ.get("PICTURES") else tmp_path
    there.mkdir(exist_ok=True)
    with Running(fresh_database_url) as running:
        context = browser.new_context(viewport=SIZES["desktop"], color_scheme="light", device_scale_factor=1)
        page = context.new_page()
        page.goto(running.base)
        page.screenshot(path=there / "login.png")
        page.goto(f"{running.base}/enter/{secret}")
        _sell(running)
        for name, path in (WALK | _order(running) | _delivery(page, running.base)).items():
            page.set_viewport_size(SIZES["phone" if name in PHONE else "desktop"])
            page.goto(running.base + path)
            if name == "overview":
                expect(page.locator("[data-state]")).to_have_text("Live")
                expect(page.locator("[data-live='on_hand']")).not_to_have_text("–")
            assert page.locator("h1").inner_text() != "Internal error"
            page.screenshot(path=there / f"{name}.png")
        context.close()
    assert all((there / f"{name}.png").stat().st_size > 10_000 for name in (*WALK, "order", "delivery", "login"))


def _sell(running: Running) -> None:
    """A busy minute: an order for each level that has something, and some that are refused."""
    with running.client() as client:
        items = client.get("/v1/levels", params={"limit": 300}).json()["items"]
        for number, level in enumerate(items):
            quantity = 1 if level["available"] > 0 else 50
            line = {"sku": level["sku"], "warehouse": level["warehouse"], "quantity": quantity}
            client.post("/v1/reservations", json={"order_id": f"SO-2{number:04}", "lines": [line]})
    time.sleep(3.0)  # What began two seconds ago is counted.


def _order(running: Running) -> dict[str, str]:
    """One that was shipped, from more than one line, with the route that was chosen for it."""
    with running.client() as client:
        items = client.get("/v1/reservations", params={"limit": 1_000}).json()["items"]
    held = next(each for each in items if each["route"] and len(each["lines"]) > 1 and each["status"] == "fulfilled")
    return {"order": f"/orders/{held['reservation_id']}"}


def _delivery(page: Page, base: str) -> dict[str, str]:
    """An order that is under way, to be received."""
    page.goto(f"{base}/purchase_orders?status=placed")
    address = page.locator("tbody a").first.get_attribute("href")
    return {"delivery": f"{address}/receive"}
