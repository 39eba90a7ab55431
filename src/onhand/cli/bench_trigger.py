"""onhand bench trigger: what the reorder trigger costs a FULFILL."""

from typing import Annotated

import uvloop
from cyclopts import Parameter

from onhand.bench import session, trigger
from onhand.cli.bench import AsJson, Foreign, Levels, Url
from onhand.cli.bench_database import bench_database
from onhand.cli.progress import progress
from onhand.cli.terminal import show, show_json, show_table

Rounds = Annotated[int, Parameter(help="How often each is measured.")]
Fulfills = Annotated[int, Parameter(help="FULFILLs of each measurement.")]
LEVELS = 60_000


def run_trigger(
    *,
    levels: Levels | None = None,
    rounds: Rounds = 7,
    fulfills: Fulfills = trigger.FULFILLS,
    database_url: Url = None,
    foreign: Foreign = False,
    as_json: AsJson = False,
) -> int:
    """Processor time of a FULFILL without a threshold, with one, and with a note each time; they take turns."""
    with bench_database(database_url) as (url, _):
        wanted = session.shape_of(levels or LEVELS) if levels or database_url else None
        with progress("loading") as meter:
            shape, _ = session.provide(url, wanted, foreign=foreign, advance=meter)
        report = uvloop.run(trigger.run(url, shape, rounds=rounds, fulfills=fulfills))
    if as_json:
        show_json(report)
    else:
        show(f"{report.rounds} rounds of {report.fulfills:,} FULFILLs each; processor time of onhand and PostgreSQL")
        rows = [[arm.name, f"{arm.cpu_us:.1f}", f"{arm.to_none:.3f}"] for arm in report.arms]
        show_table(["FULFILL with", "µs", "to none"], rows, right=("µs", "to none"))
    return 0
