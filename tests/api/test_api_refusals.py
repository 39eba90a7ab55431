"""Every bad request: its status, code and path, and that nothing has changed."""

import json
from typing import Any

import pytest

JSON = {"Content-Type": "application/json"}
UNKNOWN_ID = "019332c5-71b0-7c3a-9a41-5b1f0f8c1a01"


def line(**fields: Any) -> bytes:
    return json.dumps({"lines": [fields]}).encode()


def refused(answer, status: int, code: str, path: str | None = None, field_code: str | None = None) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["status"], problem["type"]) == (code, status, f"/problems/{code}")
    assert problem["instance"] == answer.headers["x-request-id"]
    assert problem["title"]
    assert problem["detail"]
    if path is not None:
        assert (problem["errors"][0]["path"], problem["errors"][0]["code"]) == (path, field_code or code)


INVALID = "VALIDATION_FAILED"
ITEM = {"sku": "X", "quantity": 1}
FOUND = {"sku": "X", "warehouse": "Y", "reason": "found"}
PLACE = {"latitude": 0, "longitude": 0}
BODIES = [
    ("unknown sku", line(sku="NO-SUCH", quantity=1), 422, "UNKNOWN_SKU", "lines[0].sku", None),
    ("unknown product", line(product_id=UNKNOWN_ID, quantity=1), 422, "UNKNOWN_PRODUCT", "lines[0].product_id", None),
    ("zero", line(sku="X", quantity=0), 422, INVALID, "lines[0].quantity", "OUT_OF_RANGE"),
    ("negative", line(sku="X", quantity=-1), 422, INVALID, "lines[0].quantity", "OUT_OF_RANGE"),
    ("2^31", line(sku="X", quantity=2**31), 422, INVALID, "lines[0].quantity", "OUT_OF_RANGE"),
    ("10^40", line(sku="X", quantity=10**40), 422, INVALID, "lines[0].quantity", "OUT_OF_RANGE"),
    ("1e999", b'{"lines":[{"sku":"X","quantity":1e999}]}', 422, INVALID, "lines[0].quantity", "OUT_OF_RANGE"),
    ("fraction", line(sku="X", quantity=1.5), 422, INVALID, "lines[0].quantity", "INVALID_TYPE"),
    ("string for a number", line(sku="X", quantity="1"), 422, INVALID, "lines[0].quantity", "INVALID_TYPE"),
    ("bool for a number", line(sku="X", quantity=True), 422, INVALID, "lines[0].quantity", "INVALID_TYPE"),
    ("null for a number", line(sku="X", quantity=None), 422, INVALID, "lines[0].quantity", "INVALID_TYPE"),
    ("missing field", line(sku="X"), 422, INVALID, "lines[0].quantity", "MISSING_FIELD"),
    ("no product", line(quantity=1), 422, INVALID, "lines[0].sku", "MISSING_FIELD"),
    ("missing lines", b"{}", 422, INVALID, "lines", "MISSING_FIELD"),
    ("no lines", b'{"lines":[]}', 422, INVALID, "lines", "INVALID_LENGTH"),
    ("too many lines", json.dumps({"lines": [ITEM] * 1001}).encode(), 422, INVALID, "lines", "INVALID_LENGTH"),
    ("unknown field", line(sku="X", quantity=1, colour="red"), 422, INVALID, "lines[0].colour", "UNKNOWN_FIELD"),
    ("unknown field on top", b'{"lines":[{"sku":"X","quantity":1}],"x":1}', 422, INVALID, "x", "UNKNOWN_FIELD"),
    ("NUL in a text", line(sku="A\0B", quantity=1), 422, INVALID, "lines[0].sku", "INVALID_CHARACTERS"),
    ("line break in a text", line(sku="AB\n", quantity=1), 422, INVALID, "lines[0].sku", "INVALID_CHARACTERS"),
    ("long text", line(sku="A" * 101, quantity=1), 422, INVALID, "lines[0].sku", "INVALID_LENGTH"),
    ("bad uuid", line(product_id="X", quantity=1), 422, INVALID, "lines[0].product_id", "INVALID_UUID"),
    ("a list", b"[]", 422, INVALID, "$", "INVALID_TYPE"),
    ("null", b"null", 422, INVALID, "$", "INVALID_TYPE"),
    ("a number", b"5", 422, INVALID, "$", "INVALID_TYPE"),
    ("NaN", b'{"lines":[{"sku":"X","quantity":NaN}]}', 400, "MALFORMED_JSON", None, None),
    ("Infinity", b'{"lines":[{"sku":"X","quantity":-Infinity}]}', 400, "MALFORMED_JSON", None, None),
    ("cut off", b'{"lines":[{"sku":"X","quantity":1}', 400, "MALFORMED_JSON", None, None),
    ("cut off after a bad field", b'{"lines":[{"sku":"X","quantity":"1"}', 400, "MALFORMED_JSON", None, None),
    ("something after it", b'{"lines":[{"sku":"X","quantity":1}]}{}', 400, "MALFORMED_JSON", None, None),
    ("not UTF-8", b'{"lines":[{"sku":"\xff","quantity":1}]}', 400, "MALFORMED_JSON", None, None),
    ("half a surrogate", b'{"lines":[{"sku":"\\ud800","quantity":1}]}', 400, "MALFORMED_JSON", None, None),
    ("empty", b"", 400, "MALFORMED_JSON", None, None),
    ("blank", b"  \n", 400, "MALFORMED_JSON", None, None),
    ("nested", b"[" * 500_000, 400, "MALFORMED_JSON", None, None),
    ("nested in a field", b'{"lines":' + b"[" * 500_000, 400, "MALFORMED_JSON", None, None),
    ("nested and closed", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400, "MALFORMED_JSON", None, None),
    ("too large", b'{"lines":"' + b"x" * 10_000_000 + b'"}', 413, "BODY_TOO_LARGE", None, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "code", "path", "field"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES]
)
@pytest.mark.parametrize("chunked", [False, True], ids=["", "chunked"])
def test_a_bad_body_is_refused_and_nothing_changes(client, unchanged, body, status, code, path, field, chunked):
    content = (body[at : at + 65536] for at in range(0, len(body), 65536)) if chunked else body
    refused(client.post("/v1/reservations", content=content, headers=JSON), status, code, path, field)
    assert client.get("/health/live").status_code == 200  # on the same connection: nothing of the body is left in it


@pytest.mark.parametrize(
    ("path", "body", "at", "field"),
    [
        ("receipts", {"lines": [ITEM]}, "lines[0].sku", "UNKNOWN_SKU"),
        ("receipts", {"lines": [{**ITEM, "quantity": 0}]}, "lines[0].quantity", "OUT_OF_RANGE"),
        ("receipts", {"lines": [ITEM], "reference": {"type": "x"}}, "reference.id", "MISSING_FIELD"),
        ("adjustments", {"lines": [{"sku": "X", "warehouse": "Y"}]}, "lines[0].reason", "MISSING_FIELD"),
        ("adjustments", {"lines": [FOUND]}, "lines[0].quantity_change", "MISSING_FIELD"),
        ("adjustments", {"lines": [{**FOUND, "counted_quantity": -1}]}, "lines[0].counted_quantity", "OUT_OF_RANGE"),
        ("transfers", {"from": "NO-SUCH", "to": "Y", "lines": [ITEM]}, "from", "UNKNOWN_WAREHOUSE"),
        ("transfers", {"from": "X", "to": "Y", "lines": [ITEM], "mode": "fly"}, "mode", "INVALID_VALUE"),
        ("transfers", {"to": "Y", "lines": [ITEM]}, "from", "MISSING_FIELD"),
        ("availability", {"skus": []}, "skus", "INVALID_LENGTH"),
        ("availability", {"skus": ["X"] * 501}, "skus", "INVALID_LENGTH"),
        ("availability", {"skus": ["NO-SUCH"]}, "skus[0]", "UNKNOWN_SKU"),
        ("reservations", {"lines": [ITEM], "expires_in_s": 0}, "expires_in_s", "OUT_OF_RANGE"),
        ("reservations", {"lines": [ITEM], "expires_in_s": 2592001}, "expires_in_s", "OUT_OF_RANGE"),
        ("reservations", {"lines": [ITEM], "allow_split": "yes"}, "allow_split", "INVALID_TYPE"),
        ("reservations", {"lines": [ITEM], "ship_to": {"latitude": 91}}, "ship_to.latitude", "OUT_OF_RANGE"),
        ("reservations/batch", {"reservations": []}, "reservations", "INVALID_LENGTH"),
        ("reservations/batch", {"reservations": [{"lines": [ITEM, {"sku": "X"}]}]},
         "reservations[0].lines[1].quantity", "MISSING_FIELD"),
        ("products", {"sku": "", "name": "x"}, "sku", "INVALID_LENGTH"),
        ("products", {"sku": "x"}, "name", "MISSING_FIELD"),
        ("products", {"sku": "x", "name": "y", "selling": {"mode": "gift"}}, "selling.mode", "INVALID_VALUE"),
        ("products", {"sku": "x", "name": "y", "selling": {"mode": "preorder", "release_date": "2026-13-01"}},
         "selling.release_date", "INVALID_VALUE"),
        ("products", {"sku": "x", "name": "y", "selling": {"mode": "preorder"}},
         "selling.release_date", "MISSING_FIELD"),
        ("warehouses", {"code": "x", "name": "y", "location": {"latitude": 0}}, "location.longitude", "MISSING_FIELD"),
        ("warehouses", {"code": "x", "name": "y", "location": PLACE, "time_zone": "A\0"}, "time_zone", "INVALID_VALUE"),
        ("reconciliation", {"repair": 1}, "repair", "INVALID_TYPE"),
    ],
)  # fmt: skip
def test_each_write_route_says_where(client, unchanged, path, body, at, field):
    answer = client.post(f"/v1/{path}", json=body)
    refused(answer, 422, field if field.startswith("UNKNOWN_") else INVALID, at, field)


@pytest.fixture(scope="module")
def known_sku(shop) -> str:
    return shop.product()


@pytest.mark.parametrize("path", ["/v1/reservations", "/v1/receipts"])
def test_an_unknown_warehouse_in_a_line(client, known_sku, unchanged, path):
    for names, at in (({"warehouse": "NO-SUCH"}, "warehouse"), ({"warehouse_id": UNKNOWN_ID}, "warehouse_id")):
        answer = client.post(path, json={"lines": [{"sku": known_sku, "quantity": 1, **names}]})
        refused(answer, 422, "UNKNOWN_WAREHOUSE", f"lines[0].{at}")
    both = {"warehouse": "NO-SUCH", "warehouse_id": UNKNOWN_ID}
    answer = client.post(path, json={"lines": [{"sku": known_sku, "quantity": 1, **both}]})
    refused(answer, 422, INVALID, "lines[0].warehouse", "INVALID_VALUE")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": ""},
        {},
    ],
)
def test_a_body_of_another_kind_is_refused(client, unchanged, headers):
    answer = client.post("/v1/reservations", content=line(sku="X", quantity=1), headers=headers)
    refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_charset_of_utf_8_is_welcome(client, unchanged):
    headers = {"Content-Type": "Application/JSON; charset=UTF-8"}
    refused(
        client.post("/v1/reservations", content=line(sku="NO-SUCH", quantity=1), headers=headers), 422, "UNKNOWN_SKU"
    )


@pytest.mark.parametrize("action", ["release", "fulfill", "extend", ""])
def test_a_bad_reservation_id(client, unchanged, action):
    path = f"/v1/reservations/not-a-uuid/{action}".rstrip("/")
    answer = client.post(path, json={"expires_in_s": 5} if action == "extend" else {}) if action else client.get(path)
    refused(answer, 422, INVALID, "reservation_id", "INVALID_UUID")
    unknown = path.replace("not-a-uuid", UNKNOWN_ID)
    answer = (
        client.post(unknown, json={"expires_in_s": 5} if action == "extend" else {}) if action else client.get(unknown)
    )
    refused(answer, 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ("/v1/products/A%00B", "sku"),
        ("/v1/products/A%1fB", "sku"),
        ("/v1/products/%ff%fe", "sku"),
        ("/v1/warehouses/%0a", "warehouse"),
        ("/v1/availability/%7f", "sku"),
        ("/v1/products?query=%00", "query"),
        ("/v1/products?cursor=%00", "cursor"),
        ("/v1/products?query=%c3%28", "query"),
        ("/v1/ledger?reference_id=a%0ab", "reference_id"),
        ("/v1/reservations?order_id=%00", "order_id"),
        ("/v1/reservations/%00", "reservation_id"),
        ("/v1/products?%00=1", "query"),
    ],
)
def test_control_characters_never_reach_the_database(client, unchanged, path, at):
    refused(client.get(path), 422, INVALID, at, "INVALID_CHARACTERS")


@pytest.mark.parametrize(
    ("path", "at", "field"),
    [
        ("/v1/products?colour=red", "colour", "UNKNOWN_FIELD"),
        ("/v1/products/X?colour=red", "colour", "UNKNOWN_FIELD"),
        ("/v1/products?limit=0", "limit", "OUT_OF_RANGE"),
        ("/v1/products?limit=1001", "limit", "OUT_OF_RANGE"),
        ("/v1/products?limit=ten", "limit", "INVALID_TYPE"),
        ("/v1/products?limit=1&limit=2", "limit", "INVALID_VALUE"),
        ("/v1/levels?below_threshold=maybe", "below_threshold", "INVALID_TYPE"),
        ("/v1/levels?cursor=x", "cursor", "INVALID_VALUE"),
        ("/v1/reservations?cursor=x", "cursor", "INVALID_UUID"),
        ("/v1/products?cursor=MUG-RED", "cursor", "INVALID_VALUE"),
        ("/v1/products?cursor=YWZ0ZXI6AA", "cursor", "INVALID_VALUE"),  # after:\0
        ("/v1/products?cursor=%F0%9F%92%A5", "cursor", "INVALID_VALUE"),
        ("/v1/warehouses?cursor=x", "cursor", "INVALID_VALUE"),
        ("/v1/suppliers?cursor=x", "cursor", "INVALID_VALUE"),
        ("/v1/ledger?type=STEAL", "type", "INVALID_VALUE"),
        ("/v1/ledger?from=yesterday", "from", "INVALID_VALUE"),
        ("/v1/events?after=x", "after", "INVALID_UUID"),
        ("/v1/transfers?status=gone", "status", "INVALID_VALUE"),
        ("/v1/availability/X?at=2026-01-01", "at", "OUT_OF_RANGE"),
        ("/v1/availability/X?quantity=0", "quantity", "OUT_OF_RANGE"),
    ],
)
def test_a_bad_parameter_is_refused(client, unchanged, path, at, field):
    refused(client.get(path), 422, INVALID, at, field)


@pytest.mark.parametrize("path", ["/v1", "/v1/nothing", "/v1/hooks", "/x/y/z"])
def test_what_is_not_there_is_404(client, path):
    refused(client.get(path), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/v1/products"), ("PUT", "/v1/products/X"), ("POST", "/metrics")]
)
def test_another_method_is_405(client, method, path):
    answer = client.request(method, path)
    refused(answer, 405, "METHOD_NOT_ALLOWED")
    assert "GET" in answer.headers["allow"]


def test_weird_times_and_numbers_do_no_harm(client):
    for path in (
        "/v1/ledger?from=0001-01-01T00:00:00%2B23:59",
        "/v1/ledger?to=9999-12-31T23:59:59-23:59",
        "/v1/ledger?from=2026-01-01T00:00:00",
        "/v1/products?query=%25%25_%5c",
    ):
        assert client.get(path).status_code == 200, path
    refused(client.get("/v1/products/" + "x" * 20_000), 404, "NOT_FOUND")
