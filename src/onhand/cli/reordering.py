"""onhand reorder: what levels below their threshold lack, ordered of their suppliers."""

from typing import Annotated

import msgspec
from cyclopts import Parameter

from onhand.cli import opening
from onhand.cli.progress import progress
from onhand.cli.terminal import show, show_json, show_table
from onhand.services import reordering
from onhand.services.context import Onhand

DryRun = Annotated[bool, Parameter(help="Tell what would be ordered and order nothing.")]
AsJson = Annotated[bool, Parameter(name="--json", help="Print the report as JSON.")]


def run(*, dry_run: DryRun = False, as_json: AsJson = False) -> int:
    """Order for every level below its threshold. What is on order counts, so it may be run again at any moment."""

    async def work(onhand: Onhand) -> reordering.Report:
        with progress("reordering", "levels") as meter:
            return await reordering.run(onhand, dry_run=dry_run, progress=meter)

    report = opening.run(work)
    if as_json:
        show_json(msgspec.to_builtins(report))
    else:
        _tell(report)
    return 0


def _tell(report: reordering.Report) -> None:
    would = "would be " if report.dry_run else ""
    show(f"{report.levels:,} levels are below their threshold, with what is on order counted")
    show(f"  {report.orders:>10,}  purchase orders {would}made: {report.lines:,} lines, {report.units:,} units")
    if report.no_supplier:
        show(f"  {report.no_supplier:>10,}  levels have no supplier to ask", style="red")
    rows = [
        [
            order.supplier,
            order.purchase_order_id or "",
            order.status,
            len(order.lines),
            sum(x.quantity for x in order.lines),
        ]
        for order in report.purchase_orders
    ]
    if rows:
        show()
        show_table(["supplier", "purchase order", "status", "lines", "units"], rows, right=("lines", "units"))
    if report.orders > len(rows):
        show(f"… and {report.orders - len(rows):,} more")
