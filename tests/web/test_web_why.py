"""Why a number is what it is: the sum of the ledger, what is on its way, the promise, and the proof of the books."""

import psycopg
import pytest
from playwright.sync_api import expect

EVERYTHING = ("read", "reserve", "operate", "admin")


@pytest.fixture
def api(web):
    with web.client() as client:
        yield client


def test_on_hand_is_the_sum_of_what_the_ledger_tells(open_as, api):
    for path, line in (
        ("receipts", {"quantity": 30}),
        ("adjustments", {"quantity_change": -4, "reason": "lost"}),
        ("adjustments", {"counted_quantity": 25, "reason": "count"}),
    ):
        lines = [{"sku": "MUG-51", "warehouse": "LEJ1", **line}]
        assert api.post(f"/v1/{path}", json={"lines": lines}).status_code == 201
    page = open_as("read").open("/products/MUG-51")
    expect(page.locator(".sum")).to_have_text("+ 30 received− 5 adjusted= 25")
    expect(page.locator(".because")).to_contain_text("25 on hand − 0 reserved = 25")
    expect(page.locator(".because")).to_contain_text("ships")


def test_what_is_on_its_way_is_named_with_its_day_and_promised(open_as, api):
    api.post("/v1/products", json={"sku": "WAITING-1", "name": "Waiting", "selling": {"mode": "backorder"}})
    terms = {"code": "WHY", "name": "Why", "products": [{"sku": "WAITING-1", "lead_time_days": 2}]}
    assert api.post("/v1/suppliers", json=terms).status_code == 201
    line = {"sku": "WAITING-1", "warehouse": "LEJ1", "quantity": 12}
    body = {"supplier": "WHY", "lines": [line], "expected_arrival_date": "2099-05-04"}
    order = api.post("/v1/purchase_orders", json=body).json()["purchase_order_id"]
    api.post(f"/v1/purchase_orders/{order}/place", json={})
    page = open_as("read").open("/products/WAITING-1")
    row = page.get_by_role("region", name="Incoming").locator("tbody tr")
    expect(row).to_contain_text("May 4, 2099")
    expect(page.locator(".because")).to_contain_text("1 delivery of 12 units")
    expect(page.locator(".because")).to_contain_text("12 from WHY")
    row.get_by_role("link", name="WHY").click()
    expect(page.get_by_role("heading", name="Order to Why")).to_be_visible()


def test_the_books_are_proved_and_a_difference_is_shown_with_its_cause(open_as, web, look):
    watched = open_as(*EVERYTHING, look=look)
    page = watched.open("/books")
    wrong = "UPDATE level SET on_hand = on_hand + %s WHERE product_id = (SELECT product_id FROM product WHERE sku = %s)"
    with psycopg.connect(web.url, autocommit=True) as connection:
        connection.execute(wrong, (1, "A/B <i>"))
        try:
            page.get_by_role("button", name="Prove them now").click()
            expect(page.locator(".head .tag")).to_have_text("Differ")
            expect(page.get_by_role("region", name="What differs")).to_contain_text("A/B <i>")
            watched.must_be_clean()
        finally:
            connection.execute(wrong, (-1, "A/B <i>"))
    page.get_by_role("button", name="Prove them now").click()
    expect(page.locator(".head .tag")).to_have_text("Agree")


def test_a_delivery_of_eighty_lines_is_received_on_one_page(open_as, api):
    skus = [f"LONG-{number:02}" for number in range(80)]
    for sku in skus:
        assert api.post("/v1/products", json={"sku": sku, "name": sku}).status_code == 201
    lines = [{"sku": sku, "warehouse": "LEJ1", "quantity": 2} for sku in skus]
    terms = {"code": "LONG", "name": "Long", "products": [{"sku": sku, "lead_time_days": 2} for sku in skus]}
    assert api.post("/v1/suppliers", json=terms).status_code == 201
    order = api.post("/v1/purchase_orders", json={"supplier": "LONG", "lines": lines}).json()["purchase_order_id"]
    api.post(f"/v1/purchase_orders/{order}/place", json={})
    page = open_as("read", "operate").open(f"/purchase_orders/{order}/receive")
    page.get_by_role("button", name="Everything came").click()
    page.get_by_role("button", name="Receive", exact=True).click()
    expect(page.locator(".head .tag")).to_have_text("Received")
