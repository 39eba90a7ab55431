"""What the page of a product shows and the API has no route for: its past, why it has so many, what is on its way."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from onhand.db import queries_promise as q
from onhand.services import answers, ledger
from onhand.services.context import CELL, Onhand
from onhand.services.names import labels, product_named
from onhand.services.requests import LedgerFilter

HISTORY_MAX = 1_000  # ledger rows: the newest page


class Point(NamedTuple):
    """Units of a product over all its warehouses after an entry of the ledger."""

    at: datetime
    on_hand: int
    reserved: int


class Past(NamedTuple):
    """The newest entries of the ledger, oldest first, and what each type did to the units on hand since then.

    before + the changes = what is on hand now. whole: these are all entries that there are.
    """

    points: list[Point]
    before: int
    changes: dict[str, int]
    whole: bool

    @property
    def now(self) -> int:
        return self.before + sum(self.changes.values())


class Coming(NamedTuple):
    """Units under way to a warehouse. type: purchase_order or transfer; origin: the supplier or the warehouse."""

    type: str
    source_id: str
    origin: str
    warehouse: str
    units: int
    expected: date | None


async def past(onhand: Onhand, sku: str, levels: Sequence[answers.Level]) -> Past:
    """Over the newest HISTORY_MAX entries. levels: as they are now, for warehouses without an entry among those.

    Raises Unknown.
    """
    page = await ledger.find(onhand, LedgerFilter(sku=sku), HISTORY_MAX)
    return told(page.items[::-1], levels, whole=page.next_cursor is None)


def told(entries: Sequence[answers.LedgerEntry], levels: Sequence[answers.Level], *, whole: bool) -> Past:
    """From entries, oldest first: each carries its level as it was after it."""
    at = {level.warehouse: (level.on_hand, level.reserved) for level in levels}
    began = {entry.warehouse: _before(entry) for entry in reversed(entries)}
    at |= began
    before = sum(on_hand for on_hand, _ in at.values())
    changes: dict[str, int] = {}
    points = []
    for entry in entries:
        change = entry.on_hand - at[entry.warehouse][0]
        changes[entry.type] = changes.get(entry.type, 0) + change
        at[entry.warehouse] = entry.on_hand, entry.reserved
        on_hand, reserved = (sum(column) for column in zip(*at.values(), strict=True))
        points.append(Point(entry.created_at, on_hand, reserved))
    return Past(points, before, {type_: units for type_, units in changes.items() if units}, whole)


def _before(entry: answers.LedgerEntry) -> tuple[int, int]:
    """The level just before an entry, from the entry: what each type moves, docs/architecture.md."""
    if entry.type in ("RESERVE", "RELEASE"):
        return entry.on_hand, entry.reserved + entry.quantity
    reserved = entry.reserved - entry.quantity if entry.type == "FULFILL" else entry.reserved
    return entry.on_hand - entry.quantity, reserved


async def coming(onhand: Onhand, sku: str) -> list[Coming]:
    """Open lines of purchase orders and transfers, soonest first, those without a day last. Raises Unknown."""
    product_id = await product_named(onhand, sku)
    async with onhand.pool.connection() as connection:
        rows = await q.READ_INCOMING.all(connection, cell=CELL, product_ids=[product_id])
    named = await labels(onhand, [], {row.warehouse_id for row in rows})
    found = [
        Coming(row.type, str(row.source_id), row.origin, named.warehouse[row.warehouse_id], row.units, row.expected)
        for row in rows
    ]
    return sorted(found, key=lambda each: (each.expected or date.max, each.warehouse, each.source_id))
