"""The table: every measurement of the product in one go."""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from onhand.bench.loading import Loaded
from onhand.bench.measure import Bench, Plan, Row, measure
from onhand.bench.record import Spec
from onhand.bench.workload import Workload

PER_S_MAX = 30_000  # orders made ready for each second: more than any target takes
ENGINE_IN_FLIGHT = 1_024


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


def run(bench: Bench, loaded: Loaded | None, only: Sequence[str], say: Callable[[str], None]) -> Suite:
    """Measure one after the other; only: those whose name contains one of these."""
    plans = [plan for plan in engine_plans(bench) if not only or any(part in plan.name for part in only)]
    return Suite(
        levels=bench.shape.levels,
        processors=bench.processors,
        settings=bench.server.settings,
        durable=bench.server.durable,
        loaded=loaded,
        rows=[measure(bench, plan, say) for plan in plans],
    )
