"""onhand count: cycle counts while selling."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from onhand.cli import opening
from onhand.cli.csv_files import CsvFile, Scan
from onhand.cli.errors import CliError
from onhand.cli.importing import DryRun, File, Refusals, Report, import_file
from onhand.cli.terminal import show, show_json, show_table
from onhand.services import counts
from onhand.services.context import Onhand
from onhand.services.count_requests import CountSession, NewCount
from onhand.services.importing import Summary
from onhand.services.importing_counts import import_counted

ACTOR = "cli:count"
Count = Annotated[str, Parameter(help="The count's id, as `onhand count start` prints it.")]
Warehouse = Annotated[str, Parameter(help="The warehouse, by its code.")]
Products = Annotated[
    str | None,
    Parameter(help="A CSV file with the column sku, and perhaps unit_cost; - reads stdin.", allow_leading_hyphen=True),
]
Skus = Annotated[list[str] | None, Parameter(name="--sku", help="Count this product; may be given several times.")]
Limit = Annotated[int | None, Parameter(help="Units: a line that differs by more needs approval.")]
Value = Annotated[str | None, Parameter(help="Money: differences worth more in all need approval.")]
Currency = Annotated[str | None, Parameter(help="Of costs and of --approval-value, like EUR.")]
Status = Annotated[str | None, Parameter(help="Only those that are open, posted or cancelled.")]
AsJson = Annotated[bool, Parameter(name="--json", help="Print the count as JSON.")]
LISTED_MAX = 100


def start(
    warehouse: Warehouse,
    file: Products = None,
    /,
    *,
    sku: Skus = None,
    approval_limit: Limit = None,
    approval_value: Value = None,
    currency: Currency = None,
    as_json: AsJson = False,
) -> int:
    """Begin to count products of a warehouse: what the book says now is written down."""
    lines = [{"sku": each} for each in sku or []] + ([] if file is None else _products(file))
    body = {
        "warehouse": warehouse,
        "lines": lines,
        "approval_limit": approval_limit,
        "approval_value": approval_value,
        "currency": currency,
    }
    try:
        request = msgspec.convert(body, NewCount)
    except msgspec.ValidationError as error:
        raise CliError(f"{error}", "Name products by --sku or in a file.") from error
    return _show(lambda onhand: counts.create(onhand, ACTOR, request), as_json=as_json)


def _products(file: str) -> list[dict[str, str]]:
    columns = ("sku", "unit_cost")
    with CsvFile(file, columns, columns[:1]) as read:
        rows = list(read.records())
    if wrong := next((row for row in rows if row.problem), None):
        raise CliError(f"{read.name}, line {wrong.line}: {wrong.problem.reason if wrong.problem else ''}")
    return [{name: cell for name, cell in zip(columns, row.cells, strict=True) if cell} for row in rows]


def record(
    count: Count,
    file: File,
    /,
    *,
    dry_run: DryRun = False,
    report: Report = None,
    as_json: AsJson = False,
) -> int:
    """Write down what lies on the shelf: a row per product."""
    told: list[CountSession] = []

    async def work(onhand: Onhand, read: CsvFile, _: Scan, refusals: Refusals) -> Summary:
        done = await import_counted(onhand, count, read.records(), dry_run=dry_run, refuse=refusals.add)
        told.append(done.session)
        return done.summary

    exit_code = import_file("counted", file, work, dry_run=dry_run, report=report, as_json=as_json)
    if not as_json:
        show()
        _tell(told[0])
    return exit_code


def approve(count: Count, /, *, as_json: AsJson = False) -> int:
    """Let a count be posted that found more than its limits."""
    return _show(lambda onhand: counts.approve(onhand, ACTOR, count), as_json=as_json)


def post(count: Count, /, *, as_json: AsJson = False) -> int:
    """Post the variances: an ADJUST. Posting again changes nothing."""
    return _show(lambda onhand: counts.post(onhand, ACTOR, count), as_json=as_json)


def cancel(count: Count, /, *, as_json: AsJson = False) -> int:
    """End a count and post nothing."""
    return _show(lambda onhand: counts.cancel(onhand, count), as_json=as_json)


def look(count: Count, /, *, as_json: AsJson = False) -> int:
    """A count with its variances."""
    return _show(lambda onhand: counts.get(onhand, count), as_json=as_json)


def listing(*, status: Status = None, as_json: AsJson = False) -> int:
    """The newest counts."""

    async def work(onhand: Onhand) -> list[CountSession]:
        return (await counts.find(onhand, status=status, limit=LISTED_MAX)).items

    found = opening.run(work)
    if as_json:
        show_json(msgspec.to_builtins(found))
        return 0
    rows = [
        [
            x.count_id,
            x.warehouse,
            _state(x),
            x.created_at,
            f"{x.totals.counted} of {x.totals.lines}",
            x.totals.units,
            _value(x),
        ]
        for x in found
    ]
    columns = ["count", "warehouse", "status", "begun", "counted", "variance", "value"]
    show_table(columns, rows, right=("counted", "variance", "value"))
    return 0


def _show(work: Callable[[Onhand], Awaitable[CountSession]], *, as_json: bool) -> int:
    session = opening.run(work)
    if as_json:
        show_json(msgspec.to_builtins(session))
    else:
        _tell(session)
    return 0


def _tell(session: CountSession) -> None:
    totals = session.totals
    show(f"count {session.count_id} in {session.warehouse}: {_state(session)}")
    show(f"  {totals.counted:>10,}  of {totals.lines:,} lines counted")
    show(f"  {totals.units:>10,}  units variance, {totals.units_off:,} off in all, worth {_value(session)}")
    if totals.unvalued:
        show(f"  {totals.unvalued:>10,}  lines differ whose cost is unknown")
    for short in session.short:
        show(f"  {short.quantity:>10,}  {short.sku} short for reservation {short.reservation_id}", style="red")
    rows: list[list[Any]] = [
        [x.sku, x.expected, x.moved, x.counted_quantity, x.variance, x.unit_cost, x.variance_value]
        for x in session.lines
        if session.status == "open" or x.variance
    ]
    if rows:
        show()
        columns = ["sku", "expected", "moved", "counted", "variance", "unit cost", "value"]
        show_table(columns, rows, right=tuple(columns[1:]))


def _state(session: CountSession) -> str:
    if session.status == "open" and session.needs_approval:
        return f"approved by {session.approved_by}" if session.approved_by else "needs approval"
    return session.status


def _value(session: CountSession) -> str:
    return f"{session.totals.value} {session.currency or ''}".strip()
