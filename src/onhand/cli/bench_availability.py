"""onhand bench availability: reads beside writes, with and without the cache."""

from typing import Annotated

import uvloop
from cyclopts import Parameter

from onhand.bench import availability, session
from onhand.bench.database import BenchError
from onhand.cli.bench import QUICK_LEVELS, AsJson, Foreign, Levels, Quick, Seconds, Url
from onhand.cli.errors import CliError
from onhand.cli.opening import quiet_logs
from onhand.cli.progress import progress
from onhand.cli.terminal import say, show, show_json, show_table
from onhand.config import from_environment

Writes = Annotated[float | None, Parameter(help="Reservations per second beside the reads.")]

SECONDS, QUICK_SECONDS = 10.0, 1.5
WRITES_PER_S, QUICK_WRITES_PER_S = 1_000.0, 100.0
COMMITS, QUICK_COMMITS = 200, 40


def run_availability(
    *,
    levels: Levels | None = None,
    database_url: Url = None,
    foreign: Foreign = False,
    quick: Quick = False,
    seconds: Seconds = None,
    writes: Writes = None,
    as_json: AsJson = False,
) -> int:
    """Reads of availability beside writes, in the process and through ONHAND_REDIS_URL where it is set."""
    quiet_logs()
    settings = from_environment()
    try:
        with session.bench_url(settings, database_url) as (url, _):
            wanted = session.shape_of(levels or QUICK_LEVELS) if levels or quick else None
            with progress("loading") as meter:
                shape, _ = session.provide(url, wanted, foreign=foreign, advance=meter)
            report = uvloop.run(
                availability.run(
                    url,
                    shape,
                    seconds=seconds or (QUICK_SECONDS if quick else SECONDS),
                    writes_per_s=writes or (QUICK_WRITES_PER_S if quick else WRITES_PER_S),
                    commits=QUICK_COMMITS if quick else COMMITS,
                    redis_url=settings.redis_url,
                    tell=lambda text: say(f"onhand: {text}"),
                )
            )
    except BenchError as error:
        raise CliError(str(error)) from error
    if as_json:
        show_json(report)
    else:
        _show(report)
    return 0


def _show(report: availability.Report) -> None:
    show(f"{report.products:,} products in {report.warehouses} warehouses; {report.writes_per_s:,.0f} reservations/s")
    rows = [
        [each.name, f"{each.per_s:,.0f}", f"{each.p50_ms:.2f}", f"{each.p99_ms:.2f}", f"{each.p999_ms:.2f}"]
        for each in report.reads
    ]
    show_table(["read", "per-s", "p50-ms", "p99-ms", "p99.9-ms"], rows, right=("per-s", "p50-ms", "p99-ms", "p99.9-ms"))
    show(f"with the cache to without it: {report.ratio:.2f}")
    stale = [[each.name, f"{each.p50_ms:.2f}", f"{each.p99_ms:.2f}", f"{each.max_ms:.2f}"] for each in report.staleness]
    show_table(["commit to shown", "p50-ms", "p99-ms", "max-ms"], stale, right=("p50-ms", "p99-ms", "max-ms"))
