"""One measurement: the textbook, a run, the textbook again, as often as asked.

Each run is audited, or it has no figure.
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from onhand.bench import audit, baseline, stored
from onhand.bench.cpu import OTHERS
from onhand.bench.database import BenchError, Server
from onhand.bench.histogram import Histogram
from onhand.bench.record import Answer, Result, Spec, Step
from onhand.bench.workload import Shape, orders
from onhand.services import reconcile
from onhand.services.context import open_onhand

CHILD_MAX_S = 600.0
NOT_DURABLE = "no figure: fsync, full_page_writes and synchronous_commit must be on"


class Bench(msgspec.Struct, kw_only=True):
    """What every measurement of one session shares."""

    url: str
    shape: Shape
    server: Server
    pgbench: str
    baseline_s: float = 3.0
    run_s: float = 4.0
    warmup_s: float = 1.0
    repeats: int = 3
    pids: dict[str, int] = {}
    port: int = 0
    authorization: str = ""
    processors: int = 1
    workers: int = 1
    real: str = ""  # a file of real orders, as workload.real_orders reads it


class Figure(msgspec.Struct, kw_only=True):
    """One run: what was counted (per second), and what that is to the textbook right before and after it.

    cpu_us: processor time per counted unit of server, PostgreSQL and generator together; cpu_ratio: the textbook's to
    ours. On a machine that others use, cpu_ratio is the one to look at: pgbench's many processes get more of the
    processors than our few. others: how many processors those others kept busy during the run. Where anything was found
    against the run, findings says what, and it has no figure.
    """

    per_s: float
    ratio: float
    cpu_us: float
    cpu_ratio: float
    textbook_per_s: float
    verdicts: dict[str, int]
    latency_ms: dict[str, float]
    curve: list[tuple[float, float]]
    cpu_s: dict[str, float]
    others: float
    window_s: float
    findings: list[str]


class Row(msgspec.Struct, kw_only=True):
    """A measurement with its repeats. goal: the ratio wanted, where there is one."""

    name: str
    unit: str
    textbook: baseline.Where
    goal: float | None
    figures: list[Figure]
    findings: list[str] = []

    @property
    def clean(self) -> bool:
        return not self.findings and not any(figure.findings for figure in self.figures)

    def spread(self, field: str) -> tuple[float, float, float]:
        """The least, the median and the most of a field over the repeats."""
        values = sorted(getattr(figure, field) for figure in self.figures)
        return values[0], statistics.median(values), values[-1]

    def latency_ms(self, quantile: str) -> float:
        """The median over the repeats."""
        return statistics.median(figure.latency_ms[quantile] for figure in self.figures)


Counts = Callable[[Answer], int]


def accepted(answer: Answer) -> int:
    return answer.verdict == "accepted"


class Plan(msgspec.Struct, kw_only=True):
    """How a measurement is done. counts: how many units an answer is worth, 0 for those that do not count."""

    name: str
    unit: str = "orders"
    textbook: baseline.Where = "spread"
    goal: float | None = None
    module: str = "engine_process"
    make: Callable[[str], Spec]
    counts: Counts = accepted
    steps: tuple[Step, ...] = ("reserve",)


def measure(bench: Bench, plan: Plan, say: Callable[[str], None]) -> Row:
    """Do it. Raises BenchError, psycopg.Error."""
    row = Row(name=plan.name, unit=plan.unit, textbook=plan.textbook, goal=plan.goal, figures=[])
    before = _textbook(bench, plan)
    for number in range(bench.repeats):
        say(f"{plan.name}: run {number + 1} of {bench.repeats}")
        since = stored.snapshot(bench.url)
        spec = plan.make(f"{plan.name.replace(' ', '-')}-{time.time_ns() // 1_000_000}")
        result = child(plan.module, spec)
        after = _textbook(bench, plan)
        row.figures.append(_figure(plan, result, before, after, audited(bench, spec, result, since)))
        before = after
    say(f"{plan.name}: proving the laws")
    row.findings = reconciled(bench)
    if not bench.server.durable:
        row.findings.append(NOT_DURABLE)
    return row


def _textbook(bench: Bench, plan: Plan) -> baseline.Textbook:
    return baseline.run(bench.url, bench.shape, plan.textbook, bench.baseline_s, pgbench=bench.pgbench, pids=bench.pids)


def _figure(
    plan: Plan, result: Result, before: baseline.Textbook, after: baseline.Textbook, findings: list[str]
) -> Figure:
    within = counted(result, plan.steps)
    window_s = max(1e-9, result.window[1] - result.window[0])
    units = sum(map(plan.counts, within))
    textbook = (before.per_s + after.per_s) / 2
    ours_s = sum(seconds for name, seconds in result.cpu_s.items() if name != OTHERS)
    cpu_us = 1e6 * ours_s / max(1, units)
    verdicts: dict[str, int] = {}
    for answer in within:
        verdicts[answer.verdict] = verdicts.get(answer.verdict, 0) + 1
    quantiles, curve = latencies([answer for answer in within if plan.counts(answer)])
    if not units:
        findings = [*findings, "nothing was counted within the window"]
    return Figure(
        per_s=units / window_s,
        ratio=units / window_s / textbook,
        cpu_us=cpu_us,
        cpu_ratio=(before.cpu_us + after.cpu_us) / 2 / cpu_us if cpu_us else 0.0,
        textbook_per_s=textbook,
        verdicts={**verdicts, "dropped": result.dropped},
        latency_ms=quantiles,
        curve=curve,
        cpu_s=result.cpu_s,
        others=result.cpu_s.get(OTHERS, 0.0) / window_s,
        window_s=window_s,
        findings=findings,
    )


def child(module: str, spec: Spec) -> Result:
    """Run a module of the bench as a process of its own. Raises BenchError when it fails."""
    with tempfile.TemporaryDirectory(prefix="onhand-bench-") as directory:
        asked, told = Path(directory) / "spec", Path(directory) / "result"
        asked.write_bytes(msgspec.msgpack.encode(spec))
        command = [sys.executable, "-m", f"onhand.bench.{module}", str(asked), str(told)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=CHILD_MAX_S)  # noqa: S603
        if ran.returncode or not told.exists():
            raise BenchError(f"{module} failed: {ran.stderr.strip()[-2000:]}")
        return msgspec.msgpack.decode(told.read_bytes(), type=Result)


def counted(result: Result, steps: Sequence[str] = ("reserve",)) -> list[Answer]:
    """The answers that came within the window."""
    first, last = result.window
    return [answer for answer in result.answers if first <= answer.done <= last and answer.step in steps]


def audited(bench: Bench, spec: Spec, result: Result, since: bytes) -> list[str]:
    """What the second model has against this run; nothing, if all is well."""
    wanted = orders(spec.workload, spec.shape, spec.count)
    names = {
        (line.product, warehouse)
        for answer in result.answers
        if answer.verdict == "refused"
        for line in wanted[answer.order]
        for warehouse in (range(spec.shape.warehouses) if spec.workload.routed else (line.warehouse,))
    }
    findings = audit.judge(
        wanted,
        result.answers,
        stored.held(bench.url, spec.run, since),
        stored.stock(bench.url, names),
        routed=spec.workload.routed,
    )
    if findings.count > len(findings.told):
        findings.told.append(f"… and {findings.count - len(findings.told)} more")
    return findings.told


def reconciled(bench: Bench) -> list[str]:
    """What the product's own proof of the laws has against the whole store."""

    async def prove() -> reconcile.Report:
        async with open_onhand(bench.url, pool_size=2) as onhand:
            return await reconcile.run(onhand)

    report = asyncio.run(prove())
    return [f"reconcile: {each.kind} {each.sku or ''} {each.cause}" for each in report.differences]


def latencies(answers: Sequence[Answer]) -> tuple[dict[str, float], list[tuple[float, float]]]:
    """Quantiles and the whole curve, in milliseconds."""
    histogram = Histogram()
    histogram.record_all(answer.latency_s for answer in answers)
    named = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}
    quantiles = {name: histogram.quantile_us(share) / 1000 for name, share in named.items()}
    quantiles["max"] = histogram.max_us / 1000
    return quantiles, [(share, us / 1000) for share, us in histogram.curve()]
