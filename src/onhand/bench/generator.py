"""Load on a server: a process that sends requests and keeps every answer. python -m onhand.bench.generator SPEC RESULT

Closed loop: each connection sends when it was answered; finds the ceiling. Open loop: arrivals come at their own times
whether the server keeps up or not, and latency counts from the moment a request should have been sent.
"""

import asyncio
import gc
import os
import random
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import uvloop

from onhand.bench import requests
from onhand.bench.connection import Connection, connect
from onhand.bench.cpu import Meter
from onhand.bench.record import Answer, Result, Spec, Step
from onhand.bench.requests import Requests
from onhand.bench.workload import Order, orders, real_orders

WAITING_MAX = 20_000  # arrivals that no connection was free for; more are dropped, and counted
DRAIN_S = 30.0
TICK_S = 0.001  # uvloop rounds shorter pauses to none, and we would take a processor from the server
REPEATED = 200  # accepted orders that are sent once more at the end: the first outcome must come again
SETUP_PER_REQUEST = 200
clock = time.perf_counter


class Ask(NamedTuple):
    """A request and what it is about: order numbers first to first + orders."""

    request: bytes
    first: int
    step: Step
    orders: int = 1


class Reply(NamedTuple):
    ask: Ask
    intended: float
    done: float
    status: int  # 0: the connection was lost
    body: bytes


Follow = Callable[[Ask, int, bytes], Ask | None]


class Traffic:
    """Sends a list of requests over a set of connections, closed or open loop, for a time."""

    def __init__(self, spec: Spec, asks: list[Ask], follow: Follow | None = None) -> None:
        self._spec = spec
        self._asks = asks
        self._sendable = len(asks)  # what follows from answers comes after these in the list
        self._follow = follow
        self._next = 0
        self._until = float("inf")
        self._intended: dict[int, float] = {}
        self._idle: list[Connection] = []
        self._late: deque[int] = deque()
        self._over = asyncio.Event()
        self._open_loop = False
        self._connections: list[Connection] = []
        self.replies: list[Reply] = []
        self.dropped: list[int] = []

    async def run(
        self, meter: Meter | None = None, *, seconds: float | None = None
    ) -> tuple[float, float, dict[str, float]]:
        """Send for warm-up and seconds, or until all is sent; returns the window and the processor time in it."""
        spec = self._spec
        self._connections = await connect(lambda: Connection(self), spec.port, spec.connections)
        began = clock()
        warmup_s = spec.warmup_s if meter else 0.0
        self._until = began + warmup_s + (spec.seconds if seconds is None else seconds)
        self._open_loop = meter is not None and not (spec.rate is None and spec.speed is None)
        if self._open_loop:
            self._idle = list(self._connections)
            sending = asyncio.create_task(self._arrive(began))
        else:
            sending = asyncio.create_task(self._over.wait())  # type: ignore[arg-type]
            for connection in self._connections:
                for _ in range(spec.depth):
                    self._send_next(connection)
        if meter:
            await asyncio.wait([sending], timeout=warmup_s)
            meter.start()
        first = clock()
        await asyncio.wait([sending], timeout=max(0.0, self._until - clock()))
        used = meter.stop() if meter else {}
        last = min(clock(), self._until)
        await asyncio.wait([asyncio.create_task(self._drained())], timeout=DRAIN_S)
        sending.cancel()
        for connection in self._connections:
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)
        return first, last, used

    async def _drained(self) -> None:
        while self._late or any(connection.in_flight for connection in self._connections):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    def _send_next(self, connection: Connection) -> None:
        number = self._next
        now = clock()
        if number >= self._sendable or now >= self._until:
            if all(not each.in_flight for each in self._connections):
                self._over.set()
            return
        self._next = number + 1
        self._intended[number] = now
        connection.send(number, self._asks[number].request)

    async def _arrive(self, began: float) -> None:
        """Each arrival at its time; those that came due while we slept go out at once, and their latency tells."""
        for number, after_s in zip(range(len(self._asks)), arrivals(self._spec), strict=False):
            due = began + after_s
            if due >= self._until:
                return
            while (wait_s := due - clock()) > 0:  # noqa: ASYNC110  it is the clock that is waited for
                await asyncio.sleep(max(wait_s, TICK_S))
            self._intended[number] = due
            if self._idle:
                self._idle.pop().send(number, self._asks[number].request)
            elif len(self._late) < WAITING_MAX:
                self._late.append(number)
            else:
                self.dropped.append(number)

    def answered(self, connection: Connection, number: int, status: int, body: bytes) -> None:
        ask = self._asks[number]
        self.replies.append(Reply(ask, self._intended.pop(number), clock(), status, body))
        if self._follow is not None and (further := self._follow(ask, status, body)) is not None:
            number = len(self._asks)
            self._asks.append(further)
            self._intended[number] = clock()
            connection.send(number, further.request)
        elif not self._open_loop:
            self._send_next(connection)
        elif self._late:
            late = self._late.popleft()
            connection.send(late, self._asks[late].request)
        else:
            self._idle.append(connection)

    def lost(self, connection: Connection, numbers: list[int]) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
        for number in numbers:
            self.replies.append(Reply(self._asks[number], self._intended.pop(number), clock(), 0, b""))


def arrivals(spec: Spec) -> Iterator[float]:
    """When each order comes, in seconds after the start."""
    if spec.speed is not None:
        yield from (order.at_s / spec.speed for order in real_orders(spec.workload.file))
        return
    rate, after_s = spec.rate or 1.0, 0.0
    dice = random.Random(spec.workload.seed)  # noqa: S311
    while True:
        after_s += dice.expovariate(rate) if spec.poisson else 1 / rate
        yield after_s


def read(replies: Sequence[Reply]) -> list[Answer]:
    """What the replies say."""
    answers: list[Answer] = []
    for ask, intended, done, status, body in replies:
        if ask.step == "reserve" and ask.orders > 1:
            answers += requests.read_many(ask.first, ask.orders, intended, done, status, body)
        else:
            answers.append(requests.read(ask.first, ask.step, intended, done, status, body))
    return answers


async def run(spec: Spec) -> Result:
    """One run with what must come before and after it."""
    made = Requests(spec)
    wanted = orders(spec.workload, spec.shape, spec.count)
    before: list[Answer] = []
    follow: Follow | None = None
    if "reserve" in spec.steps:
        asks = _reserve(made, wanted, spec.per_request)
        if len(spec.steps) > 1:
            follow = Mixed(spec, made, wanted).follow
    else:
        before = await _set_up(spec, made, wanted)
        held = {answer.order: answer.reservation for answer in before if answer.verdict == "accepted"}
        asks = _ends(spec, made, held)
    gc.collect()
    gc.disable()  # Nothing here is cyclic, and a pause of ours would count as the server's.
    traffic = Traffic(spec, asks, follow)
    meter = Meter({**spec.pids, "generator": os.getpid()})
    first, last, cpu_s = await traffic.run(meter)
    answers = read(traffic.replies)
    again = await _again(spec, made, wanted, answers)
    return Result(answers=[*before, *answers, *again], window=(first, last), cpu_s=cpu_s, dropped=len(traffic.dropped))


class Mixed:
    """What a shop does after an order: looks at stock, ships, or takes the order back. Told by the order's number."""

    def __init__(self, spec: Spec, made: Requests, wanted: Sequence[Order]) -> None:
        self._spec, self._made, self._wanted = spec, made, wanted

    def follow(self, ask: Ask, status: int, body: bytes) -> Ask | None:
        """Of six accepted orders four are shipped and one is taken back; the stock of each is looked at."""
        number = ask.first
        if ask.step == "reserve" and status in requests.ACCEPTED:
            step: Step = "read"
            match number % 6:
                case 0 | 1 | 2 | 3:
                    step = "fulfill"
                case 4:
                    step = "release"
            if step not in self._spec.steps or step == "read":
                return Ask(self._made.read(self._wanted[number]), number, "read")
            held = requests.reservation_of(body)
            return Ask(self._made.end(step, number, held), number, step)
        if ask.step in ("fulfill", "release") and "read" in self._spec.steps:
            return Ask(self._made.read(self._wanted[number]), number, "read")
        return None


def _reserve(made: Requests, wanted: Sequence[Order], per_request: int) -> list[Ask]:
    if per_request == 1:
        return [Ask(made.reserve(number, order), number, "reserve") for number, order in enumerate(wanted)]
    return [
        Ask(made.reserve_many(first, part), first, "reserve", len(part))
        for first in range(0, len(wanted), per_request)
        if (part := wanted[first : first + per_request])
    ]


async def _set_up(spec: Spec, made: Requests, wanted: Sequence[Order]) -> list[Answer]:
    """Reservations to fulfil and release, made before the clock starts."""
    asks = _reserve(made, wanted, SETUP_PER_REQUEST)
    eight = msgspec.structs.replace(spec, connections=8, depth=1)
    traffic = Traffic(eight, asks)
    await traffic.run(seconds=600.0)
    return read(traffic.replies)


def _ends(spec: Spec, made: Requests, held: dict[int, str]) -> list[Ask]:
    return [
        Ask(made.end(step, number, held[number]), number, step)
        for n, number in enumerate(sorted(held))
        if (step := spec.steps[n % len(spec.steps)])
    ]


async def _again(spec: Spec, made: Requests, wanted: Sequence[Order], answers: Sequence[Answer]) -> list[Answer]:
    """The same keys and bodies once more: the audit sees whether another reservation came of it."""
    accepted = [answer.order for answer in answers if answer.step == "reserve" and answer.verdict == "accepted"]
    chosen = accepted[:: max(1, len(accepted) // REPEATED)]
    traffic = Traffic(spec, [Ask(made.reserve(number, wanted[number]), number, "reserve") for number in chosen])
    await traffic.run(seconds=60.0)
    return read(traffic.replies)


def main() -> None:
    """Run what the first file says, write what happened to the second."""
    spec = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Spec)
    Path(sys.argv[2]).write_bytes(msgspec.msgpack.encode(uvloop.run(run(spec))))


if __name__ == "__main__":
    main()
