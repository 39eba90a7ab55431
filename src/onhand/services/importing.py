"""Stock received by the million rows. Good rows go in, refused ones are told.

Stock goes in by chunks of a file, each a RECEIVE of its own whose ids follow from the file's content. The same content
imported again therefore continues where a crash ended it, takes in rows whose refusal has been mended since, and
receives nothing twice.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

import msgspec
from psycopg import errors as pg

from onhand.db import queries_catalog, queries_transport
from onhand.db.connect import connect
from onhand.domain import limits
from onhand.domain.commands import Header, Receive, StockLine
from onhand.domain.errors import CapacityExceeded, Excess, LevelOverflow, OutcomeUnknown, WarehouseInactive
from onhand.domain.ids import Id
from onhand.domain.outcomes import OperationDone
from onhand.domain.routing import Warehouse
from onhand.engine.job import Answer, Key
from onhand.services import capacity
from onhand.services.context import CELL, Onhand

ACTOR = "cli:import"
STOCK_COLUMNS = ("sku", "warehouse", "quantity")
CHUNK_ROWS = limits.LINES_MAX
CHUNKS_AT_ONCE = 12  # two lanes with a full batch each, and some being read
IDS_AT_ONCE = 1_000
OUTCOME_RETRIES_MAX = 20
OUTCOMES_FOR = timedelta(seconds=limits.IDEMPOTENCY_KEPT_S) - timedelta(days=1)

# Control characters, and what the reader makes of bytes that are not UTF-8.
BAD_TEXT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


class Record(NamedTuple):
    """One row: its first line in the file, its cells in the order of the columns, and what the reader found wrong."""

    line: int
    cells: list[str]
    problem: "Problem | None" = None


class Problem(NamedTuple):
    """Why a row was refused. column None: the row as a whole."""

    column: str | None
    code: str
    reason: str


class Refusal(NamedTuple):
    record: Record
    problem: Problem


class Summary(msgspec.Struct):
    """What became of the rows. already: received by an earlier import of the same content; created and repeated are
    orders, not rows, where orders are imported, and repeated those that an earlier import made.
    """

    rows: int = 0
    created: int = 0
    updated: int = 0
    existing: int = 0
    received: int = 0
    units: int = 0
    already: int = 0
    repeated: int = 0
    refused: int = 0


Refuse = Callable[[Refusal], None]
Advance = Callable[[int], None]


class AlreadyRunningError(Exception):
    """Another process imports the same content at this moment."""


def chunks(records: Iterable[Record], size: int = CHUNK_ROWS) -> Iterator[list[Record]]:
    """Lists of `size` records, the last one shorter. Always the same for the same content."""
    source = iter(records)
    while chunk := list(islice(source, size)):
        yield chunk


class StockImport:
    """One import of one content. repetition: 0, or the how manieth deliberate import of the same content this is."""

    def __init__(
        self, onhand: Onhand, digest: bytes, *, name: str, repetition: int, refuse: Refuse, advance: Advance
    ) -> None:
        self.summary = Summary()
        self._onhand = onhand
        self._digest = digest
        self._repetition = repetition
        self._refuse = refuse
        self._advance = advance
        self._reason = BAD_TEXT.sub("?", f"import of {name}")[: limits.REASON_MAX_CHARS]
        self._forgotten: set[int] = set()

    async def run(self, records: Iterable[Record], rows: int, *, dry_run: bool = False) -> Summary:
        """Receive all of it, a few chunks at a time. Raises DomainError, psycopg.Error; running it again continues."""
        if not dry_run:
            self._forgotten = await self._received_long_ago(rows)
        running: set[asyncio.Task[None]] = set()
        try:
            for number, chunk in enumerate(chunks(records)):
                if len(running) >= CHUNKS_AT_ONCE:
                    done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()
                running.add(asyncio.create_task(self._import(number, chunk, dry_run=dry_run)))
            for task in list(running):
                await task
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        return self.summary

    async def _received_long_ago(self, rows: int) -> set[int]:
        """Chunks whose outcome is no longer kept: they are in, but which of their rows were refused is forgotten."""
        received = await received_chunks(self._onhand, self._digest, self._repetition, rows)
        before = self._onhand.now() - OUTCOMES_FOR
        return {number for number, at in received.items() if at < before}

    async def _import(self, number: int, chunk: list[Record], *, dry_run: bool) -> None:
        good = await self._resolve(chunk)
        if dry_run:
            self.summary.received += len(good)
            self.summary.units += sum(line.quantity for _, line in good)
        elif number in self._forgotten:
            self.summary.already += len(good)
        else:
            await self._receive(number, good)
        self.summary.rows += len(chunk)
        self._advance(self.summary.rows)

    async def _resolve(self, chunk: list[Record]) -> list[tuple[Record, StockLine]]:
        """The rows that can be received; the others are refused."""
        skus = {record.cells[0] for record in chunk if record.problem is None and _may_be_sku(record.cells[0])}
        ids = await product_ids(self._onhand, skus)
        places = self._onhand.directory.by_code
        if not {record.cells[1] for record in chunk if record.problem is None} <= places.keys():
            await self._onhand.directory.read_warehouses()
            places = self._onhand.directory.by_code
        good = []
        for record in chunk:
            line = None if record.problem else _stock_line(record.cells, ids, places)
            if line is None:
                self._refuse_row(record, record.problem or _stock_problem(record.cells, ids, places))
            else:
                good.append((record, line))
        return good

    async def _receive(self, number: int, rows: list[tuple[Record, StockLine]]) -> None:
        """Receive the rows that are not in yet.

        A further part follows where rows have become good since an earlier import, a further attempt where the engine
        refuses a row of a part.
        """
        part = attempt = 0
        while rows:
            try:
                answer = await self._submit(number, part, attempt, [line for _, line in rows])
            except (LevelOverflow, WarehouseInactive) as error:
                attempt += 1
                if not error.replayed:
                    record, _ = rows.pop(error.line)
                    self._refuse_row(record, _refused_by_engine(error))
                continue
            except CapacityExceeded as error:
                attempt += 1
                if not error.replayed:
                    for excess in reversed(error.excesses):
                        self._refuse_row(rows.pop(excess.line)[0], _no_room(excess))
                continue
            if not isinstance(answer.verdict, OperationDone):
                raise TypeError(answer.verdict)
            if not answer.replayed:
                self.summary.received += len(rows)
                self.summary.units += sum(line.quantity for _, line in rows)
                return
            missing = _not_in(answer.verdict, rows)
            self.summary.already += len(rows) - len(missing)
            rows, part, attempt = missing, part + 1, 0

    async def _submit(self, number: int, part: int, attempt: int, lines: list[StockLine]) -> Answer:
        operation_id = chunk_id(self._digest, self._repetition, number, part)
        header = Header(operation_id, ACTOR, self._reason, "import", self._digest.hex()[:16])
        digest = derived("key", operation_id, attempt)
        for _ in range(OUTCOME_RETRIES_MAX):
            try:
                return await capacity.submit(self._onhand, Receive(header, tuple(lines)), Key(digest, digest))
            except (OutcomeUnknown, pg.UniqueViolation):
                # It is in, or it is not: the same key tells. UniqueViolation: the process that a crash ended had sent
                # this very chunk, and PostgreSQL finished it while we asked.
                await asyncio.sleep(0.1)
        raise OutcomeUnknown

    def _refuse_row(self, record: Record, problem: Problem) -> None:
        self.summary.refused += 1
        self._refuse(Refusal(record, problem))


async def product_ids(onhand: Onhand, skus: set[str]) -> dict[str, Id]:
    """Asked of the database for each chunk: a file may name more products than a process keeps."""
    async with onhand.pool.connection() as connection:
        cursor = await connection.execute(queries_catalog.FIND_PRODUCTS_BY_SKU.sql, {"skus": list(skus)}, binary=True)
        return dict(await cursor.fetchall())


@asynccontextmanager
async def only_import(onhand: Onhand, digest: bytes) -> AsyncIterator[None]:
    """Nobody else imports this content meanwhile. Raises AlreadyRunningError."""
    connection = await connect(onhand.url)
    try:
        number = int.from_bytes(digest[:8], "big", signed=True)
        row = await queries_transport.LOCK_IMPORT.first(connection, digest=number)
        if row is None or not row.locked:
            raise AlreadyRunningError
        yield
    finally:
        await connection.close()


async def received_chunks(onhand: Onhand, digest: bytes, repetition: int, rows: int) -> dict[int, datetime]:
    """Number → time of the chunks of this content that are in."""
    numbers = {chunk_id(digest, repetition, number, 0): number for number in range(-(-rows // CHUNK_ROWS))}
    found = {}
    async with onhand.pool.connection() as connection:
        for ids in _slices(sorted(numbers), IDS_AT_ONCE):
            for row in await queries_transport.FIND_IMPORTED_CHUNKS.all(connection, cell=CELL, operation_ids=ids):
                found[numbers[row.operation_id]] = row.created_at
    return found


async def next_repetition(onhand: Onhand, digest: bytes, rows: int) -> int:
    """Which repetition a deliberate further import is: the last one begun while it lacks chunks, else a new one."""
    repetition = 0
    complete = -(-rows // CHUNK_ROWS)
    while found := await received_chunks(onhand, digest, repetition, rows):
        following = await received_chunks(onhand, digest, repetition + 1, rows)
        if not following and len(found) < complete:
            return repetition
        repetition += 1
    return repetition


def chunk_id(digest: bytes, repetition: int, number: int, part: int) -> Id:
    """The operation_id of a part of a chunk: a UUIDv8 (RFC 9562), as it is made of content and not of time."""
    return derived("chunk", digest, repetition, number, part)


def derived(*facts: object) -> Id:
    """A UUIDv8 (RFC 9562) made of facts."""
    text = "\0".join(fact.hex() if isinstance(fact, bytes) else str(fact) for fact in ("onhand import", *facts))
    raw = bytearray(blake2b(text.encode(), digest_size=16).digest())
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    return Id(raw)


def _slices(ids: list[Id], size: int) -> Iterator[list[Id]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _may_be_sku(text: str) -> bool:
    return 0 < len(text) <= limits.SKU_MAX_CHARS and not BAD_TEXT.search(text)


def _stock_line(cells: list[str], ids: dict[str, Id], places: dict[str, Warehouse]) -> StockLine | None:
    product, place, quantity = ids.get(cells[0]), places.get(cells[1]), whole(cells[2])
    if product is None or place is None or not place.active or not quantity:
        return None
    return StockLine(product, place.warehouse_id, quantity)


def _stock_problem(cells: list[str], ids: dict[str, Id], places: dict[str, Warehouse]) -> Problem:
    sku, code, quantity = cells
    for column, cell in zip(STOCK_COLUMNS, cells, strict=True):
        if not cell:
            return Problem(column, "MISSING_FIELD", f"{column} is empty.")
    if sku not in ids:
        return Problem("sku", "NOT_FOUND", f"There is no SKU {sku!r}.")
    if code not in places:
        return Problem("warehouse", "NOT_FOUND", f"There is no warehouse {code!r}.")
    if not places[code].active:
        return Problem("warehouse", "WAREHOUSE_INACTIVE", f"Warehouse {code} takes no new stock.")
    return whole_problem("quantity", quantity, 1)


def _refused_by_engine(error: LevelOverflow | WarehouseInactive) -> Problem:
    if isinstance(error, WarehouseInactive):
        return Problem("warehouse", error.code, "The warehouse takes no new stock.")
    return Problem("quantity", error.code, f"The level would exceed {limits.QUANTITY_MAX_UNITS} units.")


def _no_room(excess: Excess) -> Problem:
    reason = f"The warehouse has room for {excess.free} {excess.capacity_in}, this takes {excess.requested}."
    return Problem("warehouse", "CAPACITY_EXCEEDED", reason)


def _not_in(done: OperationDone, rows: list[tuple[Record, StockLine]]) -> list[tuple[Record, StockLine]]:
    """Rows that an earlier import did not receive. Equal rows count as often as they were received."""
    received = Counter((line.product, line.warehouse, line.quantity) for line in done.lines)
    missing = []
    for row in rows:
        wanted = (row[1].product, row[1].warehouse, row[1].quantity)
        if received[wanted]:
            received[wanted] -= 1
        else:
            missing.append(row)
    return missing


def whole(text: str) -> int | None:
    """A whole number of units, or None for anything else."""
    if not text.isdecimal() or not text.isascii() or len(text) > 10:
        return None
    number = int(text)
    return number if number <= limits.QUANTITY_MAX_UNITS else None


def whole_problem(column: str, text: str, low: int) -> Problem:
    whole = text.removeprefix("-").isdecimal() and text.isascii()
    code = "OUT_OF_RANGE" if whole else "INVALID_VALUE"
    return Problem(column, code, f"{text!r} is not a whole number from {low} to {limits.QUANTITY_MAX_UNITS}.")
