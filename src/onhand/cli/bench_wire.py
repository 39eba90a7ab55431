"""onhand bench wire: servers and event loops side by side."""

from typing import Annotated

from cyclopts import Parameter

from onhand.bench import database, session, wire
from onhand.cli.bench import AsJson, Foreign, Url
from onhand.cli.bench_database import bench_database
from onhand.cli.progress import progress
from onhand.cli.terminal import say, show_json, show_table

Seconds = Annotated[float, Parameter(help="Length of a run.")]
Repeats = Annotated[int, Parameter(help="Runs of each; the least processor time counts.")]
LEVELS = 20_000


def run_wire(
    *,
    seconds: Seconds = 2.0,
    repeats: Repeats = 3,
    database_url: Url = None,
    foreign: Foreign = False,
    as_json: AsJson = False,
) -> int:
    """What carries HTTP costs: servers and event loops that answer the same order with the same bytes."""
    with bench_database(database_url) as (url, _):
        with progress("loading") as meter:
            wanted = None if database.prepare(url, foreign=foreign) else session.shape_of(LEVELS)
            session.provide(url, wanted, foreign=foreign, advance=meter)
        carriers = wire.run(url, seconds=seconds, repeats=repeats, say=lambda text: say(f"onhand: {text}"))
    if as_json:
        show_json(carriers)
    else:
        rows = [[each.name, f"{each.per_s:,.0f}", f"{each.us:.1f}", f"{each.to_bare:.2f}"] for each in carriers]
        show_table(["carried by", "per s", "server µs", "to bare"], rows, right=("per s", "server µs", "to bare"))
    return 0
