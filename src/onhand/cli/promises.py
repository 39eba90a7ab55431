"""onhand promises: when those ship that wait."""

from datetime import date
from typing import Annotated, Any

from cyclopts import Parameter

from onhand.cli import opening
from onhand.cli.errors import CliError
from onhand.cli.terminal import say, show_json, show_table
from onhand.domain.limits import PAGE_MAX_ROWS
from onhand.services import answers, told
from onhand.services.context import Onhand

LIMIT = 100
COLUMNS = ["order", "line", "sku", "warehouse", "units", "told", "now", "late", "covered by"]

Sku = Annotated[str | None, Parameter(help="Of this product only.")]
Warehouse = Annotated[str | None, Parameter(help="Of this warehouse only.")]
Limit = Annotated[int, Parameter(help="So many at most, those of the oldest reservations.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print the promises as JSON.")]


def listing(*, sku: Sku = None, warehouse: Warehouse = None, limit: Limit = LIMIT, as_json: AsJson = False) -> int:
    """Who waits, for what, and until when."""
    return _list(sku, warehouse, limit, at_risk=False, as_json=as_json)


def at_risk(*, sku: Sku = None, warehouse: Warehouse = None, limit: Limit = LIMIT, as_json: AsJson = False) -> int:
    """Promises that will be broken: later than told, or open."""
    return _list(sku, warehouse, limit, at_risk=True, as_json=as_json)


def _list(sku: str | None, warehouse: str | None, limit: int, *, at_risk: bool, as_json: bool) -> int:
    if limit < 1:
        raise CliError("--limit is a whole number from 1 on")

    async def work(onhand: Onhand) -> tuple[list[answers.ToldPromise], bool]:
        found: list[answers.ToldPromise] = []
        cursor = None
        while len(found) < limit:
            page = min(PAGE_MAX_ROWS, limit - len(found))
            read = await told.find(onhand, at_risk=at_risk, sku=sku, warehouse=warehouse, limit=page, cursor=cursor)
            found += read.items
            cursor = read.next_cursor
            if cursor is None:
                break
        return found, cursor is not None

    found, more = opening.run(work)
    if as_json:
        show_json(found)
        return 0
    if not found:
        say("onhand: no promise is at risk" if at_risk else "onhand: nobody waits")
        return 0
    show_table(COLUMNS, [_row(each) for each in found], right=("line", "units", "late"))
    if more:
        say(f"onhand: and more; --limit shows more than {limit}")
    return 0


def _row(told_: answers.ToldPromise) -> list[Any]:
    return [
        told_.order_id or told_.reservation_id,
        told_.line,
        told_.sku,
        told_.warehouse,
        told_.quantity,
        _days(told_.told["ships_from"], told_.told["ships_to"]),
        _days(told_.ships_from, told_.ships_to),
        "?" if told_.ships_to is None else told_.late_days,
        ", ".join(str(each.get("supplier") or each.get("from") or each["type"]) for each in told_.evidence) or None,
    ]


def _days(first: date | None, last: date | None) -> str:
    if first is None or last is None:
        return "nobody knows"
    return f"{first:%Y-%m-%d}" if first == last else f"{first:%Y-%m-%d} – {last:%m-%d}"
