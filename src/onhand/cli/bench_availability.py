"""onhand bench availability: reads beside writes, with and without the cache, at one size or several."""

from functools import partial
from typing import Annotated

import uvloop
from cyclopts import Parameter

from onhand.bench import availability, database, session
from onhand.bench.workload import Shape
from onhand.cli.bench import QUICK_LEVELS, AsJson, Foreign, Only, Quick, Seconds, Url, Warehouses
from onhand.cli.bench_database import bench_database
from onhand.cli.errors import CliError
from onhand.cli.progress import progress
from onhand.cli.terminal import say, show, show_json, show_table
from onhand.config import from_environment

Skus = Annotated[
    tuple[int, ...],
    Parameter(consume_multiple=True, help="Products, one or more sizes: each in a database of its own, kept."),
]
Writes = Annotated[
    float | None, Parameter(help="Reservations per second beside the reads. Default: half of what the server takes.")
]
Prepare = Annotated[bool, Parameter(negative="", help="Load and read it once, so that it lies in memory; no more.")]
Prepared = Annotated[bool, Parameter(negative="", help="That has just been done.")]

SECONDS, QUICK_SECONDS = 10.0, 1.5
COMMITS, QUICK_COMMITS = 200, 40


def run_availability(  # noqa: PLR0913  options, all by name
    *,
    skus: Skus = (),
    warehouses: Warehouses = session.WAREHOUSES,
    database_url: Url = None,
    foreign: Foreign = False,
    quick: Quick = False,
    seconds: Seconds = None,
    writes: Writes = None,
    only: Only = (),
    prepare: Prepare = False,
    prepared: Prepared = False,
    as_json: AsJson = False,
) -> int:
    """Reads of availability beside writes, in the process and through ONHAND_REDIS_URL where it is set."""
    settings = from_environment()
    options = availability.Options(
        seconds or (QUICK_SECONDS if quick else SECONDS),
        QUICK_COMMITS if quick else COMMITS,
        writes,
        settings.redis_url,
        only,
        warm=not prepared,
    )
    wanted: list[Shape | None] = [Shape(products, warehouses) for products in skus]
    if not wanted:  # What `onhand bench load` has loaded.
        wanted = [Shape(QUICK_LEVELS // warehouses, warehouses) if quick else None]
    if database_url is not None and len(wanted) > 1:
        raise CliError("--database-url names one database: measure one size in it")
    sizes = []
    with bench_database(database_url) as (own, embedded):
        for shape in wanted:
            url = own
            if skus and shape is not None and database_url is None:
                url = database.beside(own, embedded=embedded, name=database.name_of(shape))
            with progress("loading") as meter:
                there, _ = session.provide(url, shape, foreign=foreign, advance=meter)
            if prepare:
                _tell(there, "reading it once")
                database.read_once(url)
                continue
            sizes.append(uvloop.run(availability.run(url, there, options, partial(_tell, there))))
    if prepare:
        return 0
    report = availability.report(sizes)
    if as_json:
        show_json(report)
    else:
        _show(report)
    return 0


def _tell(shape: Shape, text: str) -> None:
    say(f"onhand: {shape.products:,} products: {text}")


def _show(report: availability.Report) -> None:
    figures = ("cpu-µs", "ceiling-per-s", "asked-per-s", "p50-ms", "p99-ms", "p99.9-ms", "others")
    stale = ("p50-ms", "p90-ms", "p99-ms", "max-ms")
    for size in report.sizes:
        show(
            f"{size.products:,} products in {size.warehouses} warehouses; "
            f"{size.writes_per_s:,.0f} reservations/s of {size.writes_ceiling_per_s:,.0f} beside the reads"
        )
        rows = [
            [
                each.name,
                f"{each.cpu_us:,.0f}",
                f"{each.ceiling_per_s:,.0f}",
                f"{each.asked_per_s:,.0f}",
                *(f"{value:.2f}" for value in (each.p50_ms, each.p99_ms, each.p999_ms, each.others)),
            ]
            for each in size.reads
        ]
        show_table(["read", *figures], rows, right=figures)
        for name, ratio in size.ratios.items():
            show(f"{name}: {ratio:.2f} × without the cache")
        rows = [
            [each.name, *(f"{value:.2f}" for value in (each.p50_ms, each.p90_ms, each.p99_ms, each.max_ms))]
            for each in size.staleness
        ]
        show_table(["commit to shown", *stale], rows, right=stale)
    for name, growth in report.growth.items():
        show(f"{name}: p99 {growth:.2f} × that of the first size")
