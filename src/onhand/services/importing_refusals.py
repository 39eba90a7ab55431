"""Why an operation of a CSV file was refused, by the index of the row that is to blame."""

import re

import msgspec

from onhand.domain import errors as e
from onhand.services.importing import Problem

AT = re.compile(r"lines\[(\d+)\](?:\.(\w+))?")
INDEX = re.compile(r"\$\.lines\[(\d+)\]|\$")
RENAMED = {"from": "from_warehouse", "to": "to_warehouse"}  # of a request, not of a line
WHOLE = {
    e.TransferClosed: "Nothing of the transfer is under way.",
    e.PurchaseOrderClosed: "Nothing more of the order will come.",
    e.PurchaseOrderNotPlaced: "The order is a draft: place it first.",
}


def of_request(error: msgspec.ValidationError) -> dict[int, Problem]:
    """What does not have the shape of a request."""
    text, _, path = str(error).partition(" - at `")
    found = AT.search(path)
    if found:
        column = found[2]
    else:
        column = path.rstrip("`").removeprefix("$.").removeprefix("$") or None
        column = RENAMED.get(column or "", column)
    missing = re.search(r"missing required field `(\w+)`", text)
    if missing:
        name = missing[1]
        column = name if found else RENAMED.get(name, name)
        return {int(found[1]) if found else 0: Problem(column, "MISSING_FIELD", f"{column} is empty.")}
    return {int(found[1]) if found else 0: Problem(column, "INVALID_VALUE", text + ".")}


def of_error(error: e.DomainError) -> dict[int, Problem]:  # noqa: PLR0911  one line per error is the clearest table
    """What the services or the engine refuse."""
    match error:
        case e.Invalid(fields=fields):
            return {_index(each.path): Problem(_column(each.path), each.code, each.detail) for each in fields}
        case e.Unknown(path=path):
            column = _column(path) if path else f"{error.kind}_id"
            return {_index(path or ""): Problem(column, error.code, f"There is no {error.kind} {error.name!r}.")}
        case e.InsufficientStock(shortages=shortages):
            return {
                each.line: Problem(
                    "quantity", error.code, f"{each.requested} are asked for, {each.available} are free."
                )
                for each in shortages
            }
        case e.CapacityExceeded(excesses=excesses):
            return {
                each.line: Problem(
                    "quantity", error.code, f"Room for {each.free} {each.capacity_in}, this takes {each.requested}."
                )
                for each in excesses
            }
        case e.BelowZero():
            return {error.line: Problem("quantity_change", error.code, f"There are {error.on_hand} on hand.")}
        case e.StaleExpectation():
            return {error.line: Problem("expected_on_hand", error.code, f"There are {error.on_hand} on hand.")}
        case e.QuantityExceedsOpen():
            return {error.line: Problem("quantity", error.code, f"{error.open} are still to come.")}
        case e.LevelOverflow():
            return {error.line: Problem("quantity", error.code, "The level would hold more than it can count.")}
        case e.WarehouseInactive():
            return {error.line: Problem("warehouse", error.code, "The warehouse takes no new stock.")}
    return {0: Problem(None, error.code, WHOLE.get(type(error), "It was refused."))}


def _index(path: str) -> int:
    found = AT.fullmatch(path)
    return int(found[1]) if found else 0


def _column(path: str) -> str | None:
    found = AT.fullmatch(path)
    return found[2] if found else RENAMED.get(path, path)
