"""The floor beyond single scans: stocktakes with approval, transfers received in parts, counts taken back."""

import pytest
from playwright.sync_api import expect

EVERYTHING = ("read", "reserve", "operate", "admin")


@pytest.fixture
def api(web):
    with web.client() as client:
        yield client


def on_hand(api, sku, warehouse="LEJ1"):
    items = api.get("/v1/levels", params={"sku": sku, "warehouse": warehouse}).json()["items"]
    return items[0]["on_hand"] if items else 0


def test_a_count_is_taken_back_by_its_difference(open_as, api):
    before = on_hand(api, "MUG-26")
    page = open_as("read", "operate").open("/floor/count")
    page.get_by_label("SKU", exact=True).fill("MUG-26")
    page.get_by_label("Counted").fill("5")
    page.get_by_role("button", name="Count").click()
    expect(page.locator(".result .big")).to_have_text("5")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".result .big")).to_have_text(str(before))
    assert on_hand(api, "MUG-26") == before


def test_a_stocktake_needs_approval_and_is_posted_once(open_as, api, look):
    one, two = {"phone-light": ("27", "28"), "phone-dark": ("29", "31")}.get(look, ("32", "33"))
    before = on_hand(api, f"MUG-{one}"), on_hand(api, f"MUG-{two}")
    watched = open_as(*EVERYTHING, look=look)
    page = watched.open("/counts")
    page.on("dialog", lambda dialog: dialog.accept())
    if not page.get_by_label("SKUs, one").is_visible():
        page.get_by_text("Begin a stocktake").click()
    page.get_by_label("SKUs, one").fill(f"MUG-{one}\nMUG-{two}")
    page.get_by_label("Needs approval").fill("3")
    page.get_by_role("button", name="Begin", exact=True).click()
    expect(page.get_by_label("SKU", exact=True)).to_be_focused()
    for sku, counted in ((f"MUG-{one}", before[0] - 1), (f"MUG-{two}", before[1] + 10)):
        page.keyboard.type(sku)
        page.keyboard.press("Enter")
        page.keyboard.type(str(counted))
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text(sku)
        expect(page.get_by_label("SKU", exact=True)).to_be_focused()
    expect(page.locator(".head .tag")).to_have_text("Needs approval")
    watched.must_be_clean()
    page.get_by_role("button", name="Post the differences").click()
    expect(page.get_by_role("alert")).to_contain_text("approv")
    assert on_hand(api, f"MUG-{two}") == before[1]
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Post the differences").click()
    expect(page.locator(".head .tag")).to_have_text("Posted")
    assert (on_hand(api, f"MUG-{one}"), on_hand(api, f"MUG-{two}")) == (before[0] - 1, before[1] + 10)


def test_a_stocktake_of_what_does_not_exist_says_so(open_as):
    page = open_as("read", "operate").open("/counts")
    if not page.get_by_label("SKUs, one").is_visible():
        page.get_by_text("Begin a stocktake").click()
    page.get_by_label("SKUs, one").fill("NO-SUCH")
    page.get_by_role("button", name="Begin", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("NO-SUCH")
    expect(page.get_by_label("SKUs, one")).to_have_value("NO-SUCH")


def test_a_transfer_travels_and_arrives_in_parts(open_as, api, look):
    before = on_hand(api, "MUG-34"), on_hand(api, "MUG-34", "OSL1")
    watched = open_as("read", "operate", look=look)
    page = watched.open("/floor/transfer")
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("[name=to]").select_option("OSL1")
    page.get_by_label("It travels").check()
    page.get_by_label("SKU", exact=True).fill("MUG-34")
    page.get_by_label("Quantity").fill("3")
    page.get_by_role("button", name="Transfer").click()
    expect(page.locator(".result .big")).to_have_text(str(before[0] - 3))
    page.get_by_role("link", name="On the way").first.click()
    page.get_by_role("link", name="LEJ1 → OSL1").first.click()
    watched.must_be_clean()
    page.get_by_label("Scan a SKU").press_sequentially("MUG-34")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Receive", exact=True).click()
    expect(page.locator(".head .tag")).to_have_text("Partially received")
    page.get_by_label("Came").fill("9")
    page.get_by_role("button", name="Receive", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("button", name="Turn back the rest").click()
    expect(page.locator(".head .tag")).to_have_text("Received")
    assert (on_hand(api, "MUG-34"), on_hand(api, "MUG-34", "OSL1")) == (before[0] - 1, before[1] + 1)


def test_a_travelling_transfer_is_undone(open_as, api):
    before = on_hand(api, "MUG-35")
    page = open_as("read", "operate").open("/floor/transfer")
    page.locator("[name=to]").select_option("OSL1")
    page.get_by_label("It travels").check()
    page.get_by_label("SKU", exact=True).fill("MUG-35")
    page.get_by_label("Quantity").fill("2")
    page.get_by_role("button", name="Transfer").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".head .tag")).to_have_text("Cancelled")
    assert on_hand(api, "MUG-35") == before


def test_a_return_is_taken_back_to_the_shelf_and_never_more_than_was_shipped(open_as, api, look):
    order = f"RETURN-{look}"
    lines = [{"sku": "MUG-37", "warehouse": "LEJ1", "quantity": 2}]
    held = api.post("/v1/reservations", json={"order_id": order, "lines": lines}).json()["reservation_id"]
    assert api.post(f"/v1/reservations/{held}/fulfill", json={}).status_code == 200
    before = on_hand(api, "MUG-37")
    watched = open_as("read", "operate", look=look)
    page = watched.open("/returns")
    expect(page.get_by_label("Order", exact=True)).to_be_focused()
    for text in (order, "MUG-37", "1"):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    expect(page.locator(".result .big")).to_have_text("1")
    expect(page.get_by_label("SKU", exact=True)).to_be_focused()
    watched.must_be_clean()
    assert on_hand(api, "MUG-37") == before + 1
    page.get_by_label("SKU", exact=True).fill("MUG-37")
    page.get_by_label("Quantity").fill("2")
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert on_hand(api, "MUG-37") == before + 1
