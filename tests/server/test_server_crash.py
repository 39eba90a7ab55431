"""kill -9 of PostgreSQL and of the server while orders pour in: every answered one is there, none twice (law 4)."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import httpx
import psycopg

from onhand.db.migrate import migrate
from onhand.embedded import server as embedded
from onhand.services import reconcile
from onhand.services.context import open_onhand
from server.serving import ADMIN_KEY, DEADLINE_S, Running, Shop, until
from support.crash import kill_postgres, own_home

CALLERS = 12


class Callers(threading.Thread):
    """Send one order after the other; an order without an answer is sent again with the same key until it has one."""

    def __init__(self, number: int, base: Callable[[], str], line: dict[str, object]) -> None:
        super().__init__()
        self.number = number
        self.base = base
        self.line = line
        self.answered: dict[str, str] = {}
        self.enough = threading.Event()

    def run(self) -> None:
        count = 0
        while not self.enough.is_set():
            count += 1
            order = f"SO-{self.number}-{count}"
            self.answered[order] = self.until_answered(order)

    def until_answered(self, order: str) -> str:
        while True:
            try:
                answer = httpx.post(
                    f"{self.base()}/v1/reservations",
                    json={"order_id": order, "lines": [self.line]},
                    headers={"Authorization": f"Bearer {ADMIN_KEY}", "Idempotency-Key": order},
                    timeout=DEADLINE_S,
                )
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if answer.status_code == 201:
                return str(answer.json()["reservation_id"])
            assert answer.status_code >= 500, answer.text
            time.sleep(0.05)


def test_everything_answered_survives_kill_9_of_postgresql_and_of_the_server() -> None:
    with own_home() as home, ExitStack() as held:
        url = held.enter_context(embedded.start(home)).url
        migrate(url)
        running = held.enter_context(Running(url, workers=2))
        with running.client() as client:
            sku, warehouse = Shop(client).stocked(1_000_000)
        line = {"sku": sku, "quantity": 2, "warehouse": warehouse}
        callers = [Callers(number, lambda: running.base, line) for number in range(CALLERS)]
        for caller in callers:
            held.callback(caller.enough.set)
            caller.start()

        def more_answers(by: int = 150) -> None:
            reached = sum(len(caller.answered) for caller in callers) + by
            until(lambda: sum(len(caller.answered) for caller in callers) >= reached, f"{by} more answers")

        def kill_server() -> None:
            os.killpg(running.process.pid, signal.SIGKILL)
            running.process.wait()

        more_answers()
        kill_postgres(home)
        held.enter_context(embedded.start(home))
        more_answers()
        kill_server()
        running = held.enter_context(Running(url, workers=2))
        more_answers()
        kill_postgres(home)
        kill_server()
        held.enter_context(embedded.start(home))
        running = held.enter_context(Running(url, workers=2))
        more_answers()
        for caller in callers:
            caller.enough.set()
        for caller in callers:
            caller.join(DEADLINE_S)
        assert running.stop() == 0
        answered = {order: reservation for caller in callers for order, reservation in caller.answered.items()}
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT order_id, reservation_id::text FROM reservation").fetchall()
            reserved = connection.execute("SELECT reserved FROM level").fetchall()
        assert sorted(found) == sorted(answered.items())
        assert reserved == [(2 * len(answered),)]
        assert asyncio.run(proved(url)).differences == []


async def proved(url: str) -> reconcile.Report:
    async with open_onhand(url) as onhand:
        return await reconcile.run(onhand)
