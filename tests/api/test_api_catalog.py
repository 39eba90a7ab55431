import pytest

from onhand.api import examples
from server.serving import unique

PRODUCT_FIELDS = set(examples.PRODUCT)
WAREHOUSE_FIELDS = set(examples.WAREHOUSE)


def test_a_product_is_created_read_and_found(client):
    sku = unique("MUG")
    made = client.post("/v1/products", json={**examples.NEW_PRODUCT, "sku": sku})
    assert made.status_code == 201
    assert made.headers["content-type"] == "application/json"
    product = made.json()
    assert set(product) == PRODUCT_FIELDS
    assert product["selling"] == {"mode": "backorder", "limit": 20, "release_date": None}
    assert client.get(f"/v1/products/{sku}").json() == product
    assert client.get(f"/v1/products/{product['product_id']}").json() == product
    assert client.get("/v1/products", params={"query": sku}).json() == {"items": [product], "next_cursor": None}


def test_a_patch_changes_only_what_it_names(client, shop):
    sku = shop.product(category="mugs", weight_g=350)
    patched = client.patch(f"/v1/products/{sku}", json={"name": "New", "category": None})
    assert patched.status_code == 200
    assert (patched.json()["name"], patched.json()["category"], patched.json()["weight_g"]) == ("New", None, 350)


def test_lists_give_pages(client, shop):
    prefix = unique("PAGE")
    skus = [f"{prefix}-{number}" for number in range(5)]
    for sku in skus:
        shop.post("/v1/products", {"sku": sku, "name": "x"})
    seen, cursor = [], None
    while True:
        params = {"query": prefix, "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/products", params=params).json()
        seen += [item["sku"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == skus


def test_a_taken_sku_is_refused(client, shop):
    sku = shop.product()
    answer = client.post("/v1/products", json={"sku": sku, "name": "again"})
    assert (answer.status_code, answer.json()["code"]) == (409, "ALREADY_EXISTS")


@pytest.mark.parametrize("sku", ["A/B C", "Größe-42", "50%off", "a+b&c=d?e#f", "日本", "..%2F", "null"])
def test_a_sku_may_hold_any_visible_character(client, sku):
    sku = unique(sku)
    assert client.post("/v1/products", json={"sku": sku, "name": "odd"}).status_code == 201
    escaped = "".join(f"%{byte:02X}" for byte in sku.encode())
    assert client.get(f"/v1/products/{escaped}").json()["sku"] == sku
    assert client.get("/v1/products", params={"query": sku}).json()["items"][0]["sku"] == sku


def test_a_warehouse_is_created_changed_and_listed(client):
    code = unique("LEJ")
    made = client.post("/v1/warehouses", json={**examples.NEW_WAREHOUSE, "code": code})
    assert made.status_code == 201
    warehouse = made.json()
    assert set(warehouse) == WAREHOUSE_FIELDS
    assert client.get(f"/v1/warehouses/{code}").json() == warehouse
    patched = client.patch(f"/v1/warehouses/{code}", json={"active": False})
    assert patched.json()["active"] is False
    items = client.get("/v1/warehouses", params={"limit": 1000}).json()["items"]
    assert code in [item["code"] for item in items]


def test_level_settings_never_change_quantities(client, shop):
    sku, warehouse = shop.stocked(7)
    put = client.put(f"/v1/levels/{sku}/{warehouse}", json=examples.LEVEL_SETTINGS)
    assert put.status_code == 200
    assert set(put.json()) == set(examples.LEVEL)
    assert put.json() == {**put.json(), **examples.LEVEL_SETTINGS, "on_hand": 7}
    again = client.put(f"/v1/levels/{sku}/{warehouse}", json={"reorder_threshold": None})
    assert (again.json()["reorder_threshold"], again.json()["reorder_quantity"]) == (None, 50)
    assert client.get("/v1/levels", params={"sku": sku}).json()["items"] == [again.json()]


def test_levels_below_their_threshold_are_found(client, shop):
    sku, warehouse = shop.stocked(7)
    client.put(f"/v1/levels/{sku}/{warehouse}", json={"reorder_threshold": 8})
    found = client.get("/v1/levels", params={"sku": sku, "below_threshold": "true"}).json()["items"]
    assert [item["warehouse"] for item in found] == [warehouse]


@pytest.mark.parametrize(
    "path",
    ["/v1/products/NO-SUCH", "/v1/products/NO-SUCH/explain", "/v1/warehouses/NO-SUCH", "/v1/availability/NO-SUCH"],
)
def test_what_the_path_does_not_name_is_404(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_levels_and_ledger_by_ids(client, shop):
    sku, warehouse = shop.stocked(3)
    ids = {
        "product_id": client.get(f"/v1/products/{sku}").json()["product_id"],
        "warehouse_id": client.get(f"/v1/warehouses/{warehouse}").json()["warehouse_id"],
    }
    for params in (ids, {"product_id": ids["product_id"]}, {"sku": sku, "warehouse_id": ids["warehouse_id"]}):
        [level] = client.get("/v1/levels", params=params).json()["items"]
        assert (level["sku"], level["warehouse"], level["on_hand"]) == (sku, warehouse, 3)
    for path in ("/v1/levels", "/v1/ledger"):
        both = client.get(path, params={"sku": sku, **ids})
        assert (both.status_code, both.json()["errors"][0]["path"]) == (422, "sku")
        assert client.get(path, params={"product_id": "x"}).json()["errors"][0]["code"] == "INVALID_UUID"


def test_a_list_goes_on_after_any_name(client, shop):
    """The longest, of characters that need four bytes each, and what looks like an escape."""
    prefix = unique("LIST")
    names = sorted([prefix + "\U0001f4a5" * (100 - len(prefix)), f"{prefix} a/b%2f", f"{prefix}\u00a0"])
    for name in names:
        shop.post("/v1/products", {"sku": name, "name": "A product"})
    seen, cursor = [], None
    while True:
        params = {"query": prefix, "limit": 1} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/products", params=params).json()
        seen += [item["sku"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == names
