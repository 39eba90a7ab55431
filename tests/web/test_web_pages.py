"""Each page in a real Chromium: at phone and desktop width, light and dark, silent console, axe clean."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect

from onhand.services import reconcile
from onhand.services.context import open_onhand
from web.conftest import XSS

EVERYTHING = ("read", "reserve", "operate", "admin")
PAGES = {
    "overview": "/",
    "stock": "/stock",
    "stock, nothing found": "/stock?q=nothing",
    "product": "/products/MUG-01",
    "product with hostile names": "/products/A%2FB%20%3Ci%3E",
    "settings of a level": "/products/MUG-01?edit=LEJ1",
    "owed product": "/products/MUG-49",
    "orders": "/orders",
    "no orders": "/orders?q=nothing",
    "books": "/books",
    "to order": "/replenishment",
    "all below threshold": "/replenishment?show=all&warehouse=LEJ1",
    "nothing to order": "/replenishment?supplier=nobody",
    "purchase orders": "/purchase_orders",
    "late purchase orders": "/purchase_orders?status=due",
    "suppliers": "/suppliers",
    "supplier": "/suppliers/ACME",
    "supplier with a hostile name": "/suppliers/HOSTILE",
    "receive": "/floor/receive",
    "adjust": "/floor/adjust",
    "count": "/floor/count",
    "transfer": "/floor/transfer",
    "returns": "/returns?order_id=SO-1",
    "stocktakes": "/counts",
    "on the way": "/transfers",
    "settings": "/settings",
    "warehouse": "/settings/warehouses/LEJ1",
    "new warehouse": "/settings/new_warehouse",
    "product's settings": "/products/A%2FB%20%3Ci%3E/edit",
    "new product": "/new_product",
}


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_page(open_as, look, path):
    watched = open_as(*EVERYTHING, look=look)
    page = watched.open(path)
    assert page.locator("h1").count() == 1
    assert page.title().endswith("onhand")  # Nothing hostile ran.
    watched.must_be_clean()


def test_login_page(open_as, look):
    watched = open_as(look=look)
    watched.open("/")
    watched.must_be_clean()


def test_order_page(open_as, look):
    watched = open_as(*EVERYTHING, look=look)
    page = watched.open("/orders?q=SO-1")
    page.get_by_role("link", name="SO-1", exact=True).click()
    expect(page.get_by_role("heading", name="SO-1")).to_be_visible()
    watched.must_be_clean()


def test_what_does_not_exist_says_so(open_as, look):
    watched = open_as("read", look=look)
    page = watched.open("/products/NO-SUCH")
    expect(page.get_by_role("alert")).to_contain_text("There is no SKU 'NO-SUCH'")
    watched.said = [said for said in watched.said if "404" not in said]  # Chromium tells the status of the page itself.
    watched.must_be_clean()


def test_a_browser_at_no_page_gets_one_and_a_program_its_problem(open_as, web, look):
    watched = open_as(look=look)
    page = watched.open("/no/such/page")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    expect(page.get_by_role("button", name="Go back")).to_be_hidden()  # It needs the script, which nobody has here.
    watched.said = [said for said in watched.said if "404" not in said]
    watched.must_be_clean()
    with web.client() as client:
        for path, accept in (("/no/such/page", "*/*"), ("/v1/nothing", "text/html")):
            answer = client.get(path, headers={"Accept": accept})
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_hostile_text_is_text(open_as):
    watched = open_as(*EVERYTHING)
    page = watched.open("/products/A%2FB%20%3Ci%3E")
    assert page.locator("h1").inner_text() == XSS
    assert page.locator("main img").count() == 0
    expect(page.locator("#ledger")).to_contain_text(XSS)
    page = watched.open("/orders")
    expect(page.get_by_role("link", name=XSS)).to_be_visible()
    watched.must_be_clean()


def test_stock_is_found_as_one_types(open_as):
    page = open_as("read").open("/stock")
    assert page.locator("tbody tr").count() == 50
    page.get_by_role("searchbox").press_sequentially("mug numb 3")
    expect(page.locator("tbody tr")).to_have_count(11)  # 3 and 30 to 39
    expect(page).to_have_url(re.compile("q=mug"))
    page.get_by_label("Show").select_option("backordered")
    expect(page.get_by_role("heading", name="No product matches")).to_be_visible()


def test_pages_follow_one_another(open_as):
    page = open_as("read").open("/stock?q=MUG")
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("tbody tr")).to_have_count(10)


def test_stock_is_sorted_and_the_order_stays_from_page_to_page(open_as):
    page = open_as("read").open("/stock")
    page.get_by_role("combobox", name="Order").select_option("newest")
    expect(page.locator("tbody tr").nth(1)).to_contain_text("MUG-59")
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("tbody tr").first).to_contain_text("MUG-10")
    page.get_by_role("searchbox").fill("mug")
    expect(page.get_by_role("combobox", name="Order")).to_be_disabled()


def test_the_palette_opens_a_product(open_as):
    page = open_as("read").open("/")
    page.keyboard.press("/")
    page.get_by_role("combobox").press_sequentially("mug-07")
    expect(page.get_by_role("option").first).to_contain_text("MUG-07")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Mug number 7")).to_be_visible()


def test_the_palette_is_clean_and_finds_an_order(open_as, look):
    watched = open_as(*EVERYTHING, look=look)
    page = watched.open("/")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").press_sequentially("SO-1")
    expect(page.get_by_role("option", name="Find this order")).to_be_visible()
    watched.must_be_clean()
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("/")
    page.get_by_role("combobox").press_sequentially("SO-1")
    page.get_by_role("option", name="Find this order").click()
    expect(page.get_by_role("link", name="SO-1", exact=True)).to_be_visible()


def test_keys_go_to_pages_and_tell_themselves(open_as, look):
    watched = open_as(*EVERYTHING, look=look)
    page = watched.open("/stock")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    watched.must_be_clean()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Keys")).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page.get_by_role("heading", name="Replenishment")).to_be_visible()


def test_a_search_that_fails_says_so(open_as):
    page = open_as("read").open("/stock")
    page.route("**/stock?*", lambda route: route.abort())
    page.get_by_role("searchbox").press_sequentially("mug")
    expect(page.get_by_role("alert")).to_contain_text("could not be answered")


MONTHS = {"de-DE": r"\d+\. \w+\.?", "en-GB": r"\d+ \w+"}


@pytest.mark.parametrize(("locale", "written"), [("de-DE", "1.000.042"), ("en-GB", "1,000,042")])
def test_numbers_and_dates_are_written_as_the_reader_does(browser, web, link_of, locale, written):
    with web.client() as client:
        client.put("/v1/levels/MUG-36/LEJ1", json={"reorder_threshold": 1_000_042})
    context = browser.new_context(locale=locale)
    page = context.new_page()
    page.goto(link_of("read")[0])
    page.goto(f"{web.base}/products/MUG-36")
    expect(page.get_by_role("region", name="Levels")).to_contain_text(written)
    expect(page.locator("#ledger time").first).to_have_text(re.compile(f"^{MONTHS[locale]},? (um )?\\d+:\\d\\d$"))
    context.close()
    with web.client() as client:
        client.put("/v1/levels/MUG-36/LEJ1", json={"reorder_threshold": None})


def test_the_overview_keeps_itself_up_to_date(open_as, web):
    page = open_as("read").open("/")
    expect(page.locator("[data-state]")).to_have_text("Live")
    before = int(page.locator("[data-live='hour.reserve']").inner_text())
    with web.client() as client:
        line = {"sku": "MUG-02", "quantity": 1}
        assert client.post("/v1/reservations", json={"lines": [line]}).status_code == 201
    expect(page.locator("[data-live='hour.reserve']")).to_have_text(str(before + 1), timeout=15_000)


def test_the_overview_counts_refusals_and_shows_the_last_proof(open_as, web):
    page = open_as("read").open("/")
    expect(page.locator("[data-state]")).to_have_text("Live")
    before = int(page.locator("[data-live='hour.refused']").inner_text())
    with web.client() as client:
        for _ in range(3):
            lines = [{"sku": "MUG-02", "quantity": 100_000}]
            assert client.post("/v1/reservations", json={"lines": lines}).status_code == 409

    async def prove() -> None:
        async with open_onhand(web.url) as onhand:
            await reconcile.run(onhand)

    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, prove()).result()
    expect(page.locator("[data-live='hour.refused']")).to_have_text(str(before + 3), timeout=15_000)
    expect(page.locator("#proof")).to_contain_text("Agree", timeout=30_000)
    expect(page.locator("[data-live='late']")).not_to_have_text("0")


def test_the_first_page_is_small(open_as):
    watched = open_as("read")
    watched.page.goto("about:blank")  # What the page before still loads is not counted, and its body soon gone.
    sizes = []
    watched.page.on("response", lambda answer: sizes.append(answer))  # noqa: PLW0108  Playwright marks what it calls
    page = watched.open("/")
    expect(page.locator("[data-state]")).to_have_text("Live")
    total = sum(len(answer.body()) for answer in sizes if not answer.url.endswith("/live"))
    assert 10_000 < total <= 150 * 1024
