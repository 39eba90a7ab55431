"""Cycle counts while selling goes on.

A line is counted against what the book says in the same moment, so what is sold before or after changes nothing: the
difference is posted as an ADJUST of so many units, not as a new quantity.
"""

from collections.abc import Sequence

from onhand.db import queries as stock_queries
from onhand.db import queries_count as q
from onhand.db.query import Connection
from onhand.domain.commands import Adjust, AdjustLine, Header
from onhand.domain.errors import CountClosed, CountNeedsApproval, FieldProblem, Invalid, Unknown
from onhand.domain.ids import Id
from onhand.domain.limits import PAGE_DEFAULT_ROWS
from onhand.domain.outcomes import OperationDone
from onhand.engine.engine import new_id
from onhand.services import answers, rendering
from onhand.services.context import CELL, Onhand
from onhand.services.count_requests import Counted, CountLine, CountSession, NewCount
from onhand.services.names import labels, parse_id, products_of, warehouse_named

REASON = "count"


async def create(onhand: Onhand, actor: str, request: NewCount) -> CountSession:
    """Begin: what is expected is written down. Raises Invalid, Unknown."""
    products = await products_of(onhand, request.lines)
    _must_differ(products)
    place = await warehouse_named(onhand, request.warehouse, "warehouse")
    count_id = new_id()
    async with onhand.pool.connection() as connection, connection.transaction():
        await q.INSERT_COUNT.run(
            connection,
            cell=CELL,
            count_id=count_id,
            warehouse_id=place.warehouse_id,
            approval_limit=request.approval_limit,
            now=onhand.now(),
            actor=actor,
        )
        await q.INSERT_COUNT_LINES.run(
            connection, cell=CELL, count_id=count_id, warehouse_id=place.warehouse_id, product_ids=products
        )
    return await get(onhand, str(count_id))


async def record(onhand: Onhand, count: str, request: Counted) -> CountSession:
    """Write down what lies there at this moment. It takes an approval back. Raises CountClosed, Invalid, Unknown."""
    count_id = parse_id(count, "count_id")
    products = await products_of(onhand, request.lines)
    _must_differ(products)
    async with onhand.pool.connection() as connection, connection.transaction():
        session = await _open(connection, count_id)
        lines = await q.READ_COUNT_LINES.all(connection, cell=CELL, count_ids=[count_id])
        known = {line.product_id for line in lines}
        for index, product in enumerate(products):
            if product not in known:
                raise Invalid([FieldProblem(f"lines[{index}].sku", "INVALID_VALUE", "It is not part of this count.")])
        await q.RECORD_COUNTS.run(
            connection,
            cell=CELL,
            count_id=count_id,
            warehouse_id=session.warehouse_id,
            product_ids=products,
            counteds=[line.counted_quantity for line in request.lines],
        )
        await q.APPROVE_COUNT.run(connection, cell=CELL, count_id=count_id, approved_by=None)
    return await get(onhand, count)


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
    short: list[answers.ShortReservation] = []
    async with onhand.pool.connection() as connection, connection.transaction():
        session = await _locked(connection, count_id)
        if session.status == "cancelled":
            raise CountClosed(count_id, session.status)
        if session.status == "open":
            # There already where an earlier posting ended between its ADJUST and this transaction's commit.
            if not await _is_posted(connection, count_id):
                lines = await q.READ_COUNT_LINES.all(connection, cell=CELL, count_ids=[count_id])
                short = await _adjust(onhand, actor, session, lines)
            await q.END_COUNT.run(connection, cell=CELL, count_id=count_id, status="posted", posted_at=onhand.now())
    posted = await get(onhand, count)
    posted.short = short
    return posted


async def _adjust(
    onhand: Onhand, actor: str, session: q.CountRow, lines: Sequence[q.CountLineRow]
) -> list[answers.ShortReservation]:
    """What is left short."""
    counted = [line for line in lines if line.counted is not None]
    if not counted:
        raise Invalid([FieldProblem("count_id", "MISSING_FIELD", "Nothing has been counted yet.")])
    if _needs_approval(session, lines) and session.approved_by is None:
        most = max(abs(_variance(line) or 0) for line in counted)
        raise CountNeedsApproval(session.count_id, most, session.approval_limit or 0)
    command = Adjust(
        Header(session.count_id, actor, REASON, "count", str(session.count_id)),
        tuple(
            AdjustLine(line.product_id, session.warehouse_id, REASON, quantity_change=_variance(line))
            for line in counted
        ),
    )
    verdict = (await onhand.engine.submit(command)).verdict
    if not isinstance(verdict, OperationDone):
        raise TypeError(verdict)
    return (await rendering.operation(onhand, verdict)).short


def _variance(line: q.CountLineRow) -> int | None:
    return None if line.counted is None or line.book is None else line.counted - line.book


def _needs_approval(session: q.CountRow, lines: Sequence[q.CountLineRow]) -> bool:
    limit = session.approval_limit
    return limit is not None and any(abs(_variance(line) or 0) > limit for line in lines)


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
    return bool(await stock_queries.FIND_OPERATIONS.all(connection, cell=CELL, operation_ids=[count_id]))


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
        sessions = await q.READ_COUNTS.all(connection, cell=CELL, count_ids=list(ids))
        lines: dict[Id, list[q.CountLineRow]] = {}
        for row in await q.READ_COUNT_LINES.all(connection, cell=CELL, count_ids=list(ids)):
            lines.setdefault(row.count_id, []).append(row)
    products = [line.product_id for each in lines.values() for line in each]
    names = await labels(onhand, products, [session.warehouse_id for session in sessions])
    return [
        CountSession(
            count_id=str(session.count_id),
            warehouse=names.warehouse[session.warehouse_id],
            status=session.status,
            approval_limit=session.approval_limit,
            needs_approval=_needs_approval(session, lines.get(session.count_id, [])),
            approved_by=session.approved_by,
            created_at=session.created_at,
            created_by=session.created_by,
            posted_at=session.posted_at,
            lines=[
                CountLine(
                    line=line.line,
                    sku=names.sku[line.product_id],
                    expected=line.expected,
                    moved=None if line.book is None else line.book - line.expected,
                    counted_quantity=line.counted,
                    variance=_variance(line),
                )
                for line in lines.get(session.count_id, [])
            ],
        )
        for session in sessions
    ]
