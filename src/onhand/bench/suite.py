"""The table: every measurement of the product in one go."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import msgspec

from onhand.bench import stored
from onhand.bench.baseline import Where
from onhand.bench.loading import Loaded
from onhand.bench.measure import Bench, Counts, Plan, Row, accepted, measure
from onhand.bench.record import Answer, Spec, Step
from onhand.bench.served import serving, warm
from onhand.bench.workload import Workload

PER_S_MAX = 25_000  # orders made ready for each second: more than any target takes
ENGINE_IN_FLIGHT = 1_024
ENDS_PER_S_MAX = 9_000  # reservations made beforehand, to be fulfilled or released
HTTP_CONNECTIONS = 256


SINGLE, HOT, LINES, SOLD_OUT, OPEN_LOOP = (
    "http spread",
    "http hot",
    "http 3 lines",
    "http sold out",
    "http open loop, half",
)
LATENCY_GOALS_MS = {"p50": 5.0, "p99": 20.0, "p99.9": 100.0}


class Derived(msgspec.Struct):
    """A figure made of two rows, or of a row's latencies; goal says what is wanted."""

    name: str
    value: float
    goal: str


class Suite(msgspec.Struct, kw_only=True):
    """What a session measured, and on what."""

    levels: int
    processors: int
    settings: dict[str, str]
    durable: bool
    loaded: Loaded | None
    rows: list[Row]
    derived: list[Derived]

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
    ]


def further_engine_plans(bench: Bench) -> list[Plan]:
    """Beyond the table."""
    of = partial(_engine, bench)
    return [
        of("engine 3 lines", Workload(lines=3), unit="lines", counts=partial(_lines, 3)),
        of("engine routed", Workload(routed=True)),
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
    return [
        of(SINGLE, Workload(), goal=3.0),
        of(HOT, Workload(spread="hot"), textbook="hot", goal=10.0),
        of("http batch", Workload(), goal=5.0, per_request=100, connections=16),
        of(LINES, Workload(lines=3), unit="lines", counts=partial(_lines, 3)),
        of("http fulfil and release", Workload(), goal=2.0, unit="ends", steps=("fulfill", "release")),
        of(SOLD_OUT, Workload(spread="flash"), textbook="hot", unit="refusals", counts=_refused),
        of("http mixed", Workload(), unit="requests", steps=("reserve", "fulfill", "release", "read")),
    ]


def further_http_plans(bench: Bench) -> list[Plan]:
    """Beyond the table."""
    of = partial(_http, bench)
    return [
        *(of(f"http zipf {zipf_s}", Workload(spread="zipf", zipf_s=zipf_s)) for zipf_s in (0.5, 1.0, 2.0)),
        of("http routed", Workload(routed=True)),
    ]


def open_loop(bench: Bench, rows: Sequence[Row]) -> list[Plan]:
    """At half of the ceiling that this session has found."""
    ceilings = [row.spread("per_s")[1] for row in rows if row.name == SINGLE and row.figures]
    return [_http(bench, OPEN_LOOP, Workload(), rate=ceiling / 2) for ceiling in ceilings]


def _refused(answer: Answer) -> int:
    return answer.verdict == "refused"


def _lines(lines: int, answer: Answer) -> int:
    return lines * (answer.verdict == "accepted")


def _http(  # noqa: PLR0913  a row of the table, and all by name
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
    counts: Counts = accepted,
) -> Plan:
    def make(run: str) -> Spec:
        asked = workload
        if workload.spread == "flash":
            asked = msgspec.structs.replace(workload, product=stored.unsold(bench.url, bench.shape))
        made = spec(bench, asked, run, steps=steps, per_request=per_request, connections=connections, rate=rate)
        if "reserve" not in steps:
            made.count = int(ENDS_PER_S_MAX * (bench.run_s + bench.warmup_s))
        return made

    return Plan(
        name=name,
        unit=unit,
        textbook=textbook,
        goal=goal,
        steps=steps,
        module="generator",
        make=make,
        counts=counts,
    )


def derive(rows: Sequence[Row]) -> list[Derived]:
    """What the issue asks of two rows together; only of rows that have figures."""
    ratio = {row.name: row.spread("ratio")[1] for row in rows if row.figures and row.clean}
    derived = []
    if {SINGLE, LINES} <= ratio.keys():
        derived.append(Derived("lines per second, 3-line to single-line orders", ratio[LINES] / ratio[SINGLE], "≥ 1.5"))
    if {HOT, SOLD_OUT} <= ratio.keys():
        derived.append(Derived("sold-out refusals to acceptances, hot SKU", ratio[SOLD_OUT] / ratio[HOT], "≥ 2"))
    for row in rows:
        if row.name == OPEN_LOOP and row.clean:
            derived += [
                Derived(f"{row.name}: {name}, ms", row.latency_ms(name), f"≤ {goal:g}")
                for name, goal in LATENCY_GOALS_MS.items()
            ]
    return derived


def run(
    bench: Bench, loaded: Loaded | None, only: Sequence[str], say: Callable[[str], None], *, further: bool = False
) -> Suite:
    """Measure one after the other; only: those whose name contains one of these; further: beyond the table."""

    def chosen(plans: Iterable[Plan]) -> list[Plan]:
        return [plan for plan in plans if not only or any(part in plan.name for part in only)]

    engine = [*engine_plans(bench), *(further_engine_plans(bench) if further else ())]
    rows = [measure(bench, plan, say) for plan in chosen(engine)]
    if only and not any(part in OPEN_LOOP or "http" in part for part in only):
        return _suite(bench, loaded, rows)
    with serving(bench.url) as (port, authorization, pid):
        warm(port, authorization, bench.shape)
        served = msgspec.structs.replace(
            bench, port=port, authorization=authorization, pids={**bench.pids, "server": pid}
        )
        http = [*http_plans(served), *(further_http_plans(served) if further else ())]
        rows += [measure(served, plan, say) for plan in chosen(http)]
        rows += [measure(served, plan, say) for plan in open_loop(served, rows)]
    return _suite(bench, loaded, rows)


def _suite(bench: Bench, loaded: Loaded | None, rows: list[Row]) -> Suite:
    return Suite(
        levels=bench.shape.levels,
        processors=bench.processors,
        settings=bench.server.settings,
        durable=bench.server.durable,
        loaded=loaded,
        rows=rows,
        derived=derive(rows),
    )
