"""What was counted, by the file: one row per product of a count."""

from collections.abc import Container, Iterable
from datetime import datetime

import msgspec

from onhand.services import counts
from onhand.services.context import Onhand
from onhand.services.count_requests import Counted, CountedLine, CountSession
from onhand.services.importing import Problem, Record, Refusal, Refuse, Summary, whole, whole_problem

COUNTED_COLUMNS = ("sku", "counted_quantity", "counted_at")
REQUIRED_COUNTED_COLUMNS = ("sku", "counted_quantity")


class Imported(msgspec.Struct):
    """session: the count as it is now; after a dry run, as it would be."""

    summary: Summary
    session: CountSession


async def import_counted(
    onhand: Onhand, count: str, records: Iterable[Record], *, dry_run: bool, refuse: Refuse
) -> Imported:
    """Record all good rows at once. Raises CountClosed, Invalid, Unknown, psycopg.Error."""
    session = await counts.get(onhand, count)
    summary = Summary()
    known = {line.sku: line for line in session.lines}
    lines: dict[str, CountedLine] = {}
    for record in records:
        summary.rows += 1
        line = record.problem or parse_counted(record.cells)
        if isinstance(line, CountedLine):
            line = _misplaced(line, known, lines) or line
        if isinstance(line, Problem):
            summary.refused += 1
            refuse(Refusal(record, line))
            continue
        sku = line.sku or ""
        lines[sku] = line
        summary.updated += known[sku].counted_quantity is not None
        summary.created += known[sku].counted_quantity is None
    if lines:
        session = await counts.record(onhand, count, Counted(lines=list(lines.values())), dry_run=dry_run)
    return Imported(summary, session)


def _misplaced(line: CountedLine, known: Container[str | None], seen: Container[str | None]) -> Problem | None:
    if line.sku not in known:
        return Problem("sku", "INVALID_VALUE", f"{line.sku!r} is not part of this count.")
    if line.sku in seen:
        return Problem("sku", "INVALID_VALUE", f"{line.sku!r} stands in a row before.")
    return None


def parse_counted(cells: list[str]) -> CountedLine | Problem:
    """What was counted, of a row whose cells stand in the order of COUNTED_COLUMNS."""
    sku, quantity, counted_at = cells
    for column, cell in zip(REQUIRED_COUNTED_COLUMNS, cells, strict=False):
        if not cell:
            return Problem(column, "MISSING_FIELD", f"{column} is empty.")
    units = whole(quantity)
    if units is None:
        return whole_problem("counted_quantity", quantity, 0)
    try:
        at = datetime.fromisoformat(counted_at) if counted_at else None
    except ValueError:
        return Problem("counted_at", "INVALID_VALUE", f"{counted_at!r} is not a time like 2026-03-01T14:00:00Z.")
    return CountedLine(counted_quantity=units, sku=sku, counted_at=at)
