"""Refusals that are known without a look at stock: kept under their keys, many at once, and no level is locked.

The same key gives the same answer ever after (law 4), so a refusal is written down, durably, before it is told. One
INSERT keeps those of all who wait. A key that has an outcome already, or gets one at this moment from a batch of this
or another process, keeps that one: the row of the key decides who was first, and whoever was not goes on as a batch of
the engine does, which finds the first outcome.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import cast

from onhand.db import queries_idempotency as q
from onhand.db.arrays import Blobs, Ids
from onhand.db.exchange import Asked
from onhand.db.exchange import ExchangingConnection as Connection
from onhand.domain.errors import DomainError
from onhand.domain.ids import Id
from onhand.domain.limits import BATCH_MAX_COMMANDS
from onhand.engine import outcome
from onhand.engine.batch import Batch, utc_now
from onhand.engine.job import Answer, Job
from onhand.engine.lane import Lane

MakeBatch = Callable[[Sequence[Job], list[Answer] | None], Batch]


class Refusals:
    """Gathers the refused jobs that wait at the same moment; on a connection of its own, made when first needed."""

    def __init__(self, url: str, cell: int, make_batch: MakeBatch, tell: Callable[[Sequence[Job]], None]) -> None:
        self._lane = Lane(url, lambda jobs, _: KeptRefusals(jobs, cell, make_batch))
        self._tell = tell
        self.waiting: deque[Job] = deque()
        self._arrived = asyncio.Event()
        self._closing = False

    def add(self, job: Job) -> None:
        self.waiting.append(job)
        self._arrived.set()

    def close(self) -> None:
        """Work ends when nothing waits any more."""
        self._closing = True
        self._arrived.set()

    async def work(self) -> None:
        """One INSERT after the other; who comes meanwhile waits for the next."""
        try:
            while True:
                while not self.waiting:
                    if self._closing:
                        return
                    self._arrived.clear()
                    await self._arrived.wait()
                jobs = [self.waiting.popleft() for _ in range(min(len(self.waiting), BATCH_MAX_COMMANDS))]
                try:
                    await self._lane.run(jobs)
                finally:
                    self._tell(jobs)
        finally:
            self._tell(self.waiting)  # Only where we are cancelled ourselves.
            await self._lane.close()


class KeptRefusals:
    """What a lane runs. Repeated after a lost connection it finds what it wrote, so no outcome is ever unknown."""

    committing = None

    def __init__(self, jobs: Sequence[Job], cell: int, make_batch: MakeBatch) -> None:
        self.jobs = jobs
        self._cell = cell
        self._make_batch = make_batch

    async def attempt(self, connection: Connection) -> list[Answer]:
        """Raises psycopg.Error."""
        kept = await self._keep(connection)
        others = [job for job in self.jobs if _digest(job) not in kept]
        found = iter(await self._make_batch(others, None).attempt(connection) if others else ())
        return [Answer(cast("DomainError", job.refusal)) if _digest(job) in kept else next(found) for job in self.jobs]

    async def _keep(self, connection: Connection) -> set[Id]:
        """The keys that had no outcome before."""
        rows = sorted((_digest(job), job) for job in self.jobs)
        stored: dict[int, bytes] = {}  # by identity: most are refused for the same reason
        for _, job in rows:
            if id(job.refusal) not in stored:
                stored[id(job.refusal)] = outcome.encode(cast("DomainError", job.refusal))
        parameters = {
            "cell": self._cell,
            "now": utc_now(),
            "digests": Ids([digest for digest, _ in rows]),
            "request_digests": Ids([job.key.request_digest for _, job in rows if job.key]),
            "outcomes": Blobs([stored[id(job.refusal)] for _, job in rows]),
        }
        (kept,) = await connection.exchange([Asked(q.KEEP_REFUSALS.sql, parameters)])
        return {row[0] for row in kept}


def _digest(job: Job) -> Id:
    assert job.key is not None  # noqa: S101  without one there is nothing to keep
    return job.key.digest
