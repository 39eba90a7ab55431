"""onhand bench: how fast, beside the textbook, on any PostgreSQL."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from onhand.bench import database, loading, report, session, suite
from onhand.bench.measure import Row
from onhand.cli import bench_orders
from onhand.cli import examples_bench as examples
from onhand.cli.bench_database import bench_database, bench_errors
from onhand.cli.errors import FAILED, CliError
from onhand.cli.progress import progress
from onhand.cli.terminal import say, show, show_json, show_table

app = App(
    name="bench", help="Measure, with the textbook's one transaction per order beside it.", help_format="plaintext"
)

Levels = Annotated[int, Parameter(help="Products times warehouses.")]
Warehouses = Annotated[int, Parameter(help="Warehouses that each product lies in.")]
LedgerRows = Annotated[
    int | None, Parameter(help="Ledger rows behind the levels, as many for each. Default: one for each.")
]
Url = Annotated[
    str | None, Parameter(name="--database-url", help="An empty database, or the bench's. Default: its own.")
]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print the result as JSON.")]
Foreign = Annotated[bool, Parameter(negative="", help="Measure in a database although it holds other data.")]
Fresh = Annotated[bool, Parameter(negative="", help="Drop the bench's database onhand_bench and begin anew.")]
Quick = Annotated[bool, Parameter(negative="", help="About a minute, at small size.")]
Repeats = Annotated[int | None, Parameter(help="Runs of each measurement.")]
Seconds = Annotated[float | None, Parameter(help="Length of a run.")]
Only = Annotated[
    tuple[str, ...], Parameter(name="--only", consume_multiple=True, help="Measure only rows whose name contains this.")
]
Further = Annotated[bool, Parameter(name="--all", negative="", help="More than the table: Zipf, routed orders.")]
Workers = Annotated[int | None, Parameter(help="Processes of the server. Default: as many as processors.")]
Orders = Annotated[Path | None, Parameter(help="Real orders, as `onhand import orders` takes them: two rows more.")]
Html = Annotated[Path | None, Parameter(name="--html", help="Write a report with latency curves to this file.")]

QUICK_LEVELS = 20_000

for target, text in examples.OF.items():
    app.command(f"onhand.cli.{target}", name=target.partition(":run_")[2], help_epilogue=text)


@app.command
def load(
    *,
    levels: Levels = 1_000_000,
    warehouses: Warehouses = session.WAREHOUSES,
    ledger_rows: LedgerRows = None,
    database_url: Url = None,
    fresh: Fresh = False,
    foreign: Foreign = False,
    as_json: AsJson = False,
) -> int:
    """Fill the bench's database by COPY."""
    with bench_errors():
        shape = session.shape_of(levels, warehouses, ledger_rows)
    with bench_database(database_url) as (url, embedded), progress("loading") as meter:
        if fresh:
            database.drop(url, embedded=embedded)
            database.beside(url, embedded=embedded)
        loaded = loading.load(url, shape, foreign=foreign, advance=meter)
    if as_json:
        show_json(loaded)
    else:
        show(
            f"{loaded.levels:,} levels, {loaded.rows:,} rows in {loaded.seconds:.1f} s: "
            f"{loaded.rows_per_s:,.0f} rows/s, {loaded.ratio:.2f} × plain COPY"
        )
    return 0


@app.command(name="suite")
def run_suite(  # noqa: PLR0913  options, all by name
    *,
    levels: Levels | None = None,
    database_url: Url = None,
    foreign: Foreign = False,
    quick: Quick = False,
    repeats: Repeats = None,
    seconds: Seconds = None,
    only: Only = (),
    further: Further = False,
    workers: Workers = None,
    orders: Orders = None,
    as_json: AsJson = False,
    html: Html = None,
) -> int:
    """Every measurement in one go. Exit 1 when any of them has no figure."""
    if workers is not None and not 1 <= workers <= 256:
        raise CliError("--workers is a whole number from 1 to 256")
    with ExitStack() as made, bench_database(database_url) as (url, embedded):
        with progress("loading") as meter:
            wanted = session.shape_of(levels or QUICK_LEVELS if quick else 1_000_000)
            there = database.prepare(url, foreign=foreign)
            shape, loaded = session.provide(
                url, None if levels is None and there else wanted, foreign=foreign, advance=meter
            )
        bench = session.open_bench(url, shape, embedded=embedded)
        if quick:
            bench.baseline_s, bench.run_s, bench.warmup_s, bench.repeats = 1.0, 1.0, 0.3, 1
        bench.workers = workers or bench.workers
        if orders is not None:
            bench.real = made.enter_context(bench_orders.file_of(orders))
        bench.repeats, bench.run_s = repeats or bench.repeats, seconds or bench.run_s
        result = suite.run(bench, loaded, only, lambda text: say(f"onhand: {text}"), further=further)
    if html is not None:
        html.write_text(report.page(result), encoding="utf-8")
    if as_json:
        show_json(result)
    else:
        _show(result)
    return 0 if result.clean else FAILED


def _show(result: suite.Suite) -> None:
    told = ", ".join(f"{name} {value}" for name, value in sorted(result.settings.items()))
    show(f"{result.levels:,} levels, {result.processors} processors, {result.workers} workers; {told}")
    columns = [
        "measured",
        "unit",
        "ratio",
        "of",
        "goal",
        "by-cpu",
        "per-s",
        "textbook",
        "µs/unit",
        "p50-ms",
        "p99-ms",
        "others",
    ]
    show_table(columns, [_cells(row) for row in result.rows], right=tuple(columns[2:]))
    for derived in result.derived:
        show(f"{derived.name}: {derived.value:.2f} (goal {derived.goal})")
    for row in result.rows:
        for finding in (*row.findings, *(each for figure in row.figures for each in figure.findings)):
            show(f"{row.name}: NO FIGURE: {finding}", style="red")


def _cells(row: Row) -> list[Any]:
    if not row.clean or not row.figures:
        return [row.name, row.unit, "no figure", *[None] * 9]
    low, middle, high = row.spread("ratio")
    return [
        row.name,
        row.unit,
        f"{middle:.2f}",
        f"{low:.2f}–{high:.2f}",
        None if row.goal is None else f"≥ {row.goal:g}",
        f"{row.spread('cpu_ratio')[1]:.2f}",
        f"{row.spread('per_s')[1]:,.0f}",
        f"{row.spread('textbook_per_s')[1]:,.0f}",
        f"{row.spread('cpu_us')[1]:.0f}",
        f"{row.latency_ms('p50'):.1f}",
        f"{row.latency_ms('p99'):.1f}",
        f"{row.spread('others')[1]:.1f}",
    ]
