"""onhand bench pages: how long each page takes at size, and what an open overview costs the orders."""

from typing import Annotated

from cyclopts import Parameter

from onhand.bench import pages, session
from onhand.cli.bench import QUICK_LEVELS, AsJson, Quick, Url
from onhand.cli.bench_database import bench_database
from onhand.cli.errors import FAILED, CliError
from onhand.cli.progress import progress
from onhand.cli.terminal import say, show, show_json, show_table

Rate = Annotated[float, Parameter(help="Orders per second beside the open page.")]
Seconds = Annotated[float, Parameter(help="Length of each half of a pair.")]
Pairs = Annotated[int, Parameter(help="Pairs of halves: with the overview open, and without.")]

QUICK_RATE, QUICK_SECONDS, QUICK_ASKED = 100.0, 2.0, 3


def run_pages(
    *,
    database_url: Url = None,
    quick: Quick = False,
    rate: Rate = 500.0,
    seconds: Seconds = 10.0,
    pairs: Pairs = 3,
    as_json: AsJson = False,
) -> int:
    """Time every page on what `onhand bench load` has loaded. Exit 1 when the median of one is above 50 ms."""
    if not 1 <= rate <= 20_000 or seconds < 1 or pairs < 0:
        raise CliError("--rate is 1 to 20,000, --seconds at least 1, --pairs not negative")
    wanted = session.shape_of(QUICK_LEVELS) if quick else None
    if quick:
        rate, seconds, pairs = QUICK_RATE, QUICK_SECONDS, min(pairs, 1)
    with bench_database(database_url) as (url, _):
        with progress("loading") as meter:
            shape, _ = session.provide(url, wanted, advance=meter)
        asked = QUICK_ASKED if quick else pages.ASKED
        report = pages.run(
            url,
            shape,
            rate=rate,
            seconds=seconds,
            pairs=pairs,
            asked=asked,
            say=lambda text: say(f"onhand: {text}"),
        )
    slow = [page.name for page in report.pages if page.median_ms > pages.LIMIT_MS]
    if as_json:
        show_json(report)
    else:
        _show(report)
    if slow:
        say(f"onhand: slower than {pages.LIMIT_MS:.0f} ms: {', '.join(slow)}")
    return FAILED if slow else 0


def _show(report: pages.Report) -> None:
    show(f"{report.products:,} products in {report.warehouses} warehouses")
    rows = [[page.name, f"{page.median_ms:.1f}", f"{page.most_ms:.1f}", f"{page.bytes:,}"] for page in report.pages]
    columns = ("median-ms", "most-ms", "bytes")
    show_table(["page", *columns], rows, right=columns)
    if not report.halves:
        return
    show()
    figures = ("orders-per-s", "cpu-us-per-order", "p99-ms", "events")
    rows = [
        [half.name, f"{half.orders_per_s:,.0f}", f"{half.cpu_us:.0f}", f"{half.p99_ms:.1f}", str(half.beats)]
        for half in report.halves
    ]
    show_table(["half", *figures], rows, right=figures)
    show(f"beside the open page an order costs {report.cost_percent:+.1f} % (median of the pairs)")
