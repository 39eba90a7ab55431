"""onhand bench backorders: many wait for one product, and a receipt covers them."""

from typing import Annotated

import uvloop
from cyclopts import Parameter

from onhand import installation
from onhand.bench import database, waiting
from onhand.cli.bench import AsJson
from onhand.cli.bench_database import bench_errors
from onhand.cli.errors import FAILED, CliError
from onhand.cli.opening import quiet_logs
from onhand.cli.progress import progress
from onhand.cli.terminal import show, show_json
from onhand.config import from_environment

Count = Annotated[int, Parameter(help="Orders that wait for the one product.")]
LEAST, MOST = 10, 1_000_000


def run_backorders(*, orders: Count = 100_000, as_json: AsJson = False) -> int:
    """Let orders wait for one product, and cover them by two receipts: a tenth of them, then all others."""
    if not LEAST <= orders <= MOST:
        raise CliError(f"--orders is from {LEAST} to {MOST:,}")
    quiet_logs()
    settings = from_environment()
    with (
        bench_errors(),
        installation.database(settings) as url,
        database.scratch(url, f"{database.NAME}_backorders", embedded=settings.database_url is None) as own,
        progress("ordering", "orders") as meter,
    ):
        done = uvloop.run(waiting.run(own, orders, meter))
    if as_json:
        show_json(done)
    else:
        rest = done.orders - done.first
        show(f"{done.orders:,} orders wait, made in {done.reserving_s:.1f} s")
        show(f"a receipt covers the first {done.first:,} in {done.first_s:.2f} s")
        show(f"a receipt covers the other {rest:,} in {done.rest_s:.2f} s, {rest / done.rest_s:,.0f} orders/s")
        show(f"{done.out_of_turn:,} out of turn; {done.events:,} events; the books {_agree(done)}")
    return 0 if done.clean and not done.out_of_turn and done.events == done.orders else FAILED


def _agree(done: waiting.Waited) -> str:
    return "agree" if done.clean else "do NOT agree"
