"""A lane: one connection that runs one batch after the other. A batch is what arrived while the last one committed."""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
import structlog
from psycopg import errors as pg

from onhand.db.connect import connect
from onhand.db.query import Connection
from onhand.domain.errors import DomainError, OutcomeUnknown, Unavailable
from onhand.domain.limits import RETRIES_MAX
from onhand.engine.batch import Batch
from onhand.engine.job import Answer, Job

UNREACHABLE_MAX_S = 10.0  # how long callers wait for a database that has gone away
RECONNECT_PAUSE_S = 0.1
AGAIN = (pg.DeadlockDetected, pg.SerializationFailure)
MADE_MEANWHILE = ("level_pkey", "idempotency_pkey")  # another batch was first: start again and find it

log = structlog.get_logger()


class Lane:
    """Runs batches on its own connection; makes a new one when it breaks."""

    def __init__(self, url: str, make_batch: Callable[[list[Job]], Awaitable[Batch]]) -> None:
        self._url = url
        self._make_batch = make_batch
        self._connection: Connection | None = None

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def run(self, jobs: list[Job]) -> None:
        """Answer every job, whatever happens."""
        try:
            answers = await self._answers(await self._make_batch(jobs))
        except DomainError as error:
            answers = [Answer(error)] * len(jobs)
        except Exception as error:
            if len(jobs) > 1 and isinstance(error, psycopg.Error):
                log.warning("batch_split", jobs=len(jobs), error=repr(error))
                for job in jobs:  # One of them is the cause: the others shall not suffer for it.
                    await self.run([job])
                return
            log.exception("batch_failed", jobs=len(jobs))
            for job in jobs:
                if not job.answered.done():
                    job.answered.set_exception(error)
            return
        for job, answer in zip(jobs, answers, strict=True):
            if not job.answered.done():
                job.answered.set_result(answer)

    async def _answers(self, batch: Batch) -> list[Answer]:
        deadline = asyncio.get_running_loop().time() + UNREACHABLE_MAX_S
        conflicts = 0
        while True:
            try:
                connection = await self._connected()
                return await batch.attempt(connection)
            except psycopg.OperationalError as error:
                if isinstance(error, AGAIN):
                    conflicts += 1
                    await self._roll_back()
                    if conflicts > RETRIES_MAX:
                        raise
                    continue
                await self._drop(error)
                if asyncio.get_running_loop().time() > deadline:
                    raise (OutcomeUnknown() if batch.committing else Unavailable()) from error
                await asyncio.sleep(RECONNECT_PAUSE_S)
            except pg.UniqueViolation as error:
                conflicts += 1
                await self._roll_back()
                name = error.diag.constraint_name or ""
                if not name.startswith(MADE_MEANWHILE) or conflicts > RETRIES_MAX:
                    raise
            except BaseException:
                await self._roll_back()
                raise

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = await connect(self._url)
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
