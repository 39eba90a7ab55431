"""onhand import orders: a file of orders, lived through as a shop would have."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from onhand.cli import opening
from onhand.cli.errors import FAILED, CliError
from onhand.cli.progress import progress
from onhand.cli.reconciling import prove, tell
from onhand.cli.terminal import show, show_json, show_table
from onhand.services.context import Onhand
from onhand.services.reconcile import Report
from onhand.shop.orders.report import ReplayReport
from onhand.shop.orders.rows import UnreadableFile
from onhand.shop.replay import replay_file

File = Annotated[str, Parameter(help="The CSV file, also gzipped; - reads stdin.", allow_leading_hyphen=True)]
DryRun = Annotated[bool, Parameter(help="Read and plan, and change nothing.")]
Limit = Annotated[int | None, Parameter(help="Only the first so many invoices.")]
AsJson = Annotated[bool, Parameter(name="--json", help="Print the report as JSON.")]


def orders(file: File, /, *, dry_run: DryRun = False, limit: Limit = None, as_json: AsJson = False) -> int:
    """Replay a file of orders: receive, reserve, fulfill, release, write off, take back; then prove the books.

    Exit 0 when the books agree, 1 when they do not. Rows that are no goods are refused and listed with their reason.
    """
    if limit is not None and limit < 1:
        raise CliError("--limit is at least 1")

    async def work(onhand: Onhand) -> tuple[ReplayReport, Report | None]:
        with progress("replaying orders", "invoices") as meter:
            replayed = await replay_file(onhand, path, dry_run=dry_run, limit=limit, progress=meter)
        return replayed, None if dry_run else await prove(onhand)

    with _named(file) as path:
        try:
            report, proof = opening.run(work)
        except UnreadableFile as error:
            raise CliError(str(error)) from error
    if as_json:
        show_json(msgspec.to_builtins(report) | {"reconciliation": msgspec.to_builtins(proof)})
    else:
        _tell(report)
        if proof is not None:
            show()
            tell(proof)
    return 0 if proof is None or proof.clean else FAILED


@contextmanager
def _named(file: str) -> Iterator[Path]:
    """The file's path; stdin becomes a file for a while."""
    if file != "-":
        path = Path(file)
        path.open("rb").close()  # Says at once that it cannot be read.
        yield path
        return
    if sys.stdin.isatty():
        raise CliError("stdin is a terminal: pipe a file in, or name one")
    with tempfile.TemporaryDirectory(prefix="onhand-") as directory:
        spool = Path(directory) / "stdin"
        with spool.open("wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        with spool.open("rb") as copy:
            packed = copy.read(2) == b"\x1f\x8b"
        yield spool.rename(spool.with_suffix(".csv.gz" if packed else ".csv"))


def _tell(report: ReplayReport) -> None:
    show(f"{report.file}: {report.lines:,} lines, {report.invoices:,} invoices, {report.products:,} products")
    parts = (
        (report.lines_ordered, f"lines ordered, in {report.orders:,} orders of {report.units_ordered:,} units"),
        (report.lines_cancelled, "lines cancelled or returned"),
        (report.lines_corrected, "lines that corrected stock"),
        (report.lines_refused, "lines refused"),
    )
    for number, text in parts:
        show(f"  {number:>10,}  {text}")
    if report.refusals:
        show()
        refusals = sorted(report.refusals.items(), key=lambda item: -item[1].lines)
        rows = [[refusal.lines, reason, ", ".join(map(str, refusal.examples))] for reason, refusal in refusals]
        show_table(["lines", "refused because", "lines like"], rows, right=("lines",))
    if report.dry_run:
        show("nothing changed (--dry-run)")
        return
    show()
    done = [[name.replace("_", " "), value] for name, value in msgspec.to_builtins(report.done).items() if value]
    show_table(["what the shop did", "units or orders"], done, right=("units or orders",))
    if report.shortages:
        show()
        rows = [[units, reason] for reason, units in report.shortages.most_common()]
        show_table(["units", "asked for and not had"], rows, right=("units",))
    show()
    show(
        f"{report.orders:,} orders in {report.seconds:,.1f} s: {report.orders_per_s:,.0f} orders/s, "
        f"{report.order_lines_per_s:,.0f} order lines/s"
    )
