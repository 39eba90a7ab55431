"""onhand reconcile: prove the laws over the whole store."""

from typing import Annotated

import msgspec
from cyclopts import Parameter

from onhand.cli import opening
from onhand.cli.errors import FAILED
from onhand.cli.progress import progress
from onhand.cli.terminal import show, show_json, show_table
from onhand.services import reconcile as proofs
from onhand.services.context import Onhand

SHOWN_MAX = 50
Repair = Annotated[bool, Parameter(help="Write ledger entries that make the books agree, and prove again.")]
AsJson = Annotated[bool, Parameter(name="--json", help="Print the report as JSON.")]


def reconcile(*, repair: Repair = False, as_json: AsJson = False) -> int:
    """Prove that ledger, levels and reservations agree. Exit 0 clean, 1 with differences listed."""
    report = opening.run(lambda onhand: prove(onhand, repair=repair))
    if as_json:
        show_json(msgspec.to_builtins(report))
    else:
        tell(report)
    return 0 if report.clean else FAILED


async def prove(onhand: Onhand, *, repair: bool = False) -> proofs.Report:
    """Run a proof with a progress bar."""
    with progress("reconciling", "checks") as meter:
        return await proofs.run(
            onhand, repair=repair, progress=lambda name, done, total: meter(done, total, f"reconciling {name}")
        )


def tell(report: proofs.Report) -> None:
    """Say what a proof found, for people."""
    took_s = (report.finished_at - report.started_at).total_seconds()
    show(
        f"proved {report.ledger_rows:,} ledger rows, {report.levels:,} levels and {report.reservations:,} reservations "
        f"in {took_s:.1f} s"
    )
    show(f"  on hand {report.on_hand:,}, reserved {report.reserved:,}, backordered {report.backordered:,}")
    if report.repairs:
        show()
        show(f"{len(report.repaired):,} difference(s) repaired by these ledger entries:", style="bold")
        lines = [(operation.operation_id, line) for operation in report.repairs for line in operation.lines]
        rows = [
            [line.sku, line.warehouse, f"{line.quantity:+}", line.on_hand, line.reserved, operation_id]
            for operation_id, line in lines[:SHOWN_MAX]
        ]
        columns = ["sku", "warehouse", "quantity", "on hand", "reserved", "operation"]
        show_table(columns, rows, right=("quantity", "on hand", "reserved"))
    if report.clean:
        show("clean: ledger = levels = reservations", style="green")
        return
    show()
    count = f"{len(report.differences):,}{' or more' if report.truncated else ''}"
    show(f"{count} difference(s):", style="bold red")
    rows = [
        [each.law, each.sku, each.warehouse, each.kind, each.cause, _last(each)]
        for each in report.differences[:SHOWN_MAX]
    ]
    show_table(["law", "sku", "warehouse", "what", "cause", "last operation"], rows)
    if len(report.differences) > SHOWN_MAX:
        show(f"… and {len(report.differences) - SHOWN_MAX:,} more; --json has them all")
    if not report.repairs:
        show("`onhand reconcile --repair` writes ledger entries that make the books agree.")


def _last(difference: proofs.Difference) -> str | None:
    if not difference.last_operations:
        return None
    last = difference.last_operations[0]
    return f"{last['type']} {last['quantity']:+} by {last['created_by']}"
