"""Proving the laws over the whole store, in SQL, and mending the books by ledger entries (laws 1, 2 and 5)."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from onhand.db import queries_reconciliation as q
from onhand.db import queries_return as back
from onhand.db import queries_supply as supply
from onhand.db import queries_transfer as moves
from onhand.db.query import Query
from onhand.domain.commands import Header, Repair
from onhand.domain.ids import Id
from onhand.domain.outcomes import OperationDone
from onhand.engine.engine import new_id
from onhand.services import answers, causes, rendering
from onhand.services.context import CELL, Onhand
from onhand.services.names import labels

DIFFERENCES_MAX = 1_000  # of each kind, in one report
LAST_OPERATIONS = 5
ACTOR = "system:reconcile"

Progress = Callable[[str, int, int], None]  # what is being proved, how many checks are done, of how many


class Difference(msgspec.Struct):
    """One place where the books disagree: what each of them says, why probably, and what touched it last."""

    law: int
    kind: str
    cause: str
    facts: dict[str, Any]
    sku: str | None = None
    warehouse: str | None = None
    last_operations: list[dict[str, Any]] = []


class Report(msgspec.Struct):
    """A proof. clean: no difference is left; repairs: the ledger entries written to get there."""

    reconciliation_id: str
    started_at: datetime
    finished_at: datetime
    clean: bool
    levels: int
    ledger_rows: int
    reservations: int
    on_hand: int
    reserved: int
    backordered: int
    differences: list[Difference]
    repaired: list[Difference] = []
    repairs: list[answers.Operation] = []
    truncated: bool = False


class Check(NamedTuple):
    """A query whose every row is a breach of a law."""

    name: str
    law: int
    query: Query[Any]
    cause: Callable[[Any], str]


CHECKS = (
    Check("level_constraints", 1, q.FIND_LIMIT_BREAKS, causes.of_constraint),
    Check("ledger_sums", 2, q.FIND_LEDGER_DIFFERENCES, causes.of_ledger),
    Check("reservation_sums", 2, q.FIND_RESERVATION_DIFFERENCES, causes.of_reservations),
    Check("reservation_status", 2, q.FIND_STATUS_DIFFERENCES, causes.of_status),
    Check("incoming_sums", 2, supply.FIND_INCOMING_DIFFERENCES, causes.of_incoming),
    Check("state_sums", 2, supply.FIND_STATE_DIFFERENCES, causes.of_states),
    Check("loss_sums", 2, moves.FIND_LOSS_DIFFERENCES, causes.of_losses),
    Check("return_sums", 2, back.FIND_RETURN_DIFFERENCES, causes.of_returns),
    Check("return_ledger", 2, back.FIND_UNBOOKED_RETURNS, causes.of_unbooked_return),
    Check("ledger_chain", 5, q.FIND_CHAIN_BREAKS, causes.of_chain),
    Check("ledger_operations", 5, q.FIND_ORPHANED_LEDGER, causes.of_orphan),
)


class _Proof(NamedTuple):
    report: Report
    keys: dict[tuple[Id, Id], bool]  # the levels that differ, and whether their ledger's chain is broken


async def run(onhand: Onhand, *, repair: bool = False, progress: Progress | None = None) -> Report:
    """Prove the laws on one snapshot, while selling goes on; with repair, mend what was found and prove again.

    Reads the whole ledger: seconds per million rows. Raises psycopg.Error.
    """
    proof = await _prove(onhand, progress)
    report = proof.report
    if repair and proof.keys:
        repairs = await _repair(onhand, proof.keys)
        report = (await _prove(onhand, progress)).report
        report.repairs = repairs
        report.repaired = [each for each in proof.report.differences if each not in report.differences]
    async with onhand.pool.connection() as connection:
        await q.INSERT_RECONCILIATION.run(
            connection,
            reconciliation_id=Id.parse(report.reconciliation_id),
            started_at=report.started_at,
            finished_at=report.finished_at,
            report=msgspec.json.encode(report).decode(),
        )
    return report


async def last(onhand: Onhand) -> Report | None:
    """The last proof, whoever ran it."""
    async with onhand.pool.connection() as connection:
        row = await q.READ_LAST_RECONCILIATION.first(connection)
    return msgspec.convert(row.report, Report) if row else None


async def _prove(onhand: Onhand, progress: Progress | None) -> _Proof:
    started_at = onhand.now()
    found: list[tuple[Check, Any]] = []
    truncated = False
    async with onhand.pool.connection() as connection, connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for number, check in enumerate(CHECKS):
            if progress:
                progress(check.name, number, len(CHECKS))
            rows = await check.query.all(connection, row_limit=DIFFERENCES_MAX)
            truncated = truncated or len(rows) == DIFFERENCES_MAX
            found += [(check, row) for row in rows]
        guards = await q.READ_LEDGER_GUARD.all(connection)
        proved = (await q.COUNT_PROVED.all(connection))[0]
    if progress:
        progress("done", len(CHECKS), len(CHECKS))
    differences = await _differences(onhand, found)
    if not guards[0].guards:
        differences.append(Difference(5, "ledger_unguarded", causes.UNGUARDED, {}))
    report = Report(
        str(new_id()), started_at, onhand.now(), not differences, *proved, differences=differences, truncated=truncated
    )
    broken = {_key(row) for check, row in found if check.query is q.FIND_CHAIN_BREAKS}
    return _Proof(report, {_key(row): _key(row) in broken for _, row in found if hasattr(row, "warehouse_id")})


def _key(row: Any) -> tuple[Id, Id]:  # noqa: ANN401  rows of several types that name a level
    return row.product_id, row.warehouse_id


async def _differences(onhand: Onhand, found: Iterable[tuple[Check, Any]]) -> list[Difference]:
    found = list(found)
    keys = {_key(row) for _, row in found if hasattr(row, "warehouse_id")}
    names = await labels(onhand, [key[0] for key in keys], [key[1] for key in keys])
    history = await _last_operations(onhand, keys)
    differences = []
    for check, row in found:
        facts = {name: str(value) if isinstance(value, Id) else value for name, value in row._asdict().items()}
        difference = Difference(check.law, check.name, check.cause(row), facts)
        if hasattr(row, "warehouse_id"):
            product, warehouse = _key(row)
            difference.sku, difference.warehouse = names.sku[product], names.warehouse[warehouse]
            difference.last_operations = history[product, warehouse]
        differences.append(difference)
    return differences


async def _last_operations(onhand: Onhand, keys: set[tuple[Id, Id]]) -> dict[tuple[Id, Id], list[dict[str, Any]]]:
    history = {}
    async with onhand.pool.connection() as connection:
        for product, warehouse in keys:
            rows = await q.READ_LAST_ENTRIES.all(
                connection, cell=CELL, product_id=product, warehouse_id=warehouse, row_limit=LAST_OPERATIONS
            )
            history[product, warehouse] = [
                {name: str(value) if isinstance(value, Id) else value for name, value in row._asdict().items()}
                for row in rows
            ]
    return history


async def _repair(onhand: Onhand, keys: dict[tuple[Id, Id], bool]) -> list[answers.Operation]:
    """One ADJUST (and RESERVE or RELEASE) per level, under its lock, by the engine as every operation."""
    repairs = []
    for (product, warehouse), chain_broken in sorted(keys.items()):
        header = Header(new_id(), ACTOR, "reconciliation")
        answer = await onhand.engine.submit(Repair(header, product, warehouse, chain_broken))
        if isinstance(answer.verdict, OperationDone):
            repairs.append(await rendering.operation(onhand, answer.verdict))
    return repairs
