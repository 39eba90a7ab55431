"""Returns by the thousand rows: each row a return of its own, whose id follows from the file's content.

The same content imported again therefore continues where a crash ended it, and takes nothing back twice.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, get_args

import msgspec

from onhand.db import queries_reservation as q
from onhand.domain.commands import TakeBack
from onhand.domain.customer_return import CustomerReturn
from onhand.domain.errors import (
    CapacityExceeded,
    DomainError,
    Invalid,
    LevelOverflow,
    QuantityExceedsFulfilled,
    Unknown,
    WarehouseInactive,
)
from onhand.domain.ids import Id
from onhand.domain.outcomes import ReturnDone
from onhand.domain.reservation import allocation_of
from onhand.domain.returning import deal
from onhand.services import capacity, returns
from onhand.services.context import CELL, Onhand
from onhand.services.importing import (
    ACTOR,
    Advance,
    Problem,
    Record,
    Refusal,
    Refuse,
    Summary,
    chunks,
    derived,
    whole,
    whole_problem,
)
from onhand.services.return_requests import Disposition, NewReturn

RETURN_COLUMNS = ("reservation_id", "order_id", "sku", "quantity", "disposition", "warehouse", "reason")
REQUIRED_RETURN_COLUMNS = ("sku", "quantity", "disposition")
ORDERS_AT_ONCE = 64
UNKNOWN_IN = {"sku": "sku", "warehouse": "warehouse", "order": "order_id"}  # what there is not, and its column
EXPECTED = (Invalid, Unknown, QuantityExceedsFulfilled, LevelOverflow, WarehouseInactive, CapacityExceeded)


class ReturnImport:
    """One import of one content."""

    def __init__(self, onhand: Onhand, digest: bytes, *, dry_run: bool, refuse: Refuse, advance: Advance) -> None:
        self.summary = Summary()
        self._onhand = onhand
        self._digest = digest
        self._dry_run = dry_run
        self._refuse = refuse
        self._advance = advance
        self._checked: dict[Id, list[CustomerReturn]] = {}

    async def run(self, records: Iterable[Record]) -> Summary:
        """Take back row by row, those of one order in the order of the file. Raises psycopg.Error, DomainError."""
        number = 0
        for chunk in chunks(records):
            by_order: dict[tuple[str, ...], list[tuple[int, Record]]] = {}
            for number, record in enumerate(chunk, number):  # noqa: B020  it goes on from chunk to chunk
                by_order.setdefault(tuple(record.cells[:2]), []).append((number, record))
            number += 1
            orders = list(by_order.values())
            for start in range(0, len(orders), ORDERS_AT_ONCE):
                await asyncio.gather(*(self._in_turn(rows) for rows in orders[start : start + ORDERS_AT_ONCE]))
            self.summary.rows += len(chunk)
            self._advance(self.summary.rows)
        return self.summary

    async def _in_turn(self, rows: list[tuple[int, Record]]) -> None:
        for number, record in rows:
            new = record.problem or parse_return(record.cells)
            done = new if isinstance(new, Problem) else await self._one(number, new)
            if isinstance(done, Problem):
                self.summary.refused += 1
                self._refuse(Refusal(record, done))
            else:
                self.summary.already += not done.new
                self.summary.received += done.new
                self.summary.units += sum(p.quantity for p in done.parts if done.new and p.warehouse is not None)

    async def _one(self, number: int, new: NewReturn) -> CustomerReturn | Problem:
        try:
            command = await returns.to_take_back(self._onhand, ACTOR, new)
            named = msgspec.structs.replace(command.header, operation_id=derived("return", self._digest, number))
            command = msgspec.structs.replace(command, header=named)
            return await (self._check(command) if self._dry_run else self._submit(command))
        except EXPECTED as error:
            return _problem(error)

    async def _submit(self, command: TakeBack) -> CustomerReturn:
        answer = await capacity.submit(self._onhand, command)
        if not isinstance(answer.verdict, ReturnDone):
            raise TypeError(answer.verdict)
        return answer.verdict.customer_return

    async def _check(self, command: TakeBack) -> CustomerReturn:
        """What would be accepted of what is shipped now, with the rows before it. Raises QuantityExceedsFulfilled."""
        async with self._onhand.pool.connection() as connection:
            rows = await q.READ_RESERVATION_LINES.all(connection, cell=CELL, reservation_ids=list(command.reservations))
        allocations = [allocation_of(row) for row in rows]
        allocations.sort(key=lambda allocation: command.reservations.index(allocation.reservation))
        for reservation in command.reservations:
            if reservation not in self._checked:
                self._checked[reservation] = await returns.known(self._onhand, [reservation])
        before = [each for reservation in command.reservations for each in self._checked[reservation]]
        for each in before:
            if each.return_id == command.header.operation_id:
                return each
        parts = [part for _, part in deal(command.lines, allocations, before)]
        made = CustomerReturn(command.header.operation_id, None, None, self._onhand.now(), ACTOR, parts, new=True)
        for reservation in command.reservations:
            own = [part for part in parts if part.reservation == reservation]
            self._checked[reservation].append(msgspec.structs.replace(made, parts=own))
        return made


def parse_return(cells: list[str]) -> NewReturn | Problem:
    """A return of one line, of a row whose cells stand in the order of RETURN_COLUMNS."""
    row = {column: cell for column, cell in zip(RETURN_COLUMNS, cells, strict=True) if cell}
    for column in REQUIRED_RETURN_COLUMNS:
        if column not in row:
            return Problem(column, "MISSING_FIELD", f"{column} is empty.")
    if ("reservation_id" in row) == ("order_id" in row):
        return Problem("reservation_id", "MISSING_FIELD", "Give either reservation_id or order_id.")
    quantity = whole(row["quantity"])
    if not quantity:
        return whole_problem("quantity", row["quantity"], 1)
    if row["disposition"] not in get_args(Disposition):
        kinds = ", ".join(get_args(Disposition))
        return Problem("disposition", "INVALID_VALUE", f"{row['disposition']!r} is none of {kinds}.")
    line: dict[str, Any] = {n: row[n] for n in ("sku", "disposition", "warehouse", "reason") if n in row}
    head: dict[str, Any] = {n: row[n] for n in ("reservation_id", "order_id") if n in row}
    try:
        return msgspec.convert(head | {"lines": [line | {"quantity": quantity}]}, NewReturn)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$.")
        return Problem(path.rstrip("`").rpartition(".")[2] or None, "INVALID_VALUE", text + ".")


def _problem(error: DomainError) -> Problem:
    match error:
        case QuantityExceedsFulfilled():
            text = f"{error.fulfilled} units were shipped and {error.returned} came back; {error.requested} cannot."
            return Problem("quantity", error.code, text)
        case Unknown():
            column = UNKNOWN_IN.get(error.kind, "reservation_id")
            return Problem(column, error.code, f"There is no {error.kind} {error.name!r}.")
        case Invalid(fields=[field, *_]):
            return Problem(field.path.rpartition(".")[2], field.code, field.detail)
        case CapacityExceeded():
            return Problem("warehouse", error.code, "The warehouse is full.")
        case WarehouseInactive():
            return Problem("warehouse", error.code, "The warehouse takes no new stock.")
    return Problem("quantity", error.code, "The level would hold more than it can count.")
