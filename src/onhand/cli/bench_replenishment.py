"""onhand bench replenishment: a shop lives through a file of orders with suppliers behind its shelves."""

import statistics
from pathlib import Path
from typing import Annotated, Literal

import uvloop
from cyclopts import Parameter

from onhand import installation
from onhand.bench import database
from onhand.cli.bench import AsJson
from onhand.cli.bench_database import bench_errors
from onhand.cli.errors import FAILED, CliError
from onhand.cli.opening import quiet_logs
from onhand.cli.progress import Meter, progress
from onhand.cli.terminal import show, show_json, show_table
from onhand.config import from_environment
from onhand.services import reconcile
from onhand.services.context import open_onhand
from onhand.shop.orders.plan import Plan, plan
from onhand.shop.orders.report import Refusals
from onhand.shop.orders.rows import UnreadableFile, read
from onhand.shop.supply.run import PolicyReport, simulate

POLICIES: tuple[Literal["none", "weekly", "reorder"], ...] = ("none", "weekly", "reorder")
File = Annotated[Path, Parameter(help="Orders, as `onhand import orders` takes them; a file, also gzipped.")]
Policy = Annotated[
    tuple[Literal["none", "weekly", "reorder"], ...],
    Parameter(name="--policy", consume_multiple=True, help="Only these: none, weekly, reorder. Default: all three."),
]
Limit = Annotated[int | None, Parameter(help="Only the first so many invoices.")]


def run_replenishment(file: File, /, *, policy: Policy = POLICIES, limit: Limit = None, as_json: AsJson = False) -> int:
    """Live through real orders with suppliers of different lead times: without reordering, with the same order every
    week, and with the trigger and the daily batch.
    """
    quiet_logs()
    settings = from_environment()
    refusals = Refusals()
    try:
        planned = plan(read(file, refusals), refusals, limit=limit)
    except UnreadableFile as error:
        raise CliError(str(error)) from error
    if not planned.events:
        raise CliError(f"{file}: no orders in it")
    reports: list[PolicyReport] = []
    clean = True
    with bench_errors(), installation.database(settings) as url:
        for each in policy:
            name, embedded = f"{database.NAME}_{each}", settings.database_url is None
            with (
                database.scratch(url, name, embedded=embedded) as own,
                progress(f"living, {each}", "days") as meter,
            ):
                report, agreed = uvloop.run(_lived(own, planned, each, meter))
                reports.append(report)
                clean = clean and agreed
    if as_json:
        show_json({"clean": clean, "policies": reports})
    else:
        _show(reports)
        show("the books agree after each of them" if clean else "the books do NOT agree", style="" if clean else "red")
    return 0 if clean else FAILED


async def _lived(
    url: str, planned: Plan, policy: Literal["none", "weekly", "reorder"], meter: Meter
) -> tuple[PolicyReport, bool]:
    async with open_onhand(url) as onhand:
        report = await simulate(onhand, planned, policy, meter)
        return report, (await reconcile.run(onhand)).clean


def _show(reports: list[PolicyReport]) -> None:
    rows = [
        [
            each.policy,
            f"{each.fill_rate:.1%}",
            f"{each.later_fill_rate:.1%}",
            f"{each.line_fill_rate:.1%}",
            f"{each.served:.1%}",
            f"{each.stock_outs:.1%}",
            f"{each.on_hand:,}",
            f"{each.purchase_orders:,}",
            f"{each.seconds:,.0f}",
        ]
        for each in reports
    ]
    columns = ["policy", "fill rate", "after 60 days", "lines", "shipped", "stock-outs", "on hand", "orders", "s"]
    show_table(columns, rows, right=tuple(columns[1:]))
    for each in reports:
        if not each.purchase_orders:
            continue
        show()
        vendors = [
            [
                code,
                f"{of.orders:,}",
                f"{of.lines:,}",
                f"{of.units:,}",
                f"{of.deliveries:,}",
                f"{of.late:,}",
                f"{of.early:,}",
                f"{statistics.mean(of.took_days):.1f}" if of.took_days else None,
                f"{statistics.stdev(of.took_days):.1f}" if len(of.took_days) > 1 else None,
            ]
            for code, of in each.suppliers.items()
        ]
        columns = [each.policy, "orders", "lines", "units", "deliveries", "late", "early", "mean days", "spread"]
        show_table(columns, vendors, right=tuple(columns[1:]))
