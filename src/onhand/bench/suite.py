"""The table: every measurement of the product in one go."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import msgspec

from onhand.bench import stored
from onhand.bench.baseline import Where
from onhand.bench.cpu import peak_mb
from onhand.bench.database import read_once
from onhand.bench.loading import Loaded
from onhand.bench.measure import Bench, Counts, Plan, Row, accepted, measure
from onhand.bench.record import Answer, Spec, Step
from onhand.bench.served import serving, warm
from onhand.bench.workload import SALE_EVERY, Workload, is_cold, orders, real_orders

PER_S_MAX = 25_000  # orders made ready for each second: more than any target takes
ENGINE_IN_FLIGHT = 1_024
ENDS_PER_S_MAX = 9_000  # reservations made beforehand, to be fulfilled or released
HTTP_CONNECTIONS = 256
MANY_WORKERS = 8  # of which none may stand in the others' way
FLOOD_RATE = 10  # times the ceiling
FLOOD_CONNECTIONS = 2_048
FLOOD_MIN_S = 3.0

SINGLE, HOT, LINES, SOLD_OUT, OPEN_LOOP = (
    "http spread",
    "http hot",
    "http 3 lines",
    "http sold out",
    "http open loop, half",
)
HOT_MANY, FLOOD = f"http hot, {MANY_WORKERS} workers", f"http flood, {FLOOD_RATE} times the ceiling"
COLD, COLD_BESIDE = "http cold alone", "http cold beside a sale"
REAL, REAL_HALF = "http real orders", "http real orders, open loop"
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
    workers: int
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
        hot(bench, HOT),
        of("http batch", Workload(), goal=5.0, per_request=100, connections=16),
        of(LINES, Workload(lines=3), unit="lines", counts=partial(_lines, 3)),
        of("http fulfil and release", Workload(), goal=2.0, unit="ends", steps=("fulfill", "release")),
        of(SOLD_OUT, Workload(spread="flash"), textbook="hot", unit="refusals", counts=_refused),
        of("http mixed", Workload(), unit="requests", steps=("reserve", "fulfill", "release", "read")),
    ]


def hot(bench: Bench, name: str) -> Plan:
    """Everyone wants the same."""
    return _http(bench, name, Workload(spread="hot"), textbook="hot", goal=10.0)


def further_http_plans(bench: Bench) -> list[Plan]:
    """Beyond the table."""
    of = partial(_http, bench)
    return [
        *(of(f"http zipf {zipf_s}", Workload(spread="zipf", zipf_s=zipf_s)) for zipf_s in (0.5, 1.0, 2.0)),
        of("http routed", Workload(routed=True)),
    ]


def open_loop(bench: Bench, ceiling: float) -> list[Plan]:
    """What is measured at a share of the ceiling, in orders per second, that this session has found.

    Cold orders, an eighth of the ceiling, alone and then beside three times as many for one product.
    """
    of = partial(_http, bench)
    return [
        of(OPEN_LOOP, Workload(), rate=ceiling / 2),
        of(COLD, Workload(), rate=ceiling / 2 / SALE_EVERY),
        of(COLD_BESIDE, Workload(spread="sale"), rate=ceiling / 2, counts=_cold),
    ]


def flood(bench: Bench, ceiling: float) -> Plan:
    """Far more orders than can be served; whoever cannot be, is told so or waits before the door."""
    longer = msgspec.structs.replace(bench, run_s=max(bench.run_s, FLOOD_MIN_S))
    return _http(longer, FLOOD, Workload(), rate=FLOOD_RATE * ceiling, connections=FLOOD_CONNECTIONS)


def real_plans(bench: Bench) -> list[Plan]:
    """The real orders with all their lines, as fast as they are taken."""
    return [_real(bench, REAL)] if bench.real else []


def real_open_loop(bench: Bench, row: Row) -> Plan:
    """The same at half that rate, as unevenly as they came."""
    orders = sum(row.figures[0].verdicts.values()) / row.figures[0].window_s
    made = real_orders(bench.real)
    return _real(bench, REAL_HALF, speed=orders / 2 * made[-1].at_s / len(made))


def _real(bench: Bench, name: str, *, speed: float | None = None) -> Plan:
    lines = [len(order) for order in orders(Workload(spread="real", file=bench.real), bench.shape, PER_S_MAX)]
    return _http(
        bench,
        name,
        Workload(spread="real", file=bench.real),
        unit="lines",
        counts=lambda answer: lines[answer.order] * (answer.verdict == "accepted"),
        speed=speed,
    )


def _cold(answer: Answer) -> int:
    return answer.verdict == "accepted" and is_cold(answer.order)


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
    speed: float | None = None,
    counts: Counts = accepted,
) -> Plan:
    def make(run: str) -> Spec:
        asked = workload
        if workload.spread == "flash":
            asked = msgspec.structs.replace(workload, product=stored.unsold(bench.url, bench.shape))
        made = spec(
            bench, asked, run, steps=steps, per_request=per_request, connections=connections, rate=rate, speed=speed
        )
        if rate is not None:
            made.count = int(1.1 * rate * (bench.run_s + bench.warmup_s)) + 100
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
    if {HOT, HOT_MANY} <= ratio.keys():
        derived.append(
            Derived(f"hot SKU, {MANY_WORKERS} workers to as many as processors", ratio[HOT_MANY] / ratio[HOT], "–")
        )
    p99 = {row.name: row.latency_ms("p99") for row in rows if row.figures and row.clean}
    if {COLD, COLD_BESIDE} <= p99.keys():
        derived.append(Derived("p99 of cold SKUs beside a sale to alone", p99[COLD_BESIDE] / p99[COLD], "–"))
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

    def measured(plans: Iterable[Plan]) -> list[Row]:
        return [measure(bench, plan, say) for plan in plans if not only or any(part in plan.name for part in only)]

    say("reading it once: no server that runs is as cold as one just started")
    read_once(bench.url)
    rows = measured([*engine_plans(bench), *(further_engine_plans(bench) if further else ())])
    memory: list[Derived] = []
    if only and not any("http" in part for part in only):
        return _suite(bench, loaded, rows, memory)
    with serving(bench.url, bench.workers) as server:
        _point_at(bench, server)
        warm(bench.port, bench.authorization, bench.shape, bench.workers)
        rows += measured([*http_plans(bench), *real_plans(bench), *(further_http_plans(bench) if further else ())])
        found = {row.name: row for row in rows if row.figures}
        if REAL in found:
            rows += measured([real_open_loop(bench, found[REAL])])
        if SINGLE in found:
            ceiling = found[SINGLE].spread("per_s")[1]
            rows += measured(open_loop(bench, ceiling))
            before_mb = peak_mb(bench.pids["server"])
            if flooded := measured([flood(bench, ceiling)]):
                rows += flooded
                memory = [
                    Derived("memory of a worker at most, MB, before the flood", before_mb, "–"),
                    Derived("memory of a worker at most, MB, after the flood", peak_mb(bench.pids["server"]), "–"),
                ]
    with serving(bench.url, MANY_WORKERS) as server:
        _point_at(bench, server)
        rows += measured([hot(bench, HOT_MANY)])
    return _suite(bench, loaded, rows, memory)


def _point_at(bench: Bench, server: tuple[int, str, int]) -> None:
    bench.port, bench.authorization, bench.pids["server"] = server


def _suite(bench: Bench, loaded: Loaded | None, rows: list[Row], memory: list[Derived]) -> Suite:
    return Suite(
        levels=bench.shape.levels,
        processors=bench.processors,
        workers=bench.workers,
        settings=bench.server.settings,
        durable=bench.server.durable,
        loaded=loaded,
        rows=rows,
        derived=[*derive(rows), *memory],
    )
