import asyncio
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from onhand.services import users
from onhand.services.context import open_onhand
from server.serving import Running, Shop, unique

AXE = (Path(__file__).parent / "axe.min.js").read_text()
SHOTS = Path(os.environ["SHOTS"]) if "SHOTS" in os.environ else None
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"phone": {"width": 360, "height": 740}, "desktop": {"width": 1280, "height": 800}}
WIDE = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.ariaLabel)"
XSS = '<img src=x onerror="document.title=1">'


def chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def supply(shop: Shop) -> None:
    """Two suppliers, a level below its threshold for each of them and one for nobody, an order placed and a draft."""
    for number, threshold in ((3, 100), (4, 100), (5, 100)):
        settings = {"reorder_threshold": threshold, "reorder_quantity": 50}
        assert shop.client.put(f"/v1/levels/MUG-{number:02}/LEJ1", json=settings).status_code == 200
    for code, name, number in (("ACME", "Acme Pottery", 3), ("HOSTILE", XSS, 4)):
        terms = {"sku": f"MUG-{number:02}", "lead_time_days": 7, "pack_size": 12, "unit_cost": "4.25"}
        more = [{"sku": f"MUG-{n:02}", "lead_time_days": 3} for n in range(40, 50)]
        settings = {"reorders": "draft", "over_delivery_percent": 10}
        shop.post("/v1/suppliers", {"code": code, "name": name, "products": [terms, *more], **settings})
    lines = [{"sku": sku, "warehouse": "LEJ1", "quantity": units} for sku, units in (("MUG-40", 20), ("MUG-41", 5))]
    late = {"supplier": "ACME", "lines": lines, "expected_arrival_date": "2025-01-31"}
    order = shop.post("/v1/purchase_orders", late)["purchase_order_id"]
    shop.post(f"/v1/purchase_orders/{order}/place", {}, expect=200)
    shop.post("/v1/purchase_orders", {"supplier": "HOSTILE", "lines": lines})


@pytest.fixture(scope="session")
def web(postgres) -> Iterator[Running]:
    """A server with a small shop of its own: the pages show everything there is."""
    url = postgres.fresh()
    with Running(url) as running:
        running.url = url
        with running.client() as client:
            shop = Shop(client)
            leipzig = {"latitude": 51.42, "longitude": 12.24, "country": "DE"}
            oslo = {"latitude": 59.91, "longitude": 10.75, "country": "NO"}
            shop.post("/v1/warehouses", {"code": "LEJ1", "name": "Leipzig", "location": leipzig})
            shop.post("/v1/warehouses", {"code": "OSL1", "name": f"Oslo {XSS}", "location": oslo})
            for number in range(60):
                shop.post("/v1/products", {"sku": f"MUG-{number:02}", "name": f"Mug number {number}"})
            shop.post("/v1/products", {"sku": "A/B <i>", "name": XSS})
            lines = [{"sku": f"MUG-{n:02}", "warehouse": "LEJ1", "quantity": 10 + n} for n in range(40)]
            lines.append({"sku": "A/B <i>", "warehouse": "OSL1", "quantity": 7})
            shop.post("/v1/receipts", {"lines": lines, "reason": XSS})
            shop.reserve("MUG-01", 3, order_id="SO-1")
            shop.reserve("A/B <i>", 2, order_id=XSS)
            supply(shop)
        yield running


@pytest.fixture(scope="session")
def link_of(web):
    """Scopes → a link that logs in a new user who holds them."""

    def made(*scopes: str, password: str | None = None) -> tuple[str, str]:
        name = unique("user")

        async def put() -> str:
            async with open_onhand(web.url) as onhand:
                await users.put(onhand, name, scopes)
                secret = await users.link(onhand, name)
                if password:
                    session = await users.enter(onhand, await users.link(onhand, name))
                    user = await users.of_session(onhand, session)
                    await users.set_password(onhand, user.user_id, password)
                return secret

        with ThreadPoolExecutor(1) as apart:  # Playwright's own loop runs in this thread.
            return f"{web.base}/enter/{apart.submit(asyncio.run, put()).result()}", name

    return made


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's Chromium, else the one that `playwright install` has put beside; without any skipped, save in CI."""
    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        except Error as error:
            if chromium() or os.environ.get("CI"):
                raise
            pytest.skip(f"there is no Chromium here that starts; name one with CHROMIUM=/path ({error.message[:60]})")
        with launched:
            yield launched


@pytest.fixture(params=["phone-light", "phone-dark", "desktop-light", "desktop-dark"])
def look(request) -> str:
    return request.param


class Watched:
    """A page whose console must stay silent."""

    def __init__(self, context: BrowserContext, base: str, name: str) -> None:
        self.name = re.sub(r"\W+", "-", name)
        self.page: Page = context.new_page()
        self.base = base
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def open(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page

    def must_be_clean(self) -> None:
        """No console error, no sideways scroll, and axe finds nothing against WCAG 2.2 AA."""
        if SHOTS:  # SHOTS=/some/directory pytest tests/web: each page to look at
            SHOTS.mkdir(exist_ok=True)
            self.page.screenshot(path=SHOTS / f"{self.name}.png", full_page=True)
        assert self.said == []
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if self.page.viewport_size == SIZES["phone"]:  # Nobody looks for the number that is beyond the edge of a phone.
            assert self.page.evaluate(WIDE) == []
        self.page.evaluate(AXE)
        found = self.page.evaluate(
            "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],"
            " rules: {'target-size': {enabled: true}}})"
        )
        broken = [(each["id"], [node["html"][:150] for node in each["nodes"]]) for each in found["violations"]]
        assert broken == []


@pytest.fixture
def open_as(browser, web, link_of, request):
    """Scopes → a watched page, logged in, in the size and colours of a look."""
    contexts = []

    def opened(*scopes: str, look: str = "desktop-light") -> Watched:
        size, scheme = look.split("-")
        context = browser.new_context(viewport=SIZES[size], color_scheme=scheme, bypass_csp=False)
        contexts.append(context)
        watched = Watched(context, web.base, request.node.name)
        if scopes:
            watched.page.goto(link_of(*scopes)[0])
        return watched

    yield opened
    for context in contexts:
        context.close()
