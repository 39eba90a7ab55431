"""What only a socket can say."""

import json
import socket
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from server.serving import ADMIN_KEY


@pytest.fixture
def wire(server):
    address = urlsplit(server.base)
    with closing(socket.create_connection((address.hostname, address.port), timeout=10)) as connection:
        yield connection


def request(method: str, path: str, body: bytes = b"", *headers: str, length: bool = True) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: test", f"Authorization: Bearer {ADMIN_KEY}", *headers]
    if body:
        lines.append("Content-Type: application/json")
    if body and length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def answers(connection: socket.socket, count: int) -> list[tuple[int, dict[str, str], bytes]]:
    """So many answers, in order."""
    stream, found = connection.makefile("rb"), []
    with stream:
        for _ in range(count):
            status = int(stream.readline().split()[1])
            headers = {}
            while (line := stream.readline().strip()) != b"":
                name, _, value = line.decode().partition(": ")
                headers[name.lower()] = value
            found.append((status, headers, stream.read(int(headers["content-length"]))))
    return found


def test_pipelined_requests_are_answered_in_order(wire, shop):
    sku, warehouse = shop.stocked(9)
    bodies = [json.dumps({"lines": [{"sku": sku, "quantity": quantity}]}).encode() for quantity in (1, 99, 2)]
    wire.sendall(
        b"".join(request("POST", "/v1/reservations", body) for body in bodies)
        + request("GET", "/nothing")
        + request("GET", f"/v1/availability/{sku}")
    )
    found = answers(wire, 5)
    assert [status for status, _, _ in found] == [201, 409, 201, 404, 200]
    assert json.loads(found[4][2])["available"] == 6
    assert shop.level(sku, warehouse)["reserved"] == 3


def test_a_refused_body_leaves_the_connection_in_step(wire):
    wire.sendall(request("POST", "/v1/reservations", b"x" * 5_000_000) + request("GET", "/health/live"))
    assert [status for status, _, _ in answers(wire, 2)] == [413, 200]


def test_a_body_too_large_is_refused_before_it_has_come(wire):
    wire.sendall(request("POST", "/v1/reservations", b"{", "Content-Length: 5000000000", length=False))
    status, headers, _ = answers(wire, 1)[0]
    assert (status, headers["connection"]) == (413, "close")


def test_an_endless_chunked_body_is_refused_on_the_way(wire):
    wire.sendall(
        request("POST", "/v1/reservations", b"", "Content-Type: application/json", "Transfer-Encoding: chunked")
    )
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    for _ in range(80):  # 5 MB, and no end
        wire.sendall(chunk)
    assert answers(wire, 1)[0][0] == 413


def test_expect_continue_is_not_answered_for_what_is_refused(wire):
    wire.sendall(request("POST", "/v1/reservations", b"", "Content-Length: 9000000", "Expect: 100-continue"))
    assert answers(wire, 1)[0][0] == 413


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\x01\x02 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"HELLO\r\n\r\n",
        b"GET / HTTP/1.1\r\nBad Header: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200_000,
        b"GET /" + b"y" * 200_000,
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 40_000,
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    ],
    ids=range(11),
)
def test_what_is_not_http_is_a_problem_too(wire, garbage):
    try:
        wire.sendall(garbage)
    except (BrokenPipeError, ConnectionResetError):
        pytest.skip("the server has closed while we were still sending")
    status, headers, body = answers(wire, 1)[0]
    assert (status, headers["content-type"]) == (400, "application/problem+json")
    assert json.loads(body)["code"] == "MALFORMED_REQUEST"


def test_a_caller_that_leaves_in_the_middle_of_a_body_does_nothing(server, shop, wire):
    sku, warehouse = shop.stocked(5)
    held = shop.reserve(sku, 3)["reservation_id"]
    wire.sendall(
        request("POST", f"/v1/reservations/{held}/release", b"", "Content-Length: 2", "Content-Type: application/json")
    )
    wire.close()
    assert shop.level(sku, warehouse)["reserved"] == 3


def test_head_is_get_without_a_body(client):
    answer = client.head("/health/live")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(client.get("/health/live").content))


def test_every_answer_names_its_request(client):
    names = {client.get(path).headers["x-request-id"] for path in ("/health/live", "/v1/products", "/nothing", "/docs")}
    assert len(names) == 4
    assert all(name.startswith("req_") for name in names)


def test_metrics_tell_routes_not_paths(client, shop):
    sku, _ = shop.stocked(1)
    client.get(f"/v1/availability/{sku}")
    text = client.get("/metrics").text
    assert 'onhand_http_requests_total{method="GET",route="/v1/availability/{sku}",status="200"}' in text
    assert 'onhand_http_request_seconds_bucket{le="0.005",method="GET",route="/v1/availability/{sku}"}' in text
    assert "onhand_commands_total" in text
    assert sku not in text
