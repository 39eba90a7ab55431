"""What people do: an order shipped, stock received, counted, moved and taken back."""

import pytest
from playwright.sync_api import expect

EVERYTHING = ("read", "reserve", "operate", "admin")
BEEPS = """window.beeps = []; const make = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () {
  const made = make.call(this), start = made.start;
  made.start = function () { beeps.push(made.frequency.value); start.call(made); };
  return made;
};"""


@pytest.fixture
def api(web):
    with web.client() as client:
        yield client


def level(api, sku, warehouse="LEJ1"):
    return api.get("/v1/levels", params={"sku": sku, "warehouse": warehouse}).json()["items"][0]


def reserved(api, sku):
    answer = api.post("/v1/reservations", json={"order_id": f"SO-{sku}", "lines": [{"sku": sku, "quantity": 2}]})
    assert answer.status_code == 201
    return answer.json()["reservation_id"]


def test_an_order_is_fulfilled(open_as, api, look):
    watched = open_as(*EVERYTHING, look=look)
    page = watched.open(f"/orders/{reserved(api, 'MUG-20')}")
    before = level(api, "MUG-20")["on_hand"]
    page.get_by_role("button", name="Fulfill").click()
    expect(page.locator(".head .tag")).to_have_text("Fulfilled")
    expect(page.locator(".timeline")).to_contain_text("user:")
    assert level(api, "MUG-20")["on_hand"] == before - 2
    watched.must_be_clean()


def test_a_part_of_an_order_is_fulfilled_and_a_part_released(open_as, api, look):
    watched = open_as("read", "operate", look=look)
    lines = [{"sku": "MUG-38", "quantity": 3, "warehouse": "LEJ1"}]
    order = api.post("/v1/reservations", json={"lines": lines}).json()["reservation_id"]
    page = watched.open(f"/orders/{order}")
    page.get_by_text("Fulfill or release a part").click()
    watched.must_be_clean()
    page.get_by_label("MUG-38").fill("1")
    page.get_by_role("button", name="Fulfill these").click()
    expect(page.locator(".head .tag")).to_have_text("Partially fulfilled")
    page.get_by_text("Fulfill or release a part").click()
    page.get_by_label("MUG-38").fill("9")
    page.get_by_role("button", name="Fulfill these").click()
    expect(page.get_by_role("alert")).to_contain_text("open")
    expect(page.get_by_label("MUG-38")).to_have_value("9")
    page.get_by_label("MUG-38").fill("2")
    page.get_by_role("button", name="Release these").click()
    expect(page.locator(".timeline")).to_contain_text("Released 2 × MUG-38")
    [line] = api.get(f"/v1/reservations/{order}").json()["lines"]
    assert (line["open"], line["fulfilled"], line["released"]) == (0, 1, 2)


def test_what_waits_for_stock_is_not_fulfilled_and_the_page_says_so(open_as, api):
    api.post("/v1/products", json={"sku": "OWED-1", "name": "Owed", "selling": {"mode": "backorder"}})
    lines = [{"sku": "OWED-1", "quantity": 2, "warehouse": "LEJ1"}]
    order = api.post("/v1/reservations", json={"lines": lines}).json()["reservation_id"]
    page = open_as(*EVERYTHING).open(f"/orders/{order}")
    page.get_by_role("button", name="Fulfill all").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("region", name="Lines")).to_contain_text("2 wait")
    assert level(api, "OWED-1")["backordered"] == 2


def test_an_order_is_extended_and_released(open_as, api):
    page = open_as(*EVERYTHING).open(f"/orders/{reserved(api, 'MUG-21')}")
    page.on("dialog", lambda dialog: dialog.accept())
    expires = page.locator("time").nth(1).get_attribute("datetime")
    page.get_by_label("Hold for").select_option("1440")
    page.get_by_role("button", name="Extend").click()
    expect(page.locator("time").nth(1)).not_to_have_attribute("datetime", expires)
    page.get_by_role("button", name="Release").click()
    expect(page.locator(".head .tag")).to_have_text("Released")
    assert level(api, "MUG-21")["reserved"] == 0


def test_a_scanner_receives_and_undo_takes_it_back(open_as, api, look):
    watched = open_as("read", "operate", look=look)
    watched.page.add_init_script(BEEPS)
    page = watched.open("/floor/receive")
    before = level(api, "MUG-22")["on_hand"]
    expect(page.get_by_label("SKU", exact=True)).to_be_focused()
    page.keyboard.type("MUG-22")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Quantity")).to_be_focused()
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    expect(page.locator(".result .big")).to_have_text(str(before + 5))
    expect(page.get_by_label("SKU", exact=True)).to_be_focused()
    expect(page.locator(".result")).to_contain_text("Mug number 22")
    assert page.evaluate("beeps") == [1040]
    watched.must_be_clean()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".result")).to_contain_text("Taken back")
    expect(page.locator(".result .big")).to_have_text(str(before))
    assert level(api, "MUG-22")["on_hand"] == before
    expect(page.get_by_role("navigation", name="Floor").locator("[aria-current]")).to_have_text("Receive")
    expect(page.get_by_label("SKU", exact=True)).to_be_focused()


def test_a_wrong_scan_sounds_low(open_as):
    watched = open_as("read", "operate")
    page = watched.open("/floor/receive")
    page.add_init_script(BEEPS)
    page.reload()
    expect(page.get_by_label("SKU", exact=True)).to_be_focused()
    for text in ("NO-SUCH", "1"):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("NO-SUCH")
    assert page.evaluate("beeps") == [240]


def test_two_clicks_receive_once_and_without_a_script_it_works_as_well(open_as, api, browser, web, link_of):
    before = level(api, "MUG-39")["on_hand"]
    page = open_as("read", "operate").open("/floor/receive")
    page.get_by_label("SKU", exact=True).fill("MUG-39")
    page.get_by_label("Quantity").fill("2")
    page.get_by_role("button", name="Receive").dblclick()
    expect(page.locator(".result .big")).to_have_text(str(before + 2))
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(link_of("read", "operate")[0])
    plain.goto(f"{web.base}/floor/receive")
    plain.get_by_label("SKU", exact=True).fill("MUG-39")
    plain.get_by_label("Quantity").fill("3")
    plain.get_by_role("button", name="Receive").click()
    expect(plain.locator(".result .big")).to_have_text(str(before + 5))
    context.close()
    assert level(api, "MUG-39")["on_hand"] == before + 5


def test_the_floor_offers_the_warehouse_of_the_last_time_and_never_one_to_itself(open_as):
    page = open_as("read", "operate").open("/floor/receive")
    page.get_by_label("Warehouse").select_option("OSL1")
    page.goto(page.url.replace("receive", "count"))
    expect(page.get_by_label("Warehouse")).to_have_value("OSL1")
    page.goto(page.url.replace("count", "transfer"))
    expect(page.locator("[name=warehouse]")).to_have_value("OSL1")
    expect(page.locator("[name=to]")).not_to_have_value("OSL1")
    page.locator("[name=to]").select_option("OSL1")
    expect(page.locator("[name=warehouse]")).not_to_have_value("OSL1")


def test_adjust_count_transfer(open_as, api):
    page = open_as("read", "operate").open("/floor/count")
    page.get_by_label("SKU", exact=True).fill("MUG-23")
    page.get_by_label("Counted").fill("12")
    page.get_by_role("button", name="Count").click()
    expect(page.locator(".result .big")).to_have_text("12")
    page.goto(page.url.replace("count", "adjust"))
    page.get_by_label("SKU", exact=True).fill("MUG-23")
    page.get_by_label("Change").fill("-2")
    page.get_by_label("Reason").fill("damaged")
    page.get_by_role("button", name="Adjust").click()
    expect(page.locator(".result .big")).to_have_text("10")
    page.goto(page.url.replace("adjust", "transfer"))
    page.locator("[name=to]").select_option("OSL1")
    page.get_by_label("SKU", exact=True).fill("MUG-23")
    page.get_by_label("Quantity").fill("4")
    page.get_by_role("button", name="Transfer").click()
    expect(page.locator(".result .big")).to_have_text("4")
    assert level(api, "MUG-23")["on_hand"] == 6


def test_a_refusal_says_why_and_changes_nothing(open_as, api):
    page = open_as("read", "operate").open("/floor/adjust")
    before = level(api, "MUG-24")
    page.get_by_label("SKU", exact=True).fill("MUG-24")
    page.get_by_label("Change").fill("-9999")
    page.get_by_label("Reason").fill("lost")
    page.get_by_role("button", name="Adjust").click()
    expect(page.get_by_role("alert")).to_contain_text("9999 are to be taken away")
    assert page.get_by_label("SKU", exact=True).input_value() == "MUG-24"
    assert level(api, "MUG-24") == before


def test_settings_of_a_level_begin_with_what_is_set(open_as, api):
    api.put("/v1/levels/MUG-25/LEJ1", json={"reorder_quantity": 60, "safety_stock": 4})
    page = open_as("read", "operate").open("/products/MUG-25")
    page.get_by_role("link", name="Edit the reorder settings of LEJ1").click()
    expect(page.get_by_label("Reorder quantity")).to_have_value("60")
    page.get_by_label("Threshold", exact=True).fill("100")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Low", exact=True)).to_be_visible()
    known = level(api, "MUG-25")
    assert (known["reorder_threshold"], known["reorder_quantity"], known["safety_stock"]) == (100, 60, 4)


def test_a_key_is_made_and_revoked(open_as, web):
    page = open_as(*EVERYTHING).open("/settings")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_label("Name of a new key").fill("till")
    page.get_by_role("button", name="Make key").click()
    key = page.locator(".secret").inner_text()
    with web.client(key) as client:
        assert client.get("/v1/products").status_code == 200
    page.get_by_role("button", name="Revoke till").click()
    expect(page.get_by_role("button", name="Revoke till")).to_have_count(0)


def test_a_warehouse_is_made_changed_and_closed(open_as, api):
    page = open_as(*EVERYTHING).open("/settings")
    page.get_by_role("link", name="New warehouse").click()
    page.get_by_label("Code", exact=True).fill("VIE1")
    page.get_by_label("Name", exact=True).fill("Wien")
    page.get_by_label("Latitude").fill("48.21")
    page.get_by_label("Longitude").fill("16.37")
    page.get_by_label("Country").fill("AT")
    page.get_by_role("button", name="Make warehouse").click()
    page.get_by_role("link", name="VIE1").click()
    page.get_by_label("Time zone").fill("Europe/Vienna")
    page.get_by_label("Capacity").fill("5000")
    page.get_by_label("Open").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name="VIE1")).to_contain_text("Closed")
    known = api.get("/v1/warehouses/VIE1").json()
    assert (known["time_zone"], known["capacity"], known["active"]) == ("Europe/Vienna", 5000, False)
    assert known["location"] == {"latitude": 48.21, "longitude": 16.37, "country": "AT", "postal_code": None}


def test_a_product_is_made_and_changed(open_as, api):
    page = open_as(*EVERYTHING).open("/stock")
    page.get_by_role("link", name="New product").click()
    page.get_by_label("SKU", exact=True).fill("BOWL-1")
    page.get_by_label("Name", exact=True).fill("A bowl")
    page.get_by_role("button", name="Make product").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Category").fill("Pottery")
    page.get_by_label("When the shelf is empty").select_option("preorder")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("release date")
    page.go_back()
    page.get_by_label("When the shelf is empty").select_option("backorder")
    page.get_by_label("Units owed").fill("7")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="A bowl")).to_be_visible()
    known = api.get("/v1/products/BOWL-1").json()
    assert (known["selling"]["mode"], known["selling"]["limit"]) == ("backorder", 7)
