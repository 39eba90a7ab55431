"""A lane: one connection that runs one batch after the other. A batch is what arrived while the last one committed."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import psycopg
import structlog
from psycopg import errors as pg

from onhand.db.connect import connect
from onhand.db.exchange import ExchangingConnection as Connection
from onhand.domain.errors import DomainError, OutcomeUnknown, Unavailable
from onhand.domain.limits import RETRIES_MAX
from onhand.engine.batch import CONFLICTS
from onhand.engine.job import Answer, Job

UNREACHABLE_MAX_S = 10.0  # how long callers wait for a database that has gone away
RECONNECT_PAUSE_S = 0.1
MADE_MEANWHILE = ("level_pkey", "idempotency_pkey")  # another batch was first: start again and find it
# The connection is gone, or leads to a server that has become a standby.
LOST = (psycopg.OperationalError, pg.IdleInTransactionSessionTimeout, pg.ReadOnlySqlTransaction)

log = structlog.get_logger()


class Runs(Protocol):
    """What a lane runs: it is attempted until it succeeds, or until that has no more hope."""

    @property
    def committing(self) -> list[Answer] | None: ...
    async def attempt(self, connection: Connection) -> list[Answer]: ...


MakeBatch = Callable[[Sequence[Job], list[Answer] | None], Runs]


class Lane:
    """Runs batches on its own connection; makes a new one when it breaks."""

    def __init__(self, url: str, make_batch: MakeBatch) -> None:
        self._url = url
        self._make_batch = make_batch
        self._connection: Connection | None = None
        self._unreachable_since: float | None = None

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def run(self, jobs: Sequence[Job], committing: list[Answer] | None = None) -> None:
        """Give every job its answer, whatever happens.

        committing: what an earlier attempt sent to COMMIT without an answer.
        """
        batch = self._make_batch(jobs, committing)
        try:
            answers = await self._answers(batch)
        except DomainError as error:
            answers = [Answer(error)] * len(jobs)
        except Exception as error:
            if len(jobs) == 1:
                log.exception("command_failed", command=type(jobs[0].command).__name__)
                jobs[0].given = Answer(error)
                return
            log.warning("batch_split", jobs=len(jobs), error=repr(error))
            half = len(jobs) // 2  # One of them is the cause: the others shall not suffer for it.
            unanswered = batch.committing
            await self.run(jobs[:half], unanswered and unanswered[:half])
            await self.run(jobs[half:], unanswered and unanswered[half:])
            return
        for job, answer in zip(jobs, answers, strict=True):
            job.given = answer

    async def _answers(self, batch: Runs) -> list[Answer]:
        started = asyncio.get_running_loop().time()
        conflicts = 0
        while True:
            try:
                return await batch.attempt(await self._connected())
            except psycopg.Error as error:
                if _is_conflict(error):
                    await self._roll_back()
                    conflicts += 1
                    if conflicts > RETRIES_MAX:
                        raise
                elif isinstance(error, LOST):
                    await self._drop(error)
                    self._give_up_after(started, batch, error)
                    await asyncio.sleep(RECONNECT_PAUSE_S)
                else:
                    await self._roll_back()
                    raise
            except BaseException:
                await self._roll_back()
                raise

    def _give_up_after(self, started: float, batch: Runs, error: psycopg.Error) -> None:
        """Those who came later shall not wait as long again for what has been gone for long."""
        since = min(started, self._unreachable_since or started)
        if asyncio.get_running_loop().time() - since > UNREACHABLE_MAX_S:
            raise (OutcomeUnknown() if batch.committing else Unavailable()) from error

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            try:
                self._connection = await connect(self._url)
                self._connection.prepare_threshold = None  # What is prepared, exchange prepares.
                # Each batch statement has one good plan; planning for the values at hand costs 5 to 10 µs an order.
                await self._connection.execute("SET plan_cache_mode = force_generic_plan")
            except psycopg.Error:
                self._unreachable_since = self._unreachable_since or asyncio.get_running_loop().time()
                raise
            self._unreachable_since = None
        return self._connection

    async def _roll_back(self) -> None:
        """Leave no transaction open; a connection that cannot even do that is dropped."""
        if self._connection is None:
            return
        try:
            await self._connection.execute("ROLLBACK")
        except psycopg.Error as error:
            await self._drop(error)

    async def _drop(self, error: Exception) -> None:
        log.warning("connection_lost", error=repr(error))
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


def _is_conflict(error: psycopg.Error) -> bool:
    """Whether another transaction was in the way: the same again will do."""
    if isinstance(error, pg.UniqueViolation):
        return (error.diag.constraint_name or "").startswith(MADE_MEANWHILE)
    return isinstance(error, CONFLICTS)
