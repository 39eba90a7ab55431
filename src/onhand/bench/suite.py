"""The table: every measurement of the product in one go."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import msgspec

from onhand.bench.baseline import Where
from onhand.bench.loading import Loaded
from onhand.bench.measure import Bench, Plan, Row, measure
from onhand.bench.record import Spec, Step
from onhand.bench.served import serving, warm
from onhand.bench.workload import Workload

PER_S_MAX = 30_000  # orders made ready for each second: more than any target takes
ENGINE_IN_FLIGHT = 1_024
HTTP_CONNECTIONS = 256


class Suite(msgspec.Struct, kw_only=True):
    """What a session measured, and on what."""

    levels: int
    processors: int
    settings: dict[str, str]
    durable: bool
    loaded: Loaded | None
    rows: list[Row]

    @property
    def clean(self) -> bool:
        return all(row.clean for row in self.rows)


def spec(bench: Bench, workload: Workload, run: str, **more: object) -> Spec:
    """A run of the bench's length."""
    return Spec(
        run=run,
        url=bench.url,
        shape=bench.shape,
        workload=workload,
        count=int(PER_S_MAX * (bench.run_s + bench.warmup_s)),
        seconds=bench.run_s,
        warmup_s=bench.warmup_s,
        pids=bench.pids,
        port=bench.port,
        authorization=bench.authorization,
        **more,  # type: ignore[arg-type]
    )


def engine_plans(bench: Bench) -> list[Plan]:
    """Engine.submit in process, with idempotency keys and holds."""
    of = partial(_engine, bench)
    return [
        of("engine spread", Workload(), goal=6.0),
        of("engine hot", Workload(spread="hot"), textbook="hot", goal=25.0),
        of("engine routed", Workload(routed=True)),
        of("engine 3 lines", Workload(lines=3)),
    ]


def _engine(bench: Bench, name: str, workload: Workload, **more: object) -> Plan:
    return Plan(
        name=name,
        make=lambda run: spec(bench, workload, run, connections=ENGINE_IN_FLIGHT),
        **more,  # type: ignore[arg-type]
    )


def http_plans(bench: Bench) -> list[Plan]:
    """Over HTTP with key, Idempotency-Key and holds, on keep-alive connections."""
    of = partial(_http, bench)
    batch_goal = 5.0
    return [
        of("http spread", Workload(), goal=3.0),
        of("http hot", Workload(spread="hot"), textbook="hot", goal=10.0),
        of("http batch", Workload(), goal=batch_goal, per_request=100, connections=16),
        of("http 3 lines", Workload(lines=3)),
        of("http routed", Workload(routed=True)),
        of("http zipf", Workload(spread="zipf", zipf_s=1.0)),
        of("http fulfil and release", Workload(), goal=2.0, unit="ends", steps=("fulfill", "release")),
        of("http mixed", Workload(), unit="requests", steps=("reserve", "fulfill", "release", "read")),
    ]


def _http(
    bench: Bench,
    name: str,
    workload: Workload,
    *,
    textbook: Where = "spread",
    goal: float | None = None,
    unit: str = "orders",
    steps: tuple[Step, ...] = ("reserve",),
    per_request: int = 1,
    connections: int = HTTP_CONNECTIONS,
    rate: float | None = None,
) -> Plan:
    def make(run: str) -> Spec:
        return spec(bench, workload, run, steps=steps, per_request=per_request, connections=connections, rate=rate)

    return Plan(name=name, unit=unit, textbook=textbook, goal=goal, steps=steps, module="generator", make=make)


def run(bench: Bench, loaded: Loaded | None, only: Sequence[str], say: Callable[[str], None]) -> Suite:
    """Measure one after the other; only: those whose name contains one of these."""

    def chosen(plans: Iterable[Plan]) -> list[Plan]:
        return [plan for plan in plans if not only or any(part in plan.name for part in only)]

    rows = [measure(bench, plan, say) for plan in chosen(engine_plans(bench))]
    if chosen(http_plans(bench)):
        with serving(bench.url) as (port, authorization, pid):
            warm(port, authorization, bench.shape)
            served = msgspec.structs.replace(
                bench, port=port, authorization=authorization, pids={**bench.pids, "server": pid}
            )
            rows += [measure(served, plan, say) for plan in chosen(http_plans(served))]
    return Suite(
        levels=bench.shape.levels,
        processors=bench.processors,
        settings=bench.server.settings,
        durable=bench.server.durable,
        loaded=loaded,
        rows=rows,
    )
