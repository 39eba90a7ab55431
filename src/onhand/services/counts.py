"""Cycle counts while selling goes on.

A line is counted against what the book says in the same moment, so what is sold before or after changes nothing: the
difference is posted as an ADJUST of so many units, not as a new quantity.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from onhand.db import queries_count as q
from onhand.db import queries_ledger
from onhand.db.query import Connection
from onhand.domain import counting
from onhand.domain.commands import Adjust, AdjustLine, Header
from onhand.domain.errors import (
    BelowZero,
    CountClosed,
    CountNeedsApproval,
    FieldProblem,
    Invalid,
    LevelOverflow,
    Unknown,
)
from onhand.domain.ids import Id
from onhand.domain.limits import PAGE_DEFAULT_ROWS
from onhand.domain.outcomes import OperationDone
from onhand.engine.engine import new_id
from onhand.services import answers, rendering
from onhand.services.context import CELL, Onhand
from onhand.services.count_requests import Counted, CountLine, CountSession, CountTotals, NewCount
from onhand.services.names import Labels, labels, parse_id, products_of, warehouse_named
from onhand.services.suppliers import COST_BELOW

REASON = "count"


async def create(onhand: Onhand, actor: str, request: NewCount) -> CountSession:
    """Begin: what is expected is written down. Raises Invalid, Unknown."""
    products = await products_of(onhand, request.lines)
    _must_differ(products)
    _must_be_money(request)
    place = await warehouse_named(onhand, request.warehouse, "warehouse")
    count_id = new_id()
    async with onhand.pool.connection() as connection, connection.transaction():
        await q.INSERT_COUNT.run(
            connection,
            cell=CELL,
            count_id=count_id,
            warehouse_id=place.warehouse_id,
            approval_limit=request.approval_limit,
            approval_value=None if request.approval_value is None else str(request.approval_value),
            currency=request.currency,
            now=onhand.now(),
            actor=actor,
        )
        await q.INSERT_COUNT_LINES.run(
            connection,
            cell=CELL,
            count_id=count_id,
            warehouse_id=place.warehouse_id,
            product_ids=products,
            unit_costs=[None if line.unit_cost is None else str(line.unit_cost) for line in request.lines],
        )
    return await get(onhand, str(count_id))


async def record(onhand: Onhand, count: str, request: Counted, *, dry_run: bool = False) -> CountSession:
    """Write down what lies there at this moment, or lay there at another since it began. It takes an approval back.

    dry_run: only tell what it would come to. Raises CountClosed, Invalid, Unknown.
    """
    count_id = parse_id(count, "count_id")
    products = await products_of(onhand, request.lines)
    _must_differ(products)
    async with onhand.pool.connection() as connection, connection.transaction(force_rollback=dry_run):
        session = await _open(connection, count_id)
        lines = await q.READ_COUNT_LINES.all(connection, cell=CELL, count_ids=[count_id])
        known = {line.product_id for line in lines}
        for index, product in enumerate(products):
            if product not in known:
                raise Invalid([FieldProblem(f"lines[{index}].sku", "INVALID_VALUE", "It is not part of this count.")])
        times = [_during(onhand, session, line.counted_at, index) for index, line in enumerate(request.lines)]
        if any(times):
            await q.SHARE_COUNTED_LEVELS.all(
                connection, cell=CELL, warehouse_id=session.warehouse_id, product_ids=products
            )
        await q.RECORD_COUNTS.run(
            connection,
            cell=CELL,
            count_id=count_id,
            warehouse_id=session.warehouse_id,
            product_ids=products,
            counteds=[line.counted_quantity for line in request.lines],
            counted_ats=times,
        )
        await q.APPROVE_COUNT.run(connection, cell=CELL, count_id=count_id, approved_by=None)
        rows = await _rows(connection, [count_id])
    return (await _render(onhand, *rows))[0]


def _during(onhand: Onhand, session: q.CountRow, at: datetime | None, index: int) -> datetime | None:
    """A time without an offset is UTC. Raises Invalid where it is not between the beginning and now."""
    if at is None:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if not session.created_at <= at <= onhand.now():
        detail = "It lies between the beginning of the count and now."
        raise Invalid([FieldProblem(f"lines[{index}].counted_at", "OUT_OF_RANGE", detail)])
    return at


async def approve(onhand: Onhand, actor: str, count: str) -> CountSession:
    """Let it be posted whatever it found, as counted until now. Raises CountClosed, Invalid, Unknown."""
    count_id = parse_id(count, "count_id")
    async with onhand.pool.connection() as connection, connection.transaction():
        await _open(connection, count_id)
        await q.APPROVE_COUNT.run(connection, cell=CELL, count_id=count_id, approved_by=actor)
    return await get(onhand, count)


async def cancel(onhand: Onhand, count: str) -> CountSession:
    """End it and post nothing; again changes nothing. Raises CountClosed, Invalid, Unknown."""
    count_id = parse_id(count, "count_id")
    async with onhand.pool.connection() as connection, connection.transaction():
        session = await _locked(connection, count_id)
        if session.status == "posted" or await _is_posted(connection, count_id):
            raise CountClosed(count_id, "posted")
        await q.END_COUNT.run(connection, cell=CELL, count_id=count_id, status="cancelled", posted_at=None)
    return await get(onhand, count)


async def post(onhand: Onhand, actor: str, count: str) -> CountSession:
    """One ADJUST of every line that was counted; posting again changes nothing.

    Raises CountClosed, CountNeedsApproval, BelowZero (more is missing than is left by now: count again), Unknown,
    Invalid.
    """
    count_id = parse_id(count, "count_id")
    done: OperationDone | None = None
    async with onhand.pool.connection() as connection, connection.transaction():
        session = await _locked(connection, count_id)
        if session.status == "cancelled":
            raise CountClosed(count_id, session.status)
        if session.status == "open":
            # There already where an earlier posting ended between its ADJUST and this transaction's commit.
            if not await _is_posted(connection, count_id):
                lines = await q.READ_COUNT_LINES.all(connection, cell=CELL, count_ids=[count_id])
                done = await _adjust(onhand, actor, session, lines)
            await q.END_COUNT.run(connection, cell=CELL, count_id=count_id, status="posted", posted_at=onhand.now())
    posted = await get(onhand, count)
    if done is not None:  # Named now that our connection is free: names may take another one.
        posted.short = (await rendering.operation(onhand, done)).short
    return posted


async def _adjust(onhand: Onhand, actor: str, session: q.CountRow, lines: Sequence[q.CountLineRow]) -> OperationDone:
    counted = [line for line in lines if line.counted is not None]
    if not counted:
        raise Invalid([FieldProblem("count_id", "MISSING_FIELD", "Nothing has been counted yet.")])
    if _needs_approval(session, lines) and session.approved_by is None:
        found = _found(lines)
        raise CountNeedsApproval(
            session.count_id,
            max(abs(line.variance) for line in found),
            session.approval_limit,
            str(counting.totals(found).value_off),
            session.approval_value,
            session.currency,
        )
    command = Adjust(
        Header(session.count_id, actor, REASON, "count", str(session.count_id)),
        tuple(
            AdjustLine(line.product_id, session.warehouse_id, REASON, quantity_change=_variance(line))
            for line in counted
        ),
    )
    try:
        verdict = (await onhand.engine.submit(command)).verdict
    except (BelowZero, LevelOverflow) as error:
        raise replace(error, line=counted[error.line].line) from None  # The count's line: not all of them are posted.
    if not isinstance(verdict, OperationDone):
        raise TypeError(verdict)
    return verdict


def _variance(line: q.CountLineRow) -> int | None:
    return None if line.counted is None or line.book is None else line.counted - line.book


def _found(lines: Sequence[q.CountLineRow]) -> list[counting.Found]:
    """Of the lines that were counted."""
    return [
        counting.Found(variance, _decimal(line.unit_cost))
        for line in lines
        if (variance := _variance(line)) is not None
    ]


def _needs_approval(session: q.CountRow, lines: Sequence[q.CountLineRow]) -> bool:
    return counting.needs_approval(_found(lines), session.approval_limit, _decimal(session.approval_value))


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _must_be_money(request: NewCount) -> None:
    """Raises Invalid."""
    amounts = {"approval_value": request.approval_value}
    amounts |= {f"lines[{index}].unit_cost": line.unit_cost for index, line in enumerate(request.lines)}
    for path, amount in amounts.items():
        if amount is not None and not (amount.is_finite() and 0 <= amount < COST_BELOW):
            detail = f"An amount is at least 0 and below {COST_BELOW:,}."
            raise Invalid([FieldProblem(path, "OUT_OF_RANGE", detail)])
    if request.approval_value is not None and request.currency is None:
        raise Invalid([FieldProblem("currency", "MISSING_FIELD", "A limit in money has a currency.")])


def _must_differ(products: Sequence[Id]) -> None:
    first: dict[Id, int] = {}
    for index, product in enumerate(products):
        if first.setdefault(product, index) != index:
            detail = f"This product stands in lines[{first[product]}] already."
            raise Invalid([FieldProblem(f"lines[{index}].sku", "INVALID_VALUE", detail)])


async def _locked(connection: Connection, count_id: Id) -> q.CountRow:
    session = await q.LOCK_COUNT.first(connection, cell=CELL, count_id=count_id)
    if session is None:
        raise Unknown("count", str(count_id))
    return session


async def _open(connection: Connection, count_id: Id) -> q.CountRow:
    session = await _locked(connection, count_id)
    if session.status != "open":
        raise CountClosed(count_id, session.status)
    if await _is_posted(connection, count_id):
        raise CountClosed(count_id, "posted")
    return session


async def _is_posted(connection: Connection, count_id: Id) -> bool:
    return bool(await queries_ledger.FIND_OPERATIONS.all(connection, cell=CELL, operation_ids=[count_id]))


async def get(onhand: Onhand, count: str) -> CountSession:
    """Raises Unknown, Invalid."""
    found = await _read(onhand, [parse_id(count, "count_id")])
    if not found:
        raise Unknown("count", count)
    return found[0]


async def find(
    onhand: Onhand, *, status: str | None = None, limit: int = PAGE_DEFAULT_ROWS, cursor: str | None = None
) -> answers.Page:
    """Newest first. Raises Invalid."""
    before = parse_id(cursor, "cursor") if cursor else None
    async with onhand.pool.connection() as connection:
        rows = await q.FIND_COUNTS.all(connection, cell=CELL, status=status, before=before, row_limit=limit + 1)
    ids = [row.count_id for row in rows[:limit]]
    return answers.Page(await _read(onhand, ids), str(ids[-1]) if len(rows) > limit else None)


async def _read(onhand: Onhand, ids: Sequence[Id]) -> list[CountSession]:
    async with onhand.pool.connection() as connection, connection.transaction():
        rows = await _rows(connection, ids)
    return await _render(onhand, *rows)


async def _rows(connection: Connection, ids: Sequence[Id]) -> tuple[list[q.CountRow], list[q.CountLineRow]]:
    sessions = await q.READ_COUNTS.all(connection, cell=CELL, count_ids=list(ids))
    return sessions, await q.READ_COUNT_LINES.all(connection, cell=CELL, count_ids=list(ids))


async def _render(onhand: Onhand, sessions: Sequence[q.CountRow], rows: Sequence[q.CountLineRow]) -> list[CountSession]:
    lines: dict[Id, list[q.CountLineRow]] = {}
    for row in rows:
        lines.setdefault(row.count_id, []).append(row)
    places = [session.warehouse_id for session in sessions]
    names = await labels(onhand, [row.product_id for row in rows], places)
    return [
        CountSession(
            count_id=str(session.count_id),
            warehouse=names.warehouse[session.warehouse_id],
            status=session.status,
            approval_limit=session.approval_limit,
            approval_value=session.approval_value,
            currency=session.currency,
            needs_approval=_needs_approval(session, lines.get(session.count_id, [])),
            approved_by=session.approved_by,
            created_at=session.created_at,
            created_by=session.created_by,
            posted_at=session.posted_at,
            totals=_totals(lines.get(session.count_id, [])),
            lines=[_line(line, names) for line in lines.get(session.count_id, [])],
        )
        for session in sessions
    ]


def _totals(lines: Sequence[q.CountLineRow]) -> CountTotals:
    found = _found(lines)
    sums = counting.totals(found)
    return CountTotals(
        len(lines), len(found), sums.units, sums.units_off, str(sums.value), str(sums.value_off), sums.unvalued
    )


def _line(line: q.CountLineRow, names: Labels) -> CountLine:
    variance = _variance(line)
    value = None if variance is None else counting.Found(variance, _decimal(line.unit_cost)).value
    return CountLine(
        line=line.line,
        sku=names.sku[line.product_id],
        expected=line.expected,
        moved=None if line.book is None else line.book - line.expected,
        counted_quantity=line.counted,
        variance=variance,
        unit_cost=line.unit_cost,
        variance_value=None if value is None else str(value),
    )
