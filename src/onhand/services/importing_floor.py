"""What happens on the floor, by CSV: receipts, adjustments, state changes, transfers.

Rows that belong together (of one order that arrives, of one transfer) are one operation, whole or not at all; every
other row is one of its own. Their ids follow from the file's content: the same content imported again continues where a
crash ended it, tries anew what was refused, and does nothing twice. A dry run has the engine decide all of it under the
locks, in the order of the file, and rolls back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import msgspec
from psycopg import errors as pg

from onhand.db import queries_transport as q
from onhand.domain.commands import Adjust, ChangeState, Dispatch, Receive, ReceivePurchaseOrder, ReceiveTransfer
from onhand.domain.errors import DomainError, FieldProblem, Invalid, OutcomeUnknown, Overloaded, Unavailable
from onhand.domain.ids import Id
from onhand.domain.limits import LINES_MAX
from onhand.services import capacity, purchase_orders, stock, transfers
from onhand.services.context import CELL, Onhand
from onhand.services.importing import (
    ACTOR,
    OUTCOME_RETRIES_MAX,
    Advance,
    Problem,
    Record,
    Refusal,
    Refuse,
    Summary,
    derived,
)
from onhand.services.importing_refusals import of_error, of_request
from onhand.services.requests import NewAdjustment, NewReceipt, NewStateChange, NewTransfer, TransferPart
from onhand.services.supply_requests import Arrival

Moved = Receive | Adjust | ChangeState | Dispatch | ReceivePurchaseOrder | ReceiveTransfer
Cells = dict[str, str]
Ask = Callable[[Onhand, Sequence[Cells]], Awaitable[Moved]]
AT_ONCE = 64  # operations that wait for the engine at the same moment
LOOKED_AT = 256  # operations of one dry run's transaction
LINES_LOOKED_AT = 4 * LINES_MAX
ANOTHER = "OPERATION_REFUSED"
NUMBERS = frozenset(
    {"quantity", "quantity_change", "counted_quantity", "expected_on_hand", "damaged", "quality_control"}
)
GIVE_UP = (Overloaded, Unavailable, OutcomeUnknown)


class Kind(NamedTuple):
    """One kind of file. together: rows that follow each other and agree in these, where given, are one operation."""

    columns: tuple[str, ...]
    required: tuple[str, ...]
    together: tuple[str, ...]
    ask: Ask


class Operation(NamedTuple):
    """number: of the operation in the file, from 0."""

    number: int
    records: list[Record]
    rows: list[Cells]


class FloorImport:
    """One import of one content. repetition: 0, or the how manieth deliberate import of the same content this is."""

    def __init__(
        self,
        onhand: Onhand,
        kind: Kind,
        digest: bytes,
        *,
        repetition: int = 0,
        dry_run: bool,
        refuse: Refuse,
        advance: Advance,
    ) -> None:
        self.summary = Summary()
        self._onhand = onhand
        self._kind = kind
        self._digest = digest
        self._repetition = repetition
        self._dry_run = dry_run
        self._refuse = refuse
        self._advance = advance

    async def run(self, records: Iterable[Record]) -> Summary:
        """Raises psycopg.Error, and DomainError when the database stays away: run it again then."""
        for some in self._together(operations(self._kind, records)):
            asked = await asyncio.gather(*(self._asked(each) for each in some))
            commands = [(each, command) for each, command in zip(some, asked, strict=True) if command is not None]
            done = await self._done({command.header.operation_id for _, command in commands})
            self.summary.repeated += len(done)
            fresh = [(each, command) for each, command in commands if command.header.operation_id not in done]
            if self._dry_run:
                answers = await capacity.preview(self._onhand, [command for _, command in fresh]) if fresh else []
                verdicts = [answer.verdict for answer in answers]
            else:
                verdicts = await asyncio.gather(*(self._submit(command) for _, command in fresh))
            for (each, _), verdict in zip(fresh, verdicts, strict=True):
                if isinstance(verdict, DomainError) and not isinstance(verdict, GIVE_UP):
                    self._refuse_all(each, of_error(verdict))
                elif isinstance(verdict, Exception):
                    raise verdict
                else:
                    self.summary.created += 1
            self.summary.rows += sum(len(each.records) for each in some)
            self._advance(self.summary.rows)
        return self.summary

    def _together(self, source: Iterable[Operation]) -> Iterator[list[Operation]]:
        """Some at a time. Those that touch the same product stay in the order of the file: a dry run judges them in it,
        and an import sends them one after the other.
        """
        some: list[Operation] = []
        touched: set[str] = set()
        lines = 0
        for each in source:
            skus = {row["sku"] for row in each.rows}
            many = lines + len(each.rows) > LINES_LOOKED_AT
            if some and (many or len(some) >= (LOOKED_AT if self._dry_run else AT_ONCE) or self._again(skus & touched)):
                yield some
                some, touched, lines = [], set(), 0
            some.append(each)
            touched |= skus
            lines += len(each.rows)
        if some:
            yield some

    def _again(self, touched: set[str]) -> bool:
        return bool(touched) and not self._dry_run

    async def _asked(self, each: Operation) -> Moved | None:
        """The command; None: the operation was refused."""
        problems = {n: record.problem for n, record in enumerate(each.records) if record.problem is not None}
        if not problems and len(each.rows) > LINES_MAX:
            problems = {LINES_MAX: Problem(None, "OUT_OF_RANGE", f"One operation has at most {LINES_MAX:,} lines.")}
        if not problems:
            try:
                command = await self._kind.ask(self._onhand, each.rows)
                identity = derived("floor", self._digest, self._repetition, each.number)
                return msgspec.structs.replace(
                    command, header=msgspec.structs.replace(command.header, operation_id=identity)
                )
            except msgspec.ValidationError as error:
                problems = of_request(error)
            except GIVE_UP:
                raise
            except DomainError as error:
                problems = of_error(error)
        self._refuse_all(each, problems)
        return None

    async def _submit(self, command: Moved) -> Any:  # noqa: ANN401
        for _ in range(OUTCOME_RETRIES_MAX):
            try:
                return (await capacity.submit(self._onhand, command)).verdict
            except (OutcomeUnknown, pg.UniqueViolation):
                # It is in, or it is not: its id tells.
                await asyncio.sleep(0.1)
                if await self._done({command.header.operation_id}):
                    return None
            except DomainError as error:
                return error
        raise OutcomeUnknown

    async def _done(self, ids: set[Id]) -> set[Id]:
        async with self._onhand.pool.connection() as connection:
            rows = await q.FIND_IMPORTED_CHUNKS.all(connection, cell=CELL, operation_ids=sorted(ids))
        return {row.operation_id for row in rows}

    def _refuse_all(self, each: Operation, problems: dict[int, Problem]) -> None:
        """The rows that are to blame with their reason, the others with a hint to the first of them."""
        first = each.records[min(*problems, len(each.records) - 1)].line
        for index, record in enumerate(each.records):
            why = problems.get(index) or Problem(None, ANOTHER, f"Line {first} of the same operation was refused.")
            self.summary.refused += 1
            self._refuse(Refusal(record, why))


async def next_repetition(onhand: Onhand, digest: bytes, kind: Kind, records: Iterable[Record]) -> int:
    """Which repetition a deliberate further import is: one more than the last of which anything is in."""
    numbers = [each.number for each in operations(kind, records)]
    repetition = 0
    while await _any(onhand, [derived("floor", digest, repetition, number) for number in numbers]):
        repetition += 1
    return repetition


async def _any(onhand: Onhand, ids: Sequence[Id]) -> bool:
    async with onhand.pool.connection() as connection:
        for start in range(0, len(ids), LINES_MAX):
            some = list(ids[start : start + LINES_MAX])
            if await q.FIND_IMPORTED_CHUNKS.all(connection, cell=CELL, operation_ids=some):
                return True
    return False


def operations(kind: Kind, records: Iterable[Record]) -> Iterator[Operation]:
    """The rows, as operations; always the same for the same content."""
    places = [kind.columns.index(column) for column in kind.together]
    lone = 0

    def belongs(record: Record) -> tuple[object, ...]:
        nonlocal lone
        names = tuple(record.cells[place] for place in places)
        if any(names):
            return names
        lone += 1
        return (lone,)

    for number, (_, same) in enumerate(groupby(records, key=belongs)):
        mine = list(same)
        yield Operation(number, mine, [dict(zip(kind.columns, record.cells, strict=True)) for record in mine])


def _line(cells: Cells, *columns: str, **renamed: str) -> dict[str, Any]:
    """What of a row is given, numbers as numbers where they are some."""
    wanted = {column: column for column in columns} | renamed
    return {field: _value(column, cells[column]) for field, column in wanted.items() if cells[column]}


def _value(column: str, cell: str) -> str | int:
    digits = cell.removeprefix("-")
    return int(cell) if column in NUMBERS and digits.isdecimal() and digits.isascii() and len(digits) <= 10 else cell


async def _adjustment(onhand: Onhand, rows: Sequence[Cells]) -> Moved:
    columns = ("sku", "warehouse", "reason", "quantity_change", "counted_quantity", "expected_on_hand")
    body = {"lines": [_line(row, *columns) for row in rows]}
    return await stock.adjustment(onhand, ACTOR, msgspec.convert(body, NewAdjustment))


async def _state_change(onhand: Onhand, rows: Sequence[Cells]) -> Moved:
    body = {"lines": [_line(row, "sku", "warehouse", "quantity", "from", "to", "reason") for row in rows]}
    return await stock.state_change(onhand, ACTOR, msgspec.convert(body, NewStateChange))


async def _receipt(onhand: Onhand, rows: Sequence[Cells]) -> Moved:
    order, transfer = rows[0]["purchase_order_id"], rows[0]["transfer_id"]
    columns = ("sku", "warehouse", "quantity", "damaged", "quality_control")
    if order:
        arrived = msgspec.convert({"lines": [_line(row, *columns) for row in rows]}, Arrival)
        return await purchase_orders.arrival(onhand, ACTOR, order, arrived)
    if transfer:
        _must_be_empty(rows, ("damaged", "quality_control"), "A transfer arrives whole: change the state afterwards.")
        part = msgspec.convert({"lines": [_line(row, "sku", "quantity") for row in rows]}, TransferPart)
        return await transfers.arrival(onhand, ACTOR, transfer, part)
    body = {"lines": [_line(row, *columns) for row in rows], **_line(rows[0], "reason")}
    return await stock.receipt(onhand, ACTOR, msgspec.convert(body, NewReceipt))


async def _transfer(onhand: Onhand, rows: Sequence[Cells]) -> Moved:
    happened = "What happened to a transfer is not imported; receive it here."
    _must_be_empty(rows, ("received", "cancelled", "lost"), happened)
    for index, row in enumerate(rows):
        for column in ("from_warehouse", "to_warehouse", "mode", "status"):
            if row[column] != rows[0][column]:
                detail = f"The transfer's first row says {rows[0][column]!r}."
                raise Invalid([FieldProblem(f"lines[{index}].{column}", "INVALID_VALUE", detail)])
    head = _line(rows[0], "mode", "reason", **{"from": "from_warehouse", "to": "to_warehouse"})
    if "mode" not in head and rows[0]["status"] == "in_transit":
        head["mode"] = "in_transit"
    body = {**head, "lines": [_line(row, "sku", "quantity") for row in rows]}
    return await transfers.departure(onhand, ACTOR, msgspec.convert(body, NewTransfer))


def _must_be_empty(rows: Sequence[Cells], columns: Sequence[str], detail: str) -> None:
    for index, row in enumerate(rows):
        for column in columns:
            if row[column] not in ("", "0"):
                raise Invalid([FieldProblem(f"lines[{index}].{column}", "INVALID_VALUE", detail)])


KINDS = {
    "receipts": Kind(
        (
            *("purchase_order_id", "transfer_id", "sku", "warehouse", "quantity"),
            *("damaged", "quality_control", "reason"),
        ),
        ("sku", "quantity"),
        ("purchase_order_id", "transfer_id"),
        _receipt,
    ),
    "adjustments": Kind(
        ("sku", "warehouse", "quantity_change", "counted_quantity", "expected_on_hand", "reason"),
        ("sku", "warehouse", "reason"),
        (),
        _adjustment,
    ),
    "state_changes": Kind(
        ("sku", "warehouse", "quantity", "from", "to", "reason"),
        ("sku", "warehouse", "quantity", "from", "to", "reason"),
        (),
        _state_change,
    ),
    "transfers": Kind(
        (
            *("transfer_id", "status", "from_warehouse", "to_warehouse", "line", "sku", "quantity", "open"),
            *("received", "cancelled", "lost", "created_at", "created_by", "mode", "reason"),
        ),
        ("from_warehouse", "to_warehouse", "sku", "quantity"),
        ("transfer_id",),
        _transfer,
    ),
}
