"""The processes: how they start, answer, die and end."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from contextlib import closing

import httpx
import psycopg
import pytest

from server.serving import ADMIN_KEY, Running, Shop, unique, until


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A killed child of a container's first process may wait as a zombie for ever.
    return "Z" not in subprocess.check_output(["ps", "-o", "stat=", "-p", str(pid)], text=True)


def refuses(base: str) -> bool:
    try:
        httpx.get(f"{base}/health/live", timeout=1)
    except httpx.TransportError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_and_without_a_word(fresh_database_url, number):
    with Running(fresh_database_url, workers=2) as running:
        pids = running.children("worker") + running.children("jobs")
        assert len(pids) == 3
        began = time.monotonic()
        assert running.stop(number) == 0
        assert time.monotonic() - began < 10
        assert not any(alive(pid) for pid in pids)
        assert refuses(running.base)
        assert "Traceback" not in running.log()
        assert running.log() == ""


@pytest.mark.parametrize("after_s", [0, 0.05, 0.2, 0.5])
def test_ctrl_c_reaches_the_whole_group_and_hurts_nobody(fresh_database_url, after_s):
    """Some processes are still on their way up then."""
    with Running(fresh_database_url, workers=3) as running:
        time.sleep(after_s)
        os.killpg(running.process.pid, signal.SIGINT)
        assert running.process.wait(15) == 0
        assert running.log() == ""


def test_a_second_ctrl_c_stops_it_hard(fresh_database_url):
    with Running(fresh_database_url) as running, running.client() as client, open_request(running):
        shop = Shop(client)
        shop.product()
        running.process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert running.process.poll() is None, "it waits for the request under way"
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(3) == 130
        assert "Traceback" not in running.log()


def open_request(running: Running) -> closing:
    """A connection whose request has begun and does not end."""
    host, port = running.base.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)))
    key = f"Authorization: Bearer {ADMIN_KEY}".encode()
    connection.sendall(b"POST /v1/receipts HTTP/1.1\r\nHost: x\r\n" + key + b"\r\nContent-Length: 10\r\n\r\n{")
    time.sleep(0.2)
    return closing(connection)


def test_sigterm_finishes_what_was_accepted(fresh_database_url):
    """Every request that was under way is answered, and every answer of success is in the database."""
    with Running(fresh_database_url, workers=2) as running:
        with running.client() as client:
            sku, warehouse = Shop(client).stocked(1_000_000)
        done, broken, lock = [], [], threading.Lock()

        def sell() -> None:
            with running.client() as client:
                while True:
                    body = {"lines": [{"sku": sku, "quantity": 1, "warehouse": warehouse}]}
                    try:
                        answer = client.post("/v1/reservations", json=body)
                    except httpx.ConnectError:
                        return  # It accepts nothing any more.
                    except httpx.TransportError as error:
                        with lock:
                            broken.append(error)
                        return
                    with lock:
                        done.append(answer.status_code)

        threads = [threading.Thread(target=sell) for _ in range(16)]
        for thread in threads:
            thread.start()
        until(lambda: len(done) > 100, "100 orders")
        assert running.stop() == 0
        for thread in threads:
            thread.join()
    with psycopg.connect(fresh_database_url) as connection:
        reserved = connection.execute("SELECT reserved FROM level").fetchone()[0]
    assert set(done) == {201}
    # A keep-alive connection may be closed just as its next request is on the way: that one is told nothing, and then
    # nothing has happened. What was read is answered.
    assert reserved == len(done), broken


def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost(fresh_database_url):
    with Running(fresh_database_url, workers=2) as running:
        with running.client() as client:
            sku, warehouse = Shop(client).stocked(1_000_000)
        stop, confirmed, lock = threading.Event(), set(), threading.Lock()

        def sell() -> None:
            client = running.client()
            while not stop.is_set():
                key = unique("KEY")
                body = {"lines": [{"sku": sku, "quantity": 1, "warehouse": warehouse}]}
                while True:  # as a caller should: the same key until there is an answer
                    try:
                        answer = client.post("/v1/reservations", json=body, headers={"Idempotency-Key": key})
                        break
                    except httpx.TransportError:
                        client.close()
                        client = running.client()
                assert answer.status_code == 201, answer.text
                with lock:
                    confirmed.add(answer.json()["reservation_id"])
            client.close()

        threads = [threading.Thread(target=sell) for _ in range(8)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            before = set(running.children("worker"))
            sold = len(confirmed)
            until(lambda sold=sold: len(confirmed) > sold + 50, "orders")
            os.kill(min(before), signal.SIGKILL)
            until(lambda before=before: len(set(running.children("worker")) - before) == 1, "a new worker")
        stop.set()
        for thread in threads:
            thread.join()
        with running.client() as client:
            assert Shop(client).level(sku, warehouse)["reserved"] == len(confirmed)
            assert client.post("/v1/reconciliation").json()["clean"]
        assert "process_died" in running.log()
        assert running.stop() == 0


def test_jobs_that_are_killed_are_replaced(fresh_database_url):
    with Running(fresh_database_url) as running:
        (before,) = running.children("jobs")
        os.kill(before, signal.SIGKILL)
        until(lambda: running.children("jobs") not in ([], [before]), "new jobs")


def test_holds_run_out_by_themselves(fresh_database_url):
    with Running(fresh_database_url) as running, running.client() as client:
        shop = Shop(client)
        sku, warehouse = shop.stocked(1)
        held = shop.reserve(sku, 1, expires_in_s=1)["reservation_id"]
        until(lambda: client.get(f"/v1/reservations/{held}").json()["status"] == "expired", "expiry")
        assert shop.level(sku, warehouse)["reserved"] == 0


def test_nobody_survives_a_killed_supervisor(fresh_database_url):
    with Running(fresh_database_url, workers=2) as running:
        pids = running.children("worker") + running.children("jobs")
        running.process.kill()
        running.process.wait()
        until(lambda: not any(alive(pid) for pid in pids), "the end of the children")
        assert refuses(running.base)


def test_a_busy_port_is_a_clear_refusal(fresh_database_url):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        running = Running(fresh_database_url, port=port)
        said = running.said()
        running.__exit__()
        assert said == f"refused: Port {port} of 127.0.0.1 is in use; name another with --port or ONHAND_PORT."


def test_without_a_port_the_next_free_one_is_taken(fresh_database_url):
    with Running(fresh_database_url, port=None) as first, Running(fresh_database_url, port=None) as second:
        ports = [int(running.base.rpartition(":")[2]) for running in (first, second)]
        assert 8000 <= ports[0] < ports[1] < 8100


def test_a_database_without_migrations_is_refused(empty_database_url):
    running = Running(empty_database_url)
    said = running.said()
    running.__exit__()
    assert said.startswith("refused: The database lacks migrations (0001.stock")


def test_a_database_that_is_not_there_is_refused():
    running = Running("postgresql://nobody@127.0.0.1:1/nothing")
    said = running.said()
    running.__exit__()
    assert said.startswith("refused: The database cannot be reached: ")


def test_metrics_sum_over_all_processes(fresh_database_url):
    with Running(fresh_database_url, workers=3) as running:
        for _ in range(60):
            assert httpx.get(f"{running.base}/health/live").status_code == 200
        text = httpx.get(f"{running.base}/metrics").text
        assert 'onhand_http_requests_total{method="GET",route="/health/live",status="200"} 60.0' in text


def test_not_ready_while_the_database_is_away(postgres, fresh_database_url):
    with Running(fresh_database_url) as running, running.client() as client:
        assert client.get("/health/ready").status_code == 200
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            name = fresh_database_url.rpartition("/")[2].partition("?")[0]
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            answer = client.get("/health/ready")
            assert (answer.status_code, answer.json()["code"]) == (503, "DATABASE_UNAVAILABLE")
            assert answer.headers["retry-after"]
            assert client.get("/health/live").status_code == 200
            refused = client.get("/v1/products")
            assert (refused.status_code, refused.json()["code"]) == (503, "DATABASE_UNAVAILABLE")
            assert refused.headers["retry-after"]
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        until(lambda: client.get("/health/ready").status_code == 200, "readiness")
        Shop(client).stocked(1)
        assert running.stop() == 0


def test_the_log_is_json_names_the_request_and_hides_the_key(fresh_database_url):
    with Running(fresh_database_url) as running:
        with running.client("a-wrong-secret-key") as client:
            answer = client.get("/v1/products")
        assert running.stop() == 0
        lines = [json.loads(line) for line in running.log().splitlines()]
        assert [line["request_id"] for line in lines] == [answer.headers["x-request-id"]]
        assert "a-wrong-secret-key" not in running.log()


def test_open_product_pages_do_not_delay_the_end(fresh_database_url):
    with Running(fresh_database_url) as running, running.client() as client:
        sku, _ = Shop(client).stocked(5)
        with client.stream("GET", "/v1/availability/stream", params={"skus": sku}) as page:
            lines = page.iter_lines()
            assert next(lines).startswith("data: ")
            began = time.monotonic()
            running.process.terminate()
            assert not "".join(lines), "it ends as a whole answer does"
            assert running.process.wait(15) == 0
            assert time.monotonic() - began < 3
        assert "Traceback" not in running.log()
