"""Warehouses from CSV, a row each: made, or with update changed in the columns that the file has."""

from collections.abc import Iterable
from typing import Any

import msgspec

from onhand.domain.errors import Invalid
from onhand.services import warehouses
from onhand.services.context import Onhand
from onhand.services.importing import Advance, Problem, Record, Refusal, Refuse, Summary, whole
from onhand.services.requests import NewWarehouse, WarehousePatch

CALENDAR = (
    *("cutoff_time", "handling_days", "receiving_days", "working_days", "holidays", "holiday_region", "closed_on"),
)
PLACE = ("latitude", "longitude", "country", "postal_code")
OWN = ("time_zone", "capacity", "capacity_in", "capacity_policy", "active", "priority")
WAREHOUSE_COLUMNS = ("code", "name", *PLACE, *OWN, *CALENDAR)
REQUIRED_WAREHOUSE_COLUMNS = ("code", "name", "latitude", "longitude")
LISTS = frozenset({"working_days", "closed_on"})  # separated by spaces
NUMBERS = frozenset({"capacity", "handling_days", "receiving_days", "priority"})
FLAGS = {"true": True, "false": False}


async def import_warehouses(
    onhand: Onhand,
    records: Iterable[Record],
    *,
    given: frozenset[str],
    update: bool,
    dry_run: bool,
    refuse: Refuse,
    advance: Advance,
) -> Summary:
    """Raises psycopg.Error, and DomainError when the database stays away."""
    summary = Summary()
    await onhand.directory.read_warehouses()
    known = set(onhand.directory.by_code)
    for record in records:
        summary.rows += 1
        new = record.problem or parse_warehouse(record.cells, given)
        problem: Problem | None
        if isinstance(new, Problem):
            problem = new
        else:
            problem = await _one(onhand, new, known, given, summary, update=update, dry_run=dry_run)
        if problem is not None:
            summary.refused += 1
            refuse(Refusal(record, problem))
        advance(summary.rows)
    return summary


async def _one(
    onhand: Onhand,
    new: NewWarehouse,
    known: set[str],
    given: frozenset[str],
    summary: Summary,
    *,
    update: bool,
    dry_run: bool,
) -> Problem | None:
    try:
        warehouses.must_be_right(onhand, new)
        if new.code in known:
            if update and not dry_run:
                await warehouses.patch(onhand, new.code, _patch(new, given))
            summary.updated += update
            summary.existing += not update
            return None
        if not dry_run:
            await warehouses.create(onhand, new)
        known.add(new.code)
        summary.created += 1
    except Invalid as error:
        [field, *_] = error.fields
        return Problem(field.path.rpartition(".")[2], field.code, field.detail)
    return None


def _patch(new: NewWarehouse, given: frozenset[str]) -> WarehousePatch:
    """A column that is there and empty clears; one that is not there changes nothing."""
    patch = WarehousePatch(name=new.name, location=new.location)
    for name in OWN:
        if name in given:
            setattr(patch, name, getattr(new, name))
    if new.calendar is not None:
        patch.calendar = new.calendar
    return patch


def parse_warehouse(cells: list[str], given: frozenset[str]) -> NewWarehouse | Problem:
    """Of a row whose cells stand in the order of WAREHOUSE_COLUMNS, of which the file has those given."""
    row = {column: cell for column, cell in zip(WAREHOUSE_COLUMNS, cells, strict=True) if cell}
    for column in REQUIRED_WAREHOUSE_COLUMNS:
        if column not in row:
            return Problem(column, "MISSING_FIELD", f"{column} is empty.")
    values = {column: _value(column, cell) for column, cell in row.items()}
    body: dict[str, Any] = {name: values[name] for name in ("code", "name", *OWN) if name in values}
    body["location"] = {name: values[name] for name in PLACE if name in values}
    calendar = {name: values[name] for name in CALENDAR if name in values}
    if calendar:
        if "cutoff_time" in given:
            calendar.setdefault("cutoff_time", None)  # Midnight, as the export writes it.
        body["calendar"] = calendar
    try:
        return msgspec.convert(body, NewWarehouse)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$.")
        column = path.rstrip("`").rpartition(".")[2].partition("[")[0]
        return Problem(column or None, "INVALID_VALUE", text + ".")


def _value(column: str, cell: str) -> Any:  # noqa: ANN401
    """As the request has it; what cannot be read stays text, and is refused there with its column."""
    if column in LISTS:
        return cell.split()
    if column in NUMBERS:
        number = whole(cell)
        return cell if number is None else number
    if column in ("latitude", "longitude"):
        try:
            return float(cell)
        except ValueError:
            return cell
    if column in ("active", "holidays"):
        return FLAGS.get(cell.lower(), cell)
    return cell
