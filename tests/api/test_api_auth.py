import pytest

from onhand.api.table import ROUTES

KEYED = [route for route in ROUTES if route.scopes]
IDS = [f"{route.method} {route.path}" for route in KEYED]
SCOPES = ("read", "reserve", "operate", "admin")


def send(client, route, **headers):
    path = route.path
    for name in route.parameters:
        path = path.replace(f"{{{name}}}", "019332c5-71b0-7c3a-9a41-5b1f0f8c1a01")
    return client.request(route.method, path, content=b"[", headers={"Content-Type": "application/json", **headers})


@pytest.mark.parametrize("route", KEYED, ids=IDS)
def test_no_key_and_a_wrong_key_are_401(server, unchanged, route):
    wrong = ', error="invalid_token"'
    for headers, more in (
        ({}, ""),
        ({"Authorization": b"Bearer wrong"}, wrong),
        ({"Authorization": b"Bearer \xe9"}, wrong),
    ):
        with server.client(None) as client:
            answer = send(client, route, **headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
        assert answer.headers["www-authenticate"] == f'Bearer realm="onhand"{more}'


@pytest.mark.parametrize("route", KEYED, ids=IDS)
def test_each_scope_opens_what_it_should_and_nothing_else(server, unchanged, key_of, route):
    for scope in SCOPES:
        with server.client(key_of[scope]) as client:
            answer = send(client, route)
        if scope in route.scopes or scope == "admin":
            assert answer.status_code not in {401, 403}
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
            needed = " or ".join(sorted(route.scopes))
            assert needed in answer.json()["detail"]
            assert f'scope="{needed}"' in answer.headers["www-authenticate"]


def test_the_contract_of_scopes():
    table = {f"{route.method} {route.path}": route.scopes for route in KEYED}
    for name, scopes in table.items():
        if name.startswith("GET "):  # Webhooks lead inside somebody's network.
            assert scopes == ({"admin"} if "/webhooks" in name else {"read"}), name
    assert table["POST /v1/availability"] == {"read"}
    assert table["POST /v1/reservations"] == table["POST /v1/reservations/batch"] == {"reserve"}
    assert table["POST /v1/reservations/{reservation_id}/extend"] == {"reserve"}
    assert table["POST /v1/reservations/{reservation_id}/release"] == {"reserve", "operate"}
    assert table["POST /v1/reservations/{reservation_id}/fulfill"] == {"reserve", "operate"}
    for name in ("POST /v1/receipts", "POST /v1/adjustments", "POST /v1/transfers", "PUT /v1/levels/{sku}/{warehouse}"):
        assert table[name] == {"operate"}
    for name in ("POST /v1/products", "PATCH /v1/warehouses/{warehouse}", "POST /v1/reconciliation"):
        assert table[name] == {"admin"}


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
def test_the_scheme_has_no_case(server, key_of, scheme):
    with server.client(None) as client:
        answer = client.get("/v1/products", headers={"Authorization": f"{scheme} {key_of['read']}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "token", ""])
def test_another_scheme_is_no_key(server, header):
    with server.client(None) as client:
        assert client.get("/v1/products", headers={"Authorization": header}).status_code == 401


def test_the_actor_is_the_key(server, shop, key_of):
    sku, warehouse = shop.product(), shop.warehouse()
    body = {"lines": [{"sku": sku, "warehouse": warehouse, "quantity": 1}]}
    with server.client(key_of["operate"]) as client:
        assert client.post("/v1/receipts", json=body).json()["created_by"] == "key:only-operate"


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/health/live", "/health/ready", "/metrics"])
def test_pages_and_health_need_no_key(server, path):
    with server.client(None) as client:
        assert client.get(path).status_code == 200
