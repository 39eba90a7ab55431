"""Who may not, over plain HTTP: sessions, CSRF, scopes, lock-out, forms sent twice."""

import re
import threading
import time

import httpx
import pytest

from onhand.services.users import FAILURES_MAX
from onhand.web import (
    books,
    catalog,
    floor,
    orders,
    people,
    purchases,
    replenishment,
    returns,
    stock,
    stocktakes,
    suppliers,
    transfers,
)
from onhand.web.app import SENT_OUT_WITHIN_S

PASSWORD = "correct horse battery"
SUPPLY = (returns, stocktakes, transfers, replenishment, purchases, suppliers)
MODULES = (stock, orders, floor, *SUPPLY, catalog, books, people)
FORMS = [route for module in MODULES for route in module.ROUTES if route.method == "POST"]
KEPT = [route for route in FORMS if route.scopes]
IDS = [route.path for route in KEPT]


@pytest.fixture
def visitor(web, link_of):
    """Scopes → a client that is logged in, and its CSRF token."""
    made = []

    def visit(*scopes: str) -> tuple[httpx.Client, str]:
        client = web.client(None)
        made.append(client)
        assert client.get(link_of(*scopes)[0]).status_code == 303
        token = re.search(r'name="csrf" value="(\w+)"', client.get("/stock").text)
        return client, token and token[1]

    yield visit
    for client in made:
        client.close()


def address(route):
    values = {"sku": "MUG-30", "kind": "receive", "supplier": "ACME", "warehouse": "LEJ1"}
    return re.sub(r"{(\w+)}", lambda match: values.get(match[1], "0" * 32), route.path)


@pytest.mark.parametrize("path", ["/stock", "/stock.csv", "/orders", "/products/MUG-01", "/floor/receive", "/settings"])
def test_nobody_sees_nothing(web, path):
    with web.client(None) as client:
        answer = client.get(path)
    assert answer.status_code == 401
    assert "MUG" not in answer.text
    with web.client(None) as client:
        assert client.get("/live").status_code == 403


@pytest.mark.parametrize("route", KEPT, ids=IDS)
def test_a_form_without_the_token_is_refused(web, visitor, route):
    client, token = visitor("read", "reserve", "operate", "admin")
    for body in ({"x": ""}, {"csrf": "0" * 64}):
        assert client.post(address(route), data=body).status_code == 403
    away = client.post(address(route), data={"csrf": token}, headers={"Origin": "http://evil.example"})
    assert away.status_code == 403
    with web.client(None) as nobody:
        assert nobody.post(address(route), data={"csrf": token}).status_code == 401


@pytest.mark.parametrize("route", [route for route in KEPT if route.scopes != ("read",)], ids=lambda route: route.path)
def test_a_reader_changes_nothing(visitor, route):
    client, token = visitor("read")
    answer = client.post(address(route), data={"csrf": token})
    assert answer.status_code == 403
    assert "lacks the scope" in answer.text


def test_a_form_sent_twice_counts_once(web, visitor):
    client, token = visitor("read", "operate")
    form = {"csrf": token, "key": "twice-0001", "sku": "MUG-31", "warehouse": "LEJ1", "quantity": "5"}
    with web.client() as api:
        asked = {"sku": "MUG-31"}
        before = api.get("/v1/levels", params=asked).json()["items"][0]["on_hand"]
        assert [client.post("/floor/receive", data=form).status_code for _ in range(3)] == [200] * 3
        assert api.get("/v1/levels", params=asked).json()["items"][0]["on_hand"] == before + 5


def test_a_link_logs_in_once(web, link_of):
    link, _ = link_of("read")
    with web.client(None) as first, web.client(None) as second:
        answer = first.get(link)
        assert answer.status_code == 303
        assert {"HttpOnly", "SameSite=Lax"} <= set(answer.headers["set-cookie"].split("; "))
        assert second.get(link).status_code == 401


def test_password_and_log_out(web, link_of):
    _, name = link_of("read", password=PASSWORD)
    with web.client(None) as client:
        assert client.post("/login", data={"name": name, "password": "wrong"}).status_code == 401
        assert client.post("/login", data={"name": "nobody", "password": PASSWORD}).status_code == 401
        assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 303
        session = client.cookies["onhand_session"]
        token = re.search(r'name="csrf" value="(\w+)"', client.get("/stock").text)[1]
        assert client.post("/logout", data={"csrf": token}).status_code == 303
    with web.client(None, cookies={"onhand_session": session}) as again:
        assert again.get("/stock").status_code == 401


def test_the_cookie_is_for_https_only_where_the_browser_came_by_it(web, link_of):
    with web.client(None) as client:
        answer = client.get(link_of("read")[0], headers={"X-Forwarded-Proto": "https"})
        assert "Secure" in answer.headers["set-cookie"].split("; ")
        answer = client.get(link_of("read")[0])
        assert "Secure" not in answer.headers["set-cookie"]


def test_a_disabled_user_is_out_at_once_and_a_removed_one_for_good(web, link_of, visitor):
    link, name = link_of("read", password=PASSWORD)
    admin, token = visitor("admin")

    def does(action):
        return admin.post(f"/settings/users/{action}", data={"csrf": token, "name": name}).status_code

    with web.client(None) as client, web.client(None) as later:
        assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 303
        assert client.get("/stock").status_code == 200
        assert does("disable") == 303
        assert client.get("/stock").status_code == 401
        assert later.get(link).status_code == 401
        assert later.post("/login", data={"name": name, "password": PASSWORD}).status_code == 401
        assert does("enable") == 303
        assert later.post("/login", data={"name": name, "password": PASSWORD}).status_code == 303
        assert does("remove") == 303
        assert later.get("/stock").status_code == 401
        assert does("remove") == 404


def test_an_open_page_is_no_way_to_stay(web, link_of, visitor):
    link, name = link_of("read")
    admin, token = visitor("admin")
    with web.client(None) as client:
        client.get(link)
        with client.stream("GET", "/live", timeout=30) as stream:
            told = stream.iter_lines()
            assert next(told).startswith("data:")
            assert admin.post("/settings/users/disable", data={"csrf": token, "name": name}).status_code == 303
            deadline = time.monotonic() + 2 * SENT_OUT_WITHIN_S
            for _ in told:  # Ends, where an open door would go on.
                assert time.monotonic() < deadline
        assert client.get("/live").status_code == 403


def test_nobody_disables_themselves(web, link_of):
    link, name = link_of("admin")
    with web.client(None) as client:
        client.get(link)
        token = re.search(r'name="csrf" value="(\w+)"', client.get("/settings").text)[1]
        for action in ("disable", "remove"):
            answer = client.post(f"/settings/users/{action}", data={"csrf": token, "name": name})
            assert answer.status_code == 403
        assert client.get("/settings").status_code == 200


def test_a_password_is_changed_by_who_knows_it_and_ends_every_other_session(web, link_of):
    _, name = link_of("read", password=PASSWORD)
    with web.client(None) as mine, web.client(None) as other:
        for client in (mine, other):
            assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 303
        token = re.search(r'name="csrf" value="(\w+)"', mine.get("/stock").text)[1]
        form = {"csrf": token, "password": "a new one, longer"}
        assert mine.post("/settings/password", data={**form, "current": "wrong"}).status_code == 422
        assert other.get("/stock").status_code == 200
        assert mine.post("/settings/password", data={**form, "current": PASSWORD}).status_code == 200
        assert mine.get("/stock").status_code == 200
        assert other.get("/stock").status_code == 401
        assert other.post("/login", data={"name": name, "password": PASSWORD}).status_code == 401
        assert other.post("/login", data={"name": name, "password": form["password"]}).status_code == 303


def test_guessing_locks_the_account_even_all_at_once(web, link_of):
    _, name = link_of("read", password=PASSWORD)
    codes = []

    def guess():
        with web.client(None) as client:
            codes.append(client.post("/login", data={"name": name, "password": "wrong"}).status_code)

    threads = [threading.Thread(target=guess) for _ in range(FAILURES_MAX + 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [401] * FAILURES_MAX + [429] * 4
    with web.client(None) as client:
        assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 429


def test_csv_holds_no_formula(web, visitor):
    with web.client() as api:
        api.post("/v1/products", json={"sku": "FORMULA-1", "name": "=1+1"})
    client, _ = visitor("read")
    answer = client.get("/stock.csv", params={"q": "FORMULA"})
    assert answer.text.splitlines()[1].startswith("FORMULA-1,'=1+1,")


def test_security_headers(web):
    with web.client(None) as client:
        policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
