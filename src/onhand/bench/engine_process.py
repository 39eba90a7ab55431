"""The engine without the wire: a process that submits orders to an Engine of its own. python -m … SPEC RESULT"""

import asyncio
import gc
import itertools
import os
import sys
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import msgspec
import uvloop

from onhand.bench.cpu import Meter
from onhand.bench.names import bench_id
from onhand.bench.record import Answer, Result, Spec, order_id
from onhand.bench.workload import HOLD_S, Order, orders, ship_to
from onhand.domain.commands import Header, Reserve, ReserveLine, ShipTo
from onhand.domain.errors import DomainError, OutcomeUnknown, Overloaded, Unavailable
from onhand.domain.ids import Id
from onhand.domain.outcomes import ReservationDone
from onhand.engine.engine import Engine, new_id
from onhand.engine.job import Key
from onhand.services.context import open_onhand

ACTOR = "key:bench"
COLLECT = (50_000, 20, 50)  # as the server's workers have it


def main() -> None:
    """Run what the first file says, write what happened to the second."""
    spec = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Spec)
    result = uvloop.run(_run(spec))
    Path(sys.argv[2]).write_bytes(msgspec.msgpack.encode(result))


async def _run(spec: Spec) -> Result:
    wanted = orders(spec.workload, spec.shape, spec.count)
    gc.collect()
    gc.freeze()  # The orders are the bench's: the engine's collector need not walk them.
    gc.set_threshold(*COLLECT)
    async with open_onhand(spec.url, pool_size=2) as onhand:
        return await _Closed(spec, wanted, onhand.engine).run()


class _Closed:
    """So many submitters, each with one order under way."""

    def __init__(self, spec: Spec, wanted: list[Order], engine: Engine) -> None:
        self._spec = spec
        self._wanted = wanted
        self._engine = engine
        self._numbers = itertools.count()
        self._answers: list[Answer] = []
        self._until = float("inf")

    async def run(self) -> Result:
        clock = time.perf_counter
        meter = Meter({**self._spec.pids, "engine": os.getpid()})
        began = clock()
        self._until = began + self._spec.warmup_s + self._spec.seconds
        submitters = [
            asyncio.create_task(self._submit(clock)) for _ in range(self._spec.connections * self._spec.depth)
        ]
        await asyncio.sleep(self._spec.warmup_s)
        meter.start()
        first = clock()
        await asyncio.wait(submitters, timeout=self._spec.seconds)
        cpu_s = meter.stop()
        last = min(clock(), self._until)
        await asyncio.gather(*submitters)
        return Result(answers=self._answers, window=(first, last), cpu_s=cpu_s)

    async def _submit(self, clock: Callable[[], float]) -> None:
        answers, wanted, engine = self._answers, self._wanted, self._engine
        while (number := next(self._numbers)) < len(wanted) and (began := clock()) < self._until:
            try:
                answer = await engine.submit(*_command(self._spec, number, wanted[number]))
            except (OutcomeUnknown, Unavailable, Overloaded) as error:
                verdict: str = "unknown" if isinstance(error, OutcomeUnknown) else "failed"
                answers.append(Answer(number, "reserve", verdict, began, clock(), error.code))  # type: ignore[arg-type]
            except DomainError as error:
                answers.append(Answer(number, "reserve", "refused", began, clock(), error.code))
            else:
                done = answer.verdict
                held = str(done.reservation.reservation_id) if isinstance(done, ReservationDone) else ""
                answers.append(Answer(number, "reserve", "accepted", began, clock(), "", held))


def _command(spec: Spec, number: int, order: Order) -> tuple[Reserve, Key]:
    """As services.reservations makes it of a request."""
    named = order_id(spec.run, number)
    routed = spec.workload.routed
    lines = tuple(
        ReserveLine(
            bench_id("product", line.product), line.quantity, None if routed else bench_id("warehouse", line.warehouse)
        )
        for line in order
    )
    latitude, longitude = ship_to(number) if routed else (None, None)
    there = ShipTo(latitude, longitude, precision="coordinates") if routed else None
    digest = Id(blake2b(f"{ACTOR}\0{named}".encode(), digest_size=16).digest())
    return Reserve(Header(new_id(), ACTOR), lines, order_id=named, ship_to=there, expires_in_s=HOLD_S), Key(
        digest, digest
    )


if __name__ == "__main__":
    main()
