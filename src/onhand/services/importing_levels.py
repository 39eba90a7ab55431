"""Settings of levels by the thousand rows: thresholds, quantities, limits. Quantities of stock are read over."""

import asyncio
from collections.abc import Iterable, Sequence

import msgspec

from onhand.db import queries_level as q
from onhand.domain.ids import Id
from onhand.services import levels
from onhand.services.context import CELL, Onhand
from onhand.services.importing import (
    Advance,
    Problem,
    Record,
    Refusal,
    Refuse,
    Summary,
    chunks,
    product_ids,
    whole,
    whole_problem,
)
from onhand.services.requests import LevelSettings

SETTINGS = ("reorder_threshold", "reorder_quantity", "backorder_limit", "safety_stock")
# Those of the export.
LEVEL_COLUMNS = (
    *("sku", "warehouse", "on_hand", "reserved", "backordered", "available", "incoming", "damaged", "quality_control"),
    *SETTINGS,
    "set_aside",
)
REQUIRED_LEVEL_COLUMNS = ("sku", "warehouse")
AT_ONCE = 8
Key = tuple[Id, Id]


async def import_levels(
    onhand: Onhand,
    records: Iterable[Record],
    *,
    given: frozenset[str],
    dry_run: bool,
    refuse: Refuse,
    advance: Advance,
) -> Summary:
    """Set the columns `given` in the file; an empty cell clears. What is so already is left as it is.

    Raises psycopg.Error.
    """
    summary = Summary()
    columns = [name for name in SETTINGS if name in given]
    for chunk in chunks(records):
        skus = {record.cells[0] for record in chunk if record.problem is None and "\0" not in record.cells[0]}
        products = await product_ids(onhand, skus)
        if not {record.cells[1] for record in chunk} <= onhand.directory.by_code.keys():
            await onhand.directory.read_warehouses()
        wanted: dict[Key, tuple[Record, dict[str, int | None]]] = {}
        for record in chunk:
            parsed = record.problem or _parse(onhand, record.cells, products, columns)
            if isinstance(parsed, Problem):
                summary.refused += 1
                refuse(Refusal(record, parsed))
                continue
            if parsed[0] in wanted:
                summary.existing += 1  # The last row of a level counts.
            wanted[parsed[0]] = (record, parsed[1])
        there = await _there(onhand, list(wanted))
        changed = [row for key, row in wanted.items() if there.get(key, _UNSET) != _whole(there.get(key), row[1])]
        summary.existing += len(wanted) - len(changed)
        summary.created += sum(1 for key in wanted if key not in there)
        summary.updated += len(changed) - sum(1 for key in wanted if key not in there)
        if not dry_run:
            for start in range(0, len(changed), AT_ONCE):
                await asyncio.gather(*(_put(onhand, *row) for row in changed[start : start + AT_ONCE]))
        summary.rows += len(chunk)
        advance(summary.rows)
    return summary


_UNSET: dict[str, int | None] = {"never": None}


def _whole(before: dict[str, int | None] | None, after: dict[str, int | None]) -> dict[str, int | None]:
    return {**(before or {}), **after}


async def _there(onhand: Onhand, keys: Sequence[Key]) -> dict[Key, dict[str, int | None]]:
    async with onhand.pool.connection() as connection:
        rows = await q.READ_LEVEL_SETTINGS.all(
            connection, cell=CELL, product_ids=[key[0] for key in keys], warehouse_ids=[key[1] for key in keys]
        )
    return {(row.product_id, row.warehouse_id): {name: getattr(row, name) for name in SETTINGS} for row in rows}


async def _put(onhand: Onhand, record: Record, settings: dict[str, int | None]) -> None:
    await levels.put(onhand, record.cells[0], record.cells[1], msgspec.convert(settings, LevelSettings))


def _parse(
    onhand: Onhand, cells: list[str], products: dict[str, Id], columns: Sequence[str]
) -> tuple[Key, dict[str, int | None]] | Problem:
    row = dict(zip(LEVEL_COLUMNS, cells, strict=True))
    for column in REQUIRED_LEVEL_COLUMNS:
        if not row[column]:
            return Problem(column, "MISSING_FIELD", f"{column} is empty.")
    if row["sku"] not in products:
        return Problem("sku", "NOT_FOUND", f"There is no SKU {row['sku']!r}.")
    place = onhand.directory.by_code.get(row["warehouse"])
    if place is None:
        return Problem("warehouse", "NOT_FOUND", f"There is no warehouse {row['warehouse']!r}.")
    settings: dict[str, int | None] = {}
    for column in columns:
        least = 1 if column == "reorder_quantity" else 0
        number = whole(row[column]) if row[column] else None
        if row[column] and (number is None or number < least):
            return whole_problem(column, row[column], least)
        settings[column] = 0 if number is None and column == "safety_stock" else number
    return (products[row["sku"]], place.warehouse_id), settings
