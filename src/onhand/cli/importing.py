"""onhand import: CSV in, with a report of what was refused and why."""

import csv
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Protocol, TextIO

import msgspec
from cyclopts import Parameter

from onhand.cli import opening
from onhand.cli.csv_files import REPORT_COLUMNS, CsvFile, Scan
from onhand.cli.errors import FAILED, CliError
from onhand.cli.progress import progress
from onhand.cli.terminal import show, show_json, show_table
from onhand.services import importing
from onhand.services.context import Onhand
from onhand.services.importing import STOCK_COLUMNS, Advance, Record, Refusal, Refuse, StockImport, Summary
from onhand.services.importing_counts import COUNTED_COLUMNS, REQUIRED_COUNTED_COLUMNS
from onhand.services.importing_floor import KINDS
from onhand.services.importing_levels import LEVEL_COLUMNS, REQUIRED_LEVEL_COLUMNS
from onhand.services.importing_products import PRODUCT_COLUMNS, REQUIRED_COLUMNS, import_products
from onhand.services.importing_purchase_orders import (
    PURCHASE_ORDER_COLUMNS,
    REQUIRED_PURCHASE_ORDER_COLUMNS,
    import_purchase_orders,
)
from onhand.services.importing_returns import REQUIRED_RETURN_COLUMNS, RETURN_COLUMNS, ReturnImport
from onhand.services.importing_suppliers import REQUIRED_SUPPLIER_COLUMNS, SUPPLIER_COLUMNS, import_suppliers
from onhand.services.importing_warehouses import REQUIRED_WAREHOUSE_COLUMNS, WAREHOUSE_COLUMNS
from onhand.services.spreadsheet import guarded

File = Annotated[str, Parameter(help="The CSV file, also gzipped; - reads stdin.", allow_leading_hyphen=True)]
DryRun = Annotated[bool, Parameter(help="Check every row and change nothing.")]
Report = Annotated[Path | None, Parameter(help="Write all refused rows to this CSV file; mended, it can be imported.")]
AsJson = Annotated[bool, Parameter(name="--json", help="Print the result as JSON.")]
Update = Annotated[bool, Parameter(help="Change those that exist: the columns that the file has.")]
Again = Annotated[bool, Parameter(help="Do it once more, although the same content was imported before.")]

SHOWN_MAX = 10


def products(
    file: File,
    /,
    *,
    update: Update = False,
    dry_run: DryRun = False,
    report: Report = None,
    as_json: AsJson = False,
) -> int:
    """Make products, or change them."""
    work = partial(import_products, update=update)
    return import_settings(
        "products", file, work, "importing products", dry_run=dry_run, report=report, as_json=as_json
    )


def suppliers(
    file: File,
    /,
    *,
    dry_run: DryRun = False,
    report: Report = None,
    as_json: AsJson = False,
) -> int:
    """Suppliers and what they sell: one row per supplier and product."""

    async def work(onhand: Onhand, read: CsvFile, scanned: Scan, refusals: "Refusals") -> Summary:
        with progress("importing suppliers") as meter:
            return await import_suppliers(
                onhand,
                read.records(),
                dry_run=dry_run,
                refuse=refusals.add,
                advance=lambda done: meter(done, scanned.rows),
            )

    return import_file("suppliers", file, work, dry_run=dry_run, report=report, as_json=as_json)


def returns(
    file: File,
    /,
    *,
    dry_run: DryRun = False,
    report: Report = None,
    as_json: AsJson = False,
) -> int:
    """Take back what customers sent: a return for each row."""

    async def work(onhand: Onhand, read: CsvFile, scanned: Scan, refusals: "Refusals") -> Summary:
        with progress("importing returns") as meter:
            job = ReturnImport(
                onhand,
                scanned.digest,
                dry_run=dry_run,
                refuse=refusals.add,
                advance=lambda done: meter(done, scanned.rows),
            )
            return await job.run(read.records())

    return import_file("returns", file, work, dry_run=dry_run, report=report, as_json=as_json)


def purchase_orders(
    file: File,
    /,
    *,
    dry_run: DryRun = False,
    report: Report = None,
    as_json: AsJson = False,
) -> int:
    """Purchase orders, one row per line: drafts, or placed where their status says so."""

    async def work(onhand: Onhand, read: CsvFile, scanned: Scan, refusals: "Refusals") -> Summary:
        with progress("importing purchase orders") as meter:
            return await import_purchase_orders(
                onhand,
                read.records(),
                scanned.digest,
                dry_run=dry_run,
                refuse=refusals.add,
                advance=lambda done: meter(done, scanned.rows),
            )

    return import_file("purchase_orders", file, work, dry_run=dry_run, report=report, as_json=as_json)


def stock(
    file: File,
    /,
    *,
    again: Again = False,
    dry_run: DryRun = False,
    report: Report = None,
    as_json: AsJson = False,
) -> int:
    """Receive stock: a RECEIVE for each row."""

    async def work(onhand: Onhand, read: CsvFile, scanned: Scan, refusals: "Refusals") -> Summary:
        repetition = await importing.next_repetition(onhand, scanned.digest, scanned.rows) if again else 0
        summary = await _receive(onhand, read, scanned, refusals, repetition=repetition, dry_run=dry_run)
        if again and summary.already and not summary.received:
            refusals.clear()
            summary = await _receive(onhand, read, scanned, refusals, repetition=repetition + 1, dry_run=dry_run)
        return summary

    return import_file("stock", file, work, dry_run=dry_run, report=report, as_json=as_json)


async def _receive(
    onhand: Onhand, read: CsvFile, scanned: Scan, refusals: "Refusals", *, repetition: int, dry_run: bool
) -> Summary:
    with progress("receiving stock") as meter:
        job = StockImport(
            onhand,
            scanned.digest,
            name=read.name,
            repetition=repetition,
            refuse=refusals.add,
            advance=lambda done: meter(done, scanned.rows),
        )
        if dry_run:
            return await job.run(read.records(), scanned.rows, dry_run=True)
        async with importing.only_import(onhand, scanned.digest):
            return await job.run(read.records(), scanned.rows)


class Settings(Protocol):
    """Makes, or changes, what the rows name: in the columns `given` in the file."""

    def __call__(
        self,
        onhand: Onhand,
        records: Iterable[Record],
        *,
        given: frozenset[str],
        dry_run: bool,
        refuse: Refuse,
        advance: Advance,
    ) -> Awaitable[Summary]: ...


Work = Callable[[Onhand, CsvFile, Scan, "Refusals"], Awaitable[Summary]]
COLUMNS = {
    "stock": (STOCK_COLUMNS, STOCK_COLUMNS),
    "products": (PRODUCT_COLUMNS, REQUIRED_COLUMNS),
    "suppliers": (SUPPLIER_COLUMNS, REQUIRED_SUPPLIER_COLUMNS),
    "counted": (COUNTED_COLUMNS, REQUIRED_COUNTED_COLUMNS),
    "purchase_orders": (PURCHASE_ORDER_COLUMNS, REQUIRED_PURCHASE_ORDER_COLUMNS),
    "returns": (RETURN_COLUMNS, REQUIRED_RETURN_COLUMNS),
    "levels": (LEVEL_COLUMNS, REQUIRED_LEVEL_COLUMNS),
    "warehouses": (WAREHOUSE_COLUMNS, REQUIRED_WAREHOUSE_COLUMNS),
    **{name: (kind.columns, kind.required) for name, kind in KINDS.items()},
}


def import_settings(
    kind: str, file: str, put: Settings, title: str, *, dry_run: bool, report: Path | None, as_json: bool
) -> int:
    """Import a file of settings, which may be imported again and again. title: of its progress. Raises CliError."""

    async def work(onhand: Onhand, read: CsvFile, scanned: Scan, refusals: "Refusals") -> Summary:
        with progress(title) as meter:
            return await put(
                onhand,
                read.records(),
                given=read.given,
                dry_run=dry_run,
                refuse=refusals.add,
                advance=lambda done: meter(done, scanned.rows),
            )

    return import_file(kind, file, work, dry_run=dry_run, report=report, as_json=as_json)


def import_file(kind: str, file: str, work: Work, *, dry_run: bool, report: Path | None, as_json: bool) -> int:
    """Read the file, do the work with it and tell what became of its rows. Raises CliError."""
    columns, required = COLUMNS[kind]
    with CsvFile(file, columns, required) as read:
        with progress(f"reading {read.name}", "%") as meter:
            scanned = read.scan(meter)
        with refusals_to(report, read, columns) as refusals:
            began = time.monotonic()
            try:
                summary = opening.run(lambda onhand: work(onhand, read, scanned, refusals))
            except importing.AlreadyRunningError:
                raise CliError(f"{read.name} is being imported by another process", exit_code=FAILED) from None
            took_s = time.monotonic() - began
    nothing_new = summary.already > 0 and not summary.received and kind == "stock" and not dry_run
    nothing_new |= summary.repeated > 0 and not summary.created and kind in KINDS and not dry_run
    if as_json:
        show_json(_as_json(kind, summary, refusals, took_s, dry_run=dry_run))
    else:
        _tell(summary, refusals, took_s, dry_run=dry_run, report=report, counted=kind == "counted")
    if nothing_new:
        raise CliError(
            f"{read.name} was {'received' if kind == 'stock' else 'imported'} before; nothing was changed now",
            "To do the same once more: --again",
        )
    return FAILED if summary.refused else 0


class Refusals:
    """The refused rows: the first few to be shown, all of them to the report."""

    def __init__(self, report: TextIO | None, columns: tuple[str, ...]) -> None:
        self.first: list[Refusal] = []
        self._report = report
        self._columns = columns
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.first = []
        if self._report is not None:
            self._report.seek(0)
            self._report.truncate()
            self._writer = csv.writer(self._report)
            self._writer.writerow((*REPORT_COLUMNS, *self._columns))

    def add(self, refusal: Refusal) -> None:
        if len(self.first) < SHOWN_MAX:
            self.first.append(refusal)
        if self._report is not None:
            record, problem = refusal
            cells = [guarded(cell.encode("utf-8", "replace").decode()) for cell in record.cells]
            self._writer.writerow((record.line, problem.column, problem.code, problem.reason, *cells))


@contextmanager
def refusals_to(report: Path | None, read: CsvFile, columns: tuple[str, ...]) -> Iterator[Refusals]:
    if report is None:
        yield Refusals(None, columns)
        return
    if report.exists() and read.is_file(report):
        raise CliError(f"{report} is being imported: the report of it goes to another file")
    with report.open("w", encoding="utf-8", newline="") as file:
        yield Refusals(file, columns)


def _as_json(kind: str, summary: Summary, refusals: Refusals, took_s: float, *, dry_run: bool) -> dict[str, Any]:
    first = [
        {"line": record.line, "column": problem.column, "code": problem.code, "reason": problem.reason}
        for record, problem in refusals.first
    ]
    return {
        "kind": kind,
        "dry_run": dry_run,
        **msgspec.to_builtins(summary),
        "seconds": round(took_s, 3),
        "refusals": first,
    }


def _tell(
    summary: Summary, refusals: Refusals, took_s: float, *, dry_run: bool, report: Path | None, counted: bool
) -> None:
    per_s = f" in {took_s:.1f} s ({summary.rows / took_s:,.0f} rows/s)" if summary.rows else ""
    show(
        ("checked " if dry_run else "read ")
        + f"{summary.rows:,} rows{per_s}"
        + (": nothing changed" if dry_run else "")
    )
    would = "would be " if dry_run else ""
    made, remade = ("counted", "counted anew") if counted else ("created", "updated")
    for number, text in (
        (summary.created, f"{would}{made}"),
        (summary.updated, f"{would}{remade}"),
        (summary.existing, "exist already, left as they are (--update changes them)"),
        (summary.received, f"{would}received, {summary.units:,} units"),
        (summary.already, "were received by an earlier import of the same content"),
        (summary.repeated, "were made by an earlier import"),
        (summary.refused, "refused"),
    ):
        if number:
            show(f"  {number:>10,}  {text}", style="red" if text == "refused" else "")
    if not refusals.first:
        return
    show()
    rows = [[record.line, problem.column, problem.code, problem.reason] for record, problem in refusals.first]
    show_table(["line", "column", "code", "reason"], rows, right=("line",))
    if report is not None:
        show(f"all refused rows: {report}")
    elif summary.refused > len(refusals.first):
        show(f"… and {summary.refused - len(refusals.first):,} more; --report FILE.csv writes them all")
