"""Replenishment: what should be ordered and why, purchase orders from draft to received, suppliers."""

import re

import pytest
from playwright.sync_api import expect

EVERYTHING = ("read", "reserve", "operate", "admin")


@pytest.fixture
def api(web):
    with web.client() as client:
        yield client


def ordered(api, *lines, supplier="ACME", place=True):
    body = {"supplier": supplier, "lines": [{"sku": s, "warehouse": "LEJ1", "quantity": n} for s, n in lines]}
    answer = api.post("/v1/purchase_orders", json=body)
    assert answer.status_code == 201, answer.text
    order_id = answer.json()["purchase_order_id"]
    if place:
        assert api.post(f"/v1/purchase_orders/{order_id}/place", json={}).status_code == 200
    return order_id


def level(api, sku):
    items = api.get("/v1/levels", params={"sku": sku, "warehouse": "LEJ1"}).json()["items"]
    return items[0] if items else {"on_hand": 0, "damaged": 0, "quality_control": 0}


def test_what_is_short_and_why(open_as):
    page = open_as("read").open("/replenishment?supplier=ACME")
    row = page.locator("tbody tr", has_text="MUG-03")
    cells = row.locator("td.n").all_inner_texts()
    assert cells == ["96", "13", "100", "13", "0", "0", "0", "0"]  # 87 are lacking, in packs of 12
    page = open_as("read").open("/replenishment")
    expect(page.locator("tbody tr", has_text="MUG-05")).to_contain_text("Nobody sells it")


def test_a_draft_from_a_suggestion_counts_as_on_order(open_as, api):
    terms = {"code": "DRAFTER", "name": "Drafter", "products": [{"sku": "MUG-06", "lead_time_days": 2}]}
    assert api.post("/v1/suppliers", json=terms).status_code == 201
    api.put("/v1/levels/MUG-06/LEJ1", json={"reorder_threshold": 30, "reorder_quantity": 40})
    page = open_as(*EVERYTHING).open("/replenishment?supplier=DRAFTER")
    page.get_by_role("button", name="Draft an order of MUG-06").click()
    expect(page.locator(".head .tag")).to_have_text("Draft")
    expect(page.locator("tbody tr")).to_contain_text("40")
    page.goto(page.url.partition("/purchase_orders")[0] + "/replenishment?supplier=DRAFTER&show=all")
    expect(page.locator("tbody tr")).to_contain_text("On order")


def test_the_batch_tells_first_and_orders_then(open_as, api, look):
    sku = f"MUG-{10 + ['phone-light', 'phone-dark', 'desktop-light', 'desktop-dark'].index(look)}"
    supplier = f"BATCH-{look}"
    terms = {"code": supplier, "name": supplier, "reorders": "draft", "products": [{"sku": sku, "lead_time_days": 2}]}
    assert api.post("/v1/suppliers", json=terms).status_code == 201
    api.put(f"/v1/levels/{sku}/LEJ1", json={"reorder_threshold": 500})
    watched = open_as(*EVERYTHING, look=look)
    page = watched.open("/replenishment")
    before = len(api.get("/v1/purchase_orders", params={"supplier": supplier}).json()["items"])
    page.get_by_role("button", name="Preview the batch").click()
    expect(page.get_by_text("Nothing has been ordered yet")).to_be_visible()
    watched.must_be_clean()
    assert len(api.get("/v1/purchase_orders", params={"supplier": supplier}).json()["items"]) == before
    page.get_by_role("button", name="Order it now").click()
    expect(page.get_by_role("heading", name="Ordered")).to_be_visible()
    [order] = api.get("/v1/purchase_orders", params={"supplier": supplier}).json()["items"]
    assert [line["sku"] for line in order["lines"]] == [sku]


def test_an_order_is_placed_and_closed_short(open_as, api, look):
    order = ordered(api, ("MUG-42", 10), ("MUG-43", 4), place=False)
    watched = open_as(*EVERYTHING, look=look)
    page = watched.open(f"/purchase_orders/{order}")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Place the order").click()
    expect(page.locator(".head .tag")).to_have_text("Placed")
    watched.must_be_clean()
    lines = {"lines": [{"sku": "MUG-42", "quantity": 4}]}
    assert api.post(f"/v1/purchase_orders/{order}/receive", json=lines).status_code == 200
    page.reload()
    page.get_by_role("button", name="Close short").click()
    expect(page.locator(".head .tag")).to_have_text("Closed short")


def test_a_draft_is_cancelled_and_an_order_printed(open_as, api):
    order = ordered(api, ("MUG-44", 3), place=False)
    page = open_as(*EVERYTHING).open(f"/purchase_orders/{order}")
    page.on("dialog", lambda dialog: dialog.accept())
    with page.context.expect_page() as sheet:
        page.get_by_role("link", name="Print").click()
    expect(sheet.value.get_by_role("heading", name="Purchase order")).to_be_visible()
    expect(sheet.value.locator("tbody tr").first).to_contain_text("MUG-44")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".head .tag")).to_have_text("Cancelled")


def test_a_delivery_is_scanned_in_with_damaged_and_checked_units(open_as, api, look):
    order = ordered(api, ("MUG-45", 6), ("MUG-46", 2))
    before = level(api, "MUG-45")
    watched = open_as("read", "operate", look=look)
    page = watched.open(f"/purchase_orders/{order}")
    page.get_by_role("link", name="Receive").click()
    expect(page.get_by_label("Scan a SKU")).to_be_focused()
    for _ in range(3):
        page.keyboard.type("mug-45")
        page.keyboard.press("Enter")
    expect(page.locator("[data-told]")).to_have_text("MUG-45: 3 of 6")
    page.keyboard.type("MUG-99")
    page.keyboard.press("Enter")
    expect(page.locator("[data-told]")).to_have_text("MUG-99 is not on this order")
    line = page.get_by_role("group", name="MUG-45")
    expect(line.get_by_label("Accepted")).to_have_value("3")
    line.get_by_label("Damaged").fill("1")
    line.get_by_label("To be checked").fill("2")
    watched.must_be_clean()
    page.get_by_role("button", name="Receive", exact=True).click()
    expect(page.locator(".head .tag")).to_have_text("Partially received")
    after = level(api, "MUG-45")
    assert [after[name] - before[name] for name in ("on_hand", "damaged", "quality_control")] == [3, 1, 2]
    page.get_by_role("link", name="Receive").click()
    page.get_by_role("button", name="Everything came").click()
    page.get_by_role("button", name="Receive", exact=True).click()
    expect(page.locator(".head .tag")).to_have_text("Received")


def test_too_much_is_refused_with_words_and_what_was_typed_stays(open_as, api):
    order = ordered(api, ("MUG-47", 5))
    page = open_as("read", "operate").open(f"/purchase_orders/{order}/receive")
    page.get_by_role("button", name="Receive", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("every field is empty")
    page.get_by_label("Accepted").fill("500")
    page.get_by_role("button", name="Receive", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Accepted")).to_have_value("500")
    assert api.get(f"/v1/purchase_orders/{order}").json()["lines"][0]["received"] == 0


def test_a_supplier_is_made_and_given_terms(open_as, api, look):
    code = f"NEW-{look}"
    watched = open_as(*EVERYTHING, look=look)
    page = watched.open("/suppliers")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_label("Code").fill(code)
    page.get_by_label("Name", exact=True).fill("New Pottery")
    page.get_by_role("button", name="Make supplier").click()
    expect(page.get_by_role("heading", name="New Pottery")).to_be_visible()
    page.get_by_label("What onhand orders").select_option("draft")
    page.get_by_label("Over-delivery taken").fill("15")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Add a product").click()
    page.get_by_label("SKU", exact=True).fill("MUG-48")
    page.get_by_label("Lead time, days").fill("9")
    page.get_by_label("Unit cost").fill("1.5")
    page.get_by_role("button", name="Save terms").click()
    expect(page.get_by_role("row", name=re.compile("MUG-48"))).to_contain_text("1.50")
    watched.must_be_clean()
    known = api.get(f"/v1/suppliers/{code}").json()
    assert (known["reorders"], known["over_delivery_percent"]) == ("draft", 15)
    assert [each["sku"] for each in known["products"]] == ["MUG-48"]
    page.get_by_role("button", name="Remove MUG-48").click()
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    assert api.get(f"/v1/suppliers/{code}").json()["products"] == []
