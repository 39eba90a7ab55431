"""onhand bench reorder: the daily batch over every level."""

from typing import Annotated

import uvloop
from cyclopts import Parameter

from onhand.bench import database, reordering, session
from onhand.cli.bench import QUICK_LEVELS, AsJson, Foreign, Levels, Url
from onhand.cli.bench_database import bench_database
from onhand.cli.progress import progress
from onhand.cli.terminal import say, show, show_json

Below = Annotated[int | None, Parameter(help="Levels below their threshold, about. Default: one in a hundred.")]
Suppliers = Annotated[int, Parameter(help="Suppliers that sell the products.")]


def run_reorder(
    *,
    levels: Levels | None = None,
    below: Below = None,
    suppliers: Suppliers = reordering.SUPPLIERS,
    database_url: Url = None,
    foreign: Foreign = False,
    as_json: AsJson = False,
) -> int:
    """The daily batch over every level, with one transaction per level beside it."""
    with bench_database(database_url) as (url, embedded):
        wanted = session.shape_of(levels) if levels else None
        with progress("loading") as meter:
            there = database.prepare(url, foreign=foreign)
            shape, _ = session.provide(
                url, wanted or there or session.shape_of(QUICK_LEVELS), foreign=foreign, advance=meter
            )
        with progress("reordering", "levels") as meter:
            report = uvloop.run(
                reordering.run(
                    url,
                    shape,
                    below=below or shape.levels // 100,
                    suppliers=suppliers,
                    embedded=embedded,
                    tell=lambda text: say(f"onhand: {text}"),
                    advance=meter,
                )
            )
    if as_json:
        show_json(report)
    else:
        _show(report)
    return 0


def _show(report: reordering.Report) -> None:
    for line in report.plan:
        show(line)
    show()
    show(f"{report.low:,} of {report.levels:,} levels are below their threshold")
    for seconds, text in (
        (report.dry_run_s, "the dry run"),
        (report.run_s, f"the run: {report.orders:,} purchase orders of {report.lines:,} lines"),
        (report.again_s, "the run again: nothing is low"),
        (report.textbook_s, f"one transaction per level would take, by {report.sample:,} of them"),
    ):
        show(f"  {seconds:>8,.1f} s  {text}")
    show("processor seconds of the run: " + ", ".join(f"{name} {spent:.1f}" for name, spent in report.cpu_s.items()))
