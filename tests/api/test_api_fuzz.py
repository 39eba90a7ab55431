"""The lane of the hot routes is ours: whatever bytes come, in whatever pieces, it answers as the usual way does."""

import json
import random
import socket
import time
from contextlib import closing, suppress
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.serving import ADMIN_KEY

HEAD = f"Host: test\r\nAuthorization: Bearer {ADMIN_KEY}\r\n"
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def post(path: str, body: bytes, *headers: str, chunks: int = 0) -> bytes:
    lines = "".join(f"{header}\r\n" for header in ("Content-Type: application/json", *headers))
    if not chunks:
        return f"POST {path} HTTP/1.1\r\n{HEAD}{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body
    size = max(1, len(body) // chunks)
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    sent = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return f"POST {path} HTTP/1.1\r\n{HEAD}{lines}Transfer-Encoding: chunked\r\n\r\n".encode() + sent + b"0\r\n\r\n"


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\n{HEAD}\r\n".encode()


def known(sku: str) -> dict[str, tuple[bytes, int]]:
    """Requests by name, hot and others mixed, with the status that each has alone."""
    order = json.dumps({"lines": [{"sku": sku, "quantity": 1}]}).encode()
    too_many = json.dumps({"lines": [{"sku": sku, "quantity": 2_000_000_000}]}).encode()
    many = json.dumps({"reservations": [{"lines": [{"sku": sku, "quantity": 1}]}] * 3}).encode()
    nobody = "/v1/reservations/01a20bf0-98c1-7676-a713-6250aa7e5cde"
    return {
        "order": (post("/v1/reservations", order), 201),
        "order in chunks": (post("/v1/reservations", order, chunks=4), 201),
        "order too large": (post("/v1/reservations", too_many), 409),
        "batch": (post("/v1/reservations/batch", many), 200),
        "no JSON": (post("/v1/reservations", b'{"lines": ['), 400),
        "unknown field": (post("/v1/reservations", b'{"lines": [], "nonsense": 1}'), 422),
        "no such SKU": (post("/v1/reservations", b'{"lines": [{"sku": "NO-SUCH", "quantity": 1}]}'), 422),
        "bad key": (post("/v1/reservations", order, "Idempotency-Key: with space"), 422),
        "text": (post("/v1/reservations", order).replace(b"application/json", b"text/plain; x=y"), 415),
        "release of nothing": (post(f"{nobody}/release", b""), 404),
        "fulfill of nothing": (post(f"{nobody}/fulfill", b"{}"), 404),
        "available": (get(f"/v1/availability/{sku}"), 200),
        "unknown": (get("/v1/availability/NO-SUCH"), 404),
        "no route": (get("/nothing"), 404),
        "alive": (get("/health/live"), 200),
        "stranger": (post("/v1/reservations", order).replace(ADMIN_KEY.encode(), b"x" * 20), 401),
    }


NAMES = sorted(known("x"))


@pytest.fixture(scope="module")
def requests(shop) -> dict[str, tuple[bytes, int]]:
    return known(shop.stocked(1_000_000)[0])


def connect(server) -> socket.socket:
    address = urlsplit(server.base)
    made = socket.create_connection((address.hostname, address.port), timeout=20)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def statuses(connection: socket.socket, count: int) -> list[int]:
    found = []
    with connection.makefile("rb") as stream:
        for _ in range(count):
            found.append(int(stream.readline().split()[1]))
            length = 0
            while (line := stream.readline().strip().lower()) != b"":
                if line.startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            stream.read(length)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_each_alone(server, requests, name):
    request, status = requests[name]
    with closing(connect(server)) as connection:
        connection.sendall(request)
        assert statuses(connection, 1) == [status]


@FUZZ
@given(names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=12), seed=st.integers(0, 2**32))
def test_any_sequence_in_any_pieces_is_answered_in_order(server, requests, names, seed):
    dice = random.Random(seed)
    sent = b"".join(requests[name][0] for name in names)
    cuts = sorted(dice.sample(range(1, len(sent)), min(dice.randrange(6), len(sent) - 1)))
    with closing(connect(server)) as connection:
        for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
            connection.sendall(sent[start:end])
            time.sleep(dice.choice((0, 0, 0.002)))
        assert statuses(connection, len(names)) == [requests[name][1] for name in names]


@FUZZ
@given(
    names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=4),
    changes=st.lists(
        st.tuples(st.integers(0, 10**6), st.sampled_from(["change", "drop", "insert"]), st.binary(max_size=3))
    ),
)
def test_whatever_is_sent_nothing_breaks(server, requests, names, changes):
    """Bytes changed, dropped and put in: an answer below 500, or a closed connection; and the next one is served."""
    sent = bytearray(b"".join(requests[name][0] for name in names))
    for at, how, data in changes:
        place = at % (len(sent) + 1)
        sent[place : place + (0 if how == "insert" else max(1, len(data)))] = b"" if how == "drop" else data
    with closing(connect(server)) as connection:
        connection.settimeout(0.3)
        connection.sendall(bytes(sent))
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        told = b""
        with suppress(OSError):
            while part := connection.recv(65_536):
                told += part
    codes = [int(line.split()[1]) for line in told.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    assert all(100 <= code < 500 for code in codes), told[:2_000]
    with closing(connect(server)) as connection:
        connection.sendall(requests["alive"][0])
        assert statuses(connection, 1) == [200]
