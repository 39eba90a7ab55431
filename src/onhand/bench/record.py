"""What a run is told and what it tells: files of MessagePack between the bench and the processes it starts."""

from typing import Literal

import msgspec

from onhand.bench.workload import Shape, Workload

Step = Literal["reserve", "fulfill", "release", "read"]
# unknown: sent, and no answer came (it may have happened). dropped: never sent, the queue before it was too long.
Verdict = Literal["accepted", "refused", "failed", "unknown", "dropped"]


class Answer(msgspec.Struct, array_like=True, gc=False):
    """One answer as it came. Times in seconds of the process's clock; latency counts from the intended start."""

    order: int
    step: Step
    verdict: Verdict
    intended: float
    done: float
    code: str = ""
    reservation: str = ""
    units: int = 0  # of a read: what was said to be available

    @property
    def latency_s(self) -> float:
        return self.done - self.intended


class Spec(msgspec.Struct, kw_only=True):
    """One run. rate: arrivals per second (None: closed loop, the next when the last is answered).

    speed: of real orders, how many times as fast they come as they came.
    """

    run: str  # the first part of every order id and Idempotency-Key
    url: str
    shape: Shape
    workload: Workload
    count: int  # orders at most
    seconds: float
    warmup_s: float = 1.0
    connections: int = 64  # in flight at once, times depth
    depth: int = 1
    rate: float | None = None
    speed: float | None = None
    poisson: bool = True
    port: int = 0
    authorization: str = ""
    per_request: int = 1
    steps: tuple[Step, ...] = ("reserve",)
    follow: tuple[str, ...] = ()  # reservation ids to fulfil or release
    pids: dict[str, int] = {}  # whose processor time to tell


class Result(msgspec.Struct, kw_only=True):
    """window: first and last moment that count for figures, after the warm-up; cpu_s: seconds within it."""

    answers: list[Answer]
    window: tuple[float, float]
    cpu_s: dict[str, float]
    dropped: int = 0


def order_id(run: str, order: int) -> str:
    return f"{run}-{order}"


def order_number(run: str, named: str) -> int | None:
    """Which order of the run this is; None for others."""
    first, _, number = named.rpartition("-")
    return int(number) if first == run and number.isdecimal() else None
