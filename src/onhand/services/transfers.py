"""TRANSFER: stock from one warehouse to another, at once or on its way."""

from collections.abc import Sequence

from onhand.db import queries_transfer as q
from onhand.domain.commands import (
    CancelTransfer,
    Dispatch,
    ReceiveTransfer,
    TransferCommand,
    TransferLineWanted,
    WriteOffTransfer,
)
from onhand.domain.errors import FieldProblem, Invalid, Unknown
from onhand.domain.ids import Id
from onhand.domain.limits import PAGE_DEFAULT_ROWS
from onhand.domain.outcomes import TransferDone
from onhand.domain.transfer import Transfer, TransferLine
from onhand.engine.job import Key
from onhand.services import answers, capacity, rendering
from onhand.services.context import CELL, Onhand
from onhand.services.names import parse_id, products_of, warehouse_named
from onhand.services.requests import NewTransfer, TransferLoss, TransferPart
from onhand.services.requests import TransferLine as TransferLineNamed
from onhand.services.submitting import Reply, header, header_about, idempotency


async def dispatch(onhand: Onhand, actor: str, request: NewTransfer, key: str | None = None) -> Reply[answers.Transfer]:
    """Move free units; immediate ones are there at once. Raises DomainError."""
    command = await departure(onhand, actor, request)
    return await _submit(onhand, command, idempotency(actor, key, "transfer", request))


async def departure(onhand: Onhand, actor: str, request: NewTransfer) -> Dispatch:
    """The command. Raises Invalid, Unknown."""
    source = await warehouse_named(onhand, request.from_, "from")
    destination = await warehouse_named(onhand, request.to, "to")
    if source.warehouse_id == destination.warehouse_id:
        raise Invalid([FieldProblem("to", "INVALID_VALUE", "A transfer goes to another warehouse.")])
    products = await products_of(onhand, request.lines)
    return Dispatch(
        header(actor, reason=request.reason, reference=request.reference),
        source.warehouse_id,
        destination.warehouse_id,
        tuple(
            TransferLineWanted(product, line.quantity) for product, line in zip(products, request.lines, strict=True)
        ),
        immediate=request.mode == "immediate",
    )


async def receive(
    onhand: Onhand, actor: str, transfer_id: str, request: TransferPart, key: str | None = None
) -> Reply[answers.Transfer]:
    """Take in what is under way, all or some. Raises DomainError."""
    command = await arrival(onhand, actor, transfer_id, request)
    return await _submit(onhand, command, idempotency(actor, key, "receive_transfer", request, transfer_id))


async def arrival(onhand: Onhand, actor: str, transfer_id: str, request: TransferPart) -> ReceiveTransfer:
    """The command. Raises Invalid, Unknown."""
    subject = parse_id(transfer_id, "transfer_id")
    return ReceiveTransfer(header_about(actor, "transfer", subject), subject, await _parts(onhand, request.lines))


async def write_off(
    onhand: Onhand, actor: str, transfer_id: str, request: TransferLoss, key: str | None = None
) -> Reply[answers.Transfer]:
    """What is under way, all or some, is lost. Raises DomainError."""
    subject = parse_id(transfer_id, "transfer_id")
    about = header_about(actor, "transfer", subject, reason=request.reason)
    command = WriteOffTransfer(about, subject, await _parts(onhand, request.lines))
    return await _submit(onhand, command, idempotency(actor, key, "write_off_transfer", request, transfer_id))


async def _parts(onhand: Onhand, lines: Sequence[TransferLineNamed] | None) -> tuple[TransferLineWanted, ...] | None:
    if lines is None:
        return None
    products = await products_of(onhand, lines)
    return tuple(TransferLineWanted(product, line.quantity) for product, line in zip(products, lines, strict=True))


async def cancel(onhand: Onhand, actor: str, transfer_id: str, key: str | None = None) -> Reply[answers.Transfer]:
    """What is under way goes back. Raises DomainError."""
    subject = parse_id(transfer_id, "transfer_id")
    command = CancelTransfer(header_about(actor, "transfer", subject), subject)
    return await _submit(onhand, command, idempotency(actor, key, "cancel_transfer", None, transfer_id))


async def _submit(onhand: Onhand, command: Dispatch | TransferCommand, key: Key | None) -> Reply[answers.Transfer]:
    answer = await capacity.submit(onhand, command, key)
    if not isinstance(answer.verdict, TransferDone):
        raise TypeError(answer.verdict)
    rendered = await rendering.transfer(onhand, answer.verdict.transfer)
    rendered.warnings = await capacity.warnings(onhand, answer.verdict.warnings)
    return Reply(rendered, answer.replayed)


async def get(onhand: Onhand, transfer_id: str) -> answers.Transfer:
    """Raises Unknown."""
    found = await _read(onhand, [parse_id(transfer_id, "transfer_id")])
    if not found:
        raise Unknown("transfer", transfer_id)
    return found[0]


async def find(
    onhand: Onhand, *, status: str | None = None, limit: int = PAGE_DEFAULT_ROWS, cursor: str | None = None
) -> answers.Page:
    """Newest first. Raises Invalid when the cursor is not one of ours."""
    before = parse_id(cursor, "cursor") if cursor else None
    async with onhand.pool.connection() as connection:
        rows = await q.FIND_TRANSFERS.all(connection, cell=CELL, status=status, before=before, row_limit=limit + 1)
    ids = [row.transfer_id for row in rows[:limit]]
    return answers.Page(await _read(onhand, ids), str(ids[-1]) if len(rows) > limit else None)


async def _read(onhand: Onhand, ids: Sequence[Id]) -> list[answers.Transfer]:
    if not ids:
        return []
    async with onhand.pool.connection() as connection:
        heads = await q.READ_TRANSFERS.all(connection, cell=CELL, transfer_ids=list(ids))
        rows = await q.READ_TRANSFER_LINES.all(connection, cell=CELL, transfer_ids=list(ids))
    lines: dict[Id, list[TransferLine]] = {}
    for row in rows:
        lines.setdefault(row.transfer_id, []).append(TransferLine(*row[1:]))
    moved = {
        head.transfer_id: Transfer(
            head.transfer_id,
            head.from_warehouse_id,
            head.to_warehouse_id,
            head.status,
            head.created_at,
            head.created_by,
            lines.get(head.transfer_id, []),
        )
        for head in heads
    }
    return [await rendering.transfer(onhand, moved[each]) for each in ids if each in moved]
