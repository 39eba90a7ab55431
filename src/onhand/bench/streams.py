"""Streams of requests beside each other: reads in a closed or an open loop, and reservations at a rate.

Closed loop: each connection asks when it was answered; finds the ceiling. Open loop: requests come at their own times
whether the server keeps up or not, and latency counts from the moment a request should have been sent.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from onhand.bench.connection import Connection, connect

DRAIN_MAX_S = 10.0
TICK_S = 0.001  # uvloop rounds shorter pauses to none, and the generator would take a processor from the server
BAD = 300
clock = time.perf_counter


class Measured(NamedTuple):
    """per_s: answers per second of the window. latencies in seconds; failed: answered with an error, or not at all."""

    per_s: float
    latencies_s: list[float]
    failed: int


class Stream:
    """One kind of request, over connections of its own."""

    def __init__(self, make: Callable[[int], bytes]) -> None:
        self._make = make
        self._until = 0.0
        self._next = 0
        self._intended: dict[int, float] = {}
        self._latencies_s: list[float] = []
        self._opened: list[Connection] = []
        self._idle: list[Connection] = []
        self._late: deque[int] = deque()
        self._again = False
        self.good = 0
        self.failed = 0

    async def closed(self, port: int, connections: int, seconds: float) -> Measured:
        """As fast as so many connections can."""
        self._opened = await connect(lambda: Connection(self), port, connections)
        began = clock()
        self._until, self._again = began + seconds, True
        for connection in self._opened:
            self._send(connection, clock())
        await asyncio.sleep(seconds)
        return await self._ended(began)

    async def open(self, port: int, connections: int, seconds: float, per_s: float) -> Measured:
        """At its own times, on average per_s (Poisson: a crowd does not keep step)."""
        self._opened = await connect(lambda: Connection(self), port, connections)
        self._idle, dice = list(self._opened), random.Random(7)  # noqa: S311
        began = due = clock()
        self._until = began + seconds
        while (due := due + dice.expovariate(per_s)) < self._until:
            while (wait_s := due - clock()) > 0:  # noqa: ASYNC110  it is the clock that is waited for
                await asyncio.sleep(max(wait_s, TICK_S))
            if self._idle:
                self._send(self._idle.pop(), due)
            else:
                self._intended[self._next] = due
                self._late.append(self._next)
                self._next += 1
        return await self._ended(began)

    def _alive(self) -> bool:
        return any(each.transport is not None for each in self._opened)

    def close(self) -> None:
        """At once, whatever is under way."""
        self._again = False
        for connection in self._opened:
            if connection.transport is not None:
                connection.transport.abort()

    async def _ended(self, began: float) -> Measured:
        per_s = len(self._latencies_s) / (clock() - began)
        self._again, until = False, clock() + DRAIN_MAX_S
        while self._intended and clock() < until and self._alive():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        self.close()
        await asyncio.sleep(0)
        return Measured(per_s, self._latencies_s, self.failed + len(self._late))

    def answered(self, connection: Connection, number: int, status: int, body: bytes) -> None:
        del body
        now = clock()
        self._latencies_s.append(now - self._intended.pop(number))
        self.good += status < BAD
        self.failed += status >= BAD
        if self._again:
            if now < self._until:
                self._send(connection, now)
        elif self._late:
            late = self._late.popleft()
            connection.send(late, self._make(late))
        else:
            self._idle.append(connection)

    def lost(self, connection: Connection, numbers: list[int]) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
        self.failed += len(numbers)
        for number in numbers:
            del self._intended[number]

    def _send(self, connection: Connection, intended: float) -> None:
        number = self._next
        self._next += 1
        self._intended[number] = intended
        connection.send(number, self._make(number))


def in_turn(requests: Sequence[bytes]) -> Callable[[int], bytes]:
    """Again from the first after the last."""
    return lambda number: requests[number % len(requests)]
