"""One batch, one transaction: lock the levels once in key order, decide, write, commit."""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import psycopg
from psycopg import errors as pg

from onhand.db import queries_idempotency, queries_ledger, queries_level, queries_reservation, queries_transfer
from onhand.db import queries_return as back
from onhand.db import queries_room as room
from onhand.db import queries_routing as qr
from onhand.db import queries_supply as supply
from onhand.db.arrays import Blobs, Ids
from onhand.db.exchange import Asked
from onhand.db.exchange import ExchangingConnection as Connection
from onhand.domain.admitting import RoomUnknown
from onhand.domain.commands import Command, Reserve
from onhand.domain.decide import Verdict, decide
from onhand.domain.errors import IdempotencyKeyReused
from onhand.domain.ids import Id, NewId
from onhand.domain.level import Level
from onhand.domain.routing import Ranker
from onhand.domain.world import MissingFactsError, World
from onhand.engine import outcome
from onhand.engine.directory import Directory
from onhand.engine.job import Answer, Job
from onhand.engine.planning import Foresight, foresee, shelves, shelves_and_safety
from onhand.engine.reading import Facts, Wants, fetch_missing, wants, widened
from onhand.engine.writing import writes

Seen = Callable[[Iterable[Level], float], None]  # levels after a batch; since when, by time.monotonic(). Never raises.
REVISION = Asked(qr.READ_WAREHOUSE_REVISION.sql)
BEGIN, COMMIT, DO_NOT_WAIT = Asked("BEGIN"), Asked("COMMIT"), Asked("SET LOCAL synchronous_commit TO OFF")
CONFLICTS = (pg.DeadlockDetected, pg.SerializationFailure)
REFUSED = (psycopg.IntegrityError, psycopg.DataError, *CONFLICTS)  # the server says no: nothing was committed


def utc_now() -> datetime:
    return datetime.now(UTC)


class Batch:
    """The jobs of one transaction, and what became of them at each attempt."""

    def __init__(
        self,
        jobs: Sequence[Job],
        *,
        cell: int,
        new_id: NewId,
        directory: Directory,
        now: Callable[[], datetime] = utc_now,
        committing: list[Answer] | None = None,
        seen: Seen | None = None,
    ) -> None:
        self.jobs = jobs
        self.cell = cell
        self.new_id = new_id
        self.directory = directory
        self.now = now
        self.seen = seen
        self.committing = committing  # What was sent to COMMIT and not answered: maybe it happened.

    async def attempt(self, connection: Connection) -> list[Answer]:
        """Run the transaction once and give each job its answer, in order.

        Raises psycopg.Error; after an OperationalError with committing set, the outcome is unknown, and a further
        attempt finds out by the operation ids.
        """
        wanted = wants([job.command for job in self.jobs])
        await self.directory.warehouses(connection)
        ranker = self.directory.ranker
        foresight = await self._locate(connection, wanted, ranker)
        while True:
            facts, replays, committed = await self._lock(connection, wanted)
            if committed and self.committing is not None:
                await _forget(connection)
                return self.committing
            if facts.revision and facts.revision[0][0] != self.directory.revision:  # Another process has changed them.
                await _forget(connection)
                await self.directory.read_warehouses(connection)
                ranker = self.directory.ranker
                foresight = await self._locate(connection, wanted, ranker)
                continue
            if facts.are_locked(wanted.keys):
                facts.foresight = foresight
                try:
                    answers, world = await self._decide(connection, wanted, facts, replays, ranker)
                    break
                except MissingFactsError as missing:  # Planned stock is gone: lock where the next plan leads.
                    wanted.keys.update(missing.levels)
                    await _forget(connection)
            else:  # A reservation was committed between locating and locking.
                await _forget(connection)
                foresight = await self._locate(connection, wanted, ranker)
        statements = list(writes(world, self.cell))
        # Keys live by the real clock, whatever time it is in a story.
        statements += self._idempotency(answers, utc_now())
        held_s = time.monotonic()  # Until here, at least, the locks kept the levels as they are.
        if statements:
            await self._commit(connection, statements, answers)
        else:
            await _forget(connection)
        if self.seen is not None:
            self.seen(world.levels.values(), held_s)
        return answers

    async def _commit(
        self, connection: Connection, statements: Sequence[tuple[Any, dict[str, Any]]], answers: list[Answer]
    ) -> None:
        unanswered, self.committing = self.committing, answers
        try:
            await connection.exchange([*(Asked(statement.sql, given) for statement, given in statements), COMMIT])
        except REFUSED:
            self.committing = unanswered
            raise

    async def _locate(self, connection: Connection, wanted: Wants, ranker: Ranker) -> Foresight:
        """Find the levels that reservations and transfers lead to, which never change, and plan the routed orders."""
        if not wanted.must_be_located:
            return Foresight()
        asked, inbound = [], []
        for query, name, ids, brings in (
            (queries_level.FIND_LEVELS_OF_RESERVATIONS, "reservation_ids", wanted.reservations, False),
            (queries_level.FIND_LEVELS_OF_RESERVATIONS, "reservation_ids", wanted.returned, True),
            (queries_level.FIND_LEVELS_OF_TRANSFERS, "transfer_ids", wanted.transfers, True),
            (supply.FIND_LEVELS_OF_PURCHASE_ORDERS, "purchase_order_ids", wanted.purchase_orders, True),
            (qr.READ_SHELVES_AND_SAFETY if ranker.spares else qr.READ_SHELVES, "product_ids", wanted.products, False),
        ):
            if ids:
                asked.append(Asked(query.sql, {"cell": self.cell, name: Ids(sorted(ids))}))
                inbound.append(brings)
        told = await connection.exchange(asked)
        stock = told.pop() if wanted.products else None
        for keys, brings in zip(told, inbound, strict=False):  # The products come last.
            wanted.keys.update(keys)
            if brings:
                wanted.rooms.update(warehouse for _, warehouse in keys)
        if stock is None:
            return Foresight()
        commands = [job.command for job in self.jobs]
        seen, safety = shelves_and_safety(stock) if ranker.spares else (shelves(stock), {})
        foresight = foresee(commands, seen, safety, ranker)
        wanted.keys |= foresight.keys
        return foresight

    async def _lock(self, connection: Connection, wanted: Wants) -> tuple[Facts, dict[Id, tuple[Id, bytes]], bool]:
        keys = sorted(wanted.keys)
        digests = sorted({job.key.digest for job in self.jobs if job.key})
        facts = Facts()
        reads: list[tuple[list[tuple[Any, ...]], Asked]] = []
        kept: list[tuple[Any, ...]] = []
        settled: list[tuple[Any, ...]] = []
        for into, query, parameters in (
            (
                facts.levels,
                queries_level.LOCK_LEVELS if keys else None,
                {"product_ids": Ids([key[0] for key in keys]), "warehouse_ids": Ids([key[1] for key in keys])},
            ),
            (kept, queries_idempotency.READ_IDEMPOTENCY if digests else None, {"digests": Ids(digests)}),
            *self._holders(facts, wanted),
            (
                settled,
                queries_ledger.FIND_OPERATIONS if self.committing else None,
                {"operation_ids": Ids(self._operation_ids())},
            ),
        ):
            if query is not None:
                reads.append((into, Asked(query.sql, {"cell": self.cell, **parameters})))
        reads.append((facts.revision, REVISION))
        _, *told = await connection.exchange([BEGIN, *(asked for _, asked in reads)])
        for (into, _), rows in zip(reads, told, strict=True):
            into.extend(rows)
        return facts, {row[0]: (row[1], row[2]) for row in kept}, bool(settled)

    def _holders(self, facts: Facts, wanted: Wants) -> list[tuple[list[tuple[Any, ...]], Any, dict[str, Any]]]:
        """Reservations and transfers, read after their levels are locked: whoever changes them holds those locks."""
        reads: list[tuple[list[tuple[Any, ...]], Any, dict[str, Any]]] = []
        if wanted.rooms:  # First: nothing may wait for them that holds more than levels.
            ids = {"warehouse_ids": Ids(sorted(wanted.rooms))}
            reads += [([], room.HOLD_UNCOUNTED_ROOMS, ids), (facts.rooms, room.LOCK_ROOMS, ids)]
        if wanted.reservations or wanted.returned:
            ids = {"reservation_ids": Ids(sorted(wanted.reservations | wanted.returned))}
            reads += [
                (facts.reservations, queries_reservation.READ_RESERVATIONS, ids),
                (facts.lines, queries_reservation.READ_RESERVATION_LINES, ids),
            ]
        if wanted.transfers:
            ids = {"transfer_ids": Ids(sorted(wanted.transfers))}
            reads += [
                (facts.transfers, queries_transfer.READ_TRANSFERS, ids),
                (facts.transfer_lines, queries_transfer.READ_TRANSFER_LINES, ids),
            ]
        if wanted.purchase_orders:
            ids = {"purchase_order_ids": Ids(sorted(wanted.purchase_orders))}
            reads += [
                (facts.purchase_orders, supply.READ_PURCHASE_ORDERS, ids),
                (facts.purchase_order_lines, supply.READ_PURCHASE_ORDER_LINES, ids),
            ]
        if wanted.drafted:
            drafted = sorted(wanted.drafted)
            ids = {"product_ids": Ids([key[0] for key in drafted]), "warehouse_ids": Ids([key[1] for key in drafted])}
            reads.append((facts.drafted, supply.READ_DRAFTED, ids))
        if wanted.returned:
            ids = {"reservation_ids": Ids(sorted(wanted.returned))}
            reads.append((facts.returned, back.READ_RETURNED_LINES, ids))
        return reads

    def _operation_ids(self) -> list[Id]:
        return [job.command.header.operation_id for job in self.jobs]

    async def _decide(
        self,
        connection: Connection,
        wanted: Wants,
        facts: Facts,
        replays: dict[Id, tuple[Id, bytes]],
        ranker: Ranker,
    ) -> tuple[list[Answer], World]:
        fresh: list[Command] = [job.command for job in self.jobs if job.key is None or job.key.digest not in replays]
        if replays or not all(isinstance(command, Reserve) for command in fresh):
            # The plans took what a replay does not take again, and knew nothing of what other commands give back: which
            # warehouse an order gets must not hang on what else is in its batch.
            facts.foresight.plans.clear()
        now = self.now()
        while True:
            world = facts.world(now, self.new_id, ranker)
            try:
                verdicts = iter(decide(world, fresh))
                break
            except MissingFactsError as missing:
                if missing.levels:
                    raise
                await fetch_missing(connection, self.cell, facts, widened(missing, wanted, facts))
        answers = []
        for job in self.jobs:
            replay = replays.get(job.key.digest) if job.key else None
            answers.append(Answer(next(verdicts)) if replay is None or job.key is None else _replay(job.key, *replay))
        return answers, world

    def _idempotency(self, answers: Sequence[Answer], now: datetime) -> list[tuple[Any, dict[str, Any]]]:
        keyed = sorted(
            (job.key.digest, job.key.request_digest, outcome.encode(cast("Verdict", answer.verdict)))
            for job, answer in zip(self.jobs, answers, strict=True)
            if job.key and not answer.replayed and not isinstance(answer.verdict, RoomUnknown)
        )
        if not keyed:
            return []
        parameters = {
            "cell": self.cell,
            "now": now,
            "digests": Ids([row[0] for row in keyed]),
            "request_digests": Ids([row[1] for row in keyed]),
            "outcomes": Blobs([row[2] for row in keyed]),
        }
        return [(queries_idempotency.INSERT_IDEMPOTENCY, parameters)]


def _replay(key: Any, request_digest: Id, stored: bytes) -> Answer:  # noqa: ANN401
    if key.request_digest != request_digest:
        return Answer(IdempotencyKeyReused(), replayed=True)
    return Answer(outcome.decode(stored), replayed=True)


async def _forget(connection: Connection) -> None:
    """End a transaction that wrote nothing, without waiting for the disk."""
    await connection.exchange([DO_NOT_WAIT, COMMIT])
