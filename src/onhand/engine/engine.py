"""The only writer of stock. Callers submit commands; lanes carry them to PostgreSQL in batches."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import uuid_utils

from onhand.domain.commands import Command, Repair
from onhand.domain.decide import Verdict
from onhand.domain.errors import DomainError, IdempotencyKeyReused, OutcomeUnknown, Overloaded, Unavailable
from onhand.domain.ids import Id
from onhand.domain.limits import BATCH_MAX_COMMANDS, BATCH_MAX_LINES, LANES_PER_PROCESS, QUEUE_MAX_COMMANDS
from onhand.engine import metrics
from onhand.engine.batch import Batch, Seen, utc_now
from onhand.engine.directory import Directory
from onhand.engine.job import Answer, Job, Key
from onhand.engine.lane import Lane


def new_id() -> Id:
    """A UUIDv7 (RFC 9562): its first 48 bits are milliseconds, so ids sort by age."""
    return Id(uuid_utils.uuid7().bytes)


class Engine:
    """Gathers the commands that wait at the same moment and gives each its own verdict.

    Use as an async context manager. Nothing waits for a batch to fill: a batch is what arrived while the last one was
    committing.
    """

    def __init__(
        self,
        url: str,
        directory: Directory,
        *,
        cell: int = 0,
        lanes: int = LANES_PER_PROCESS,
        now: Callable[[], datetime] = utc_now,
        seen: Seen | None = None,
    ) -> None:
        self.directory = directory
        self._seen = seen  # is shown the levels of every batch, after its commit
        self._now = now
        self._cell = cell
        self._queue: deque[Job] = deque()
        self._arrived = asyncio.Event()
        self._inflight: dict[Id, Job] = {}
        self._lanes = [Lane(url, self._make_batch) for _ in range(lanes)]
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._work(lane)) for lane in self._lanes]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish what has been accepted, then close the connections."""
        self._closing = True
        self._arrived.set()
        try:
            await asyncio.gather(*self._tasks)
        finally:
            self._let_go(self._queue, Unavailable())  # Only where we are cancelled ourselves.

    async def submit(self, command: Command, key: Key | None = None) -> Answer:
        """Carry out one command and return its outcome after a durable commit, or that of the same key before.

        Raises DomainError: nothing has changed (OutcomeUnknown: it may have; repeat with the same key).
        """
        if key is not None and (first := self._inflight.get(key.digest)) is not None:
            return _same_moment(await first.follow(), first.key, key)
        if self._closing or len(self._queue) >= QUEUE_MAX_COMMANDS:
            metrics.REFUSED_BUSY.inc()
            raise Overloaded
        job = Job(command, key, asyncio.get_running_loop().create_future())
        if key is not None:
            self._inflight[key.digest] = job
        self._queue.append(job)
        self._arrived.set()
        return _or_raise(await job.answered)

    def is_under_way(self, key: Key) -> bool:
        """Whether a command with this key has been accepted by this process and not answered yet."""
        return key.digest in self._inflight

    async def _work(self, lane: Lane) -> None:
        try:
            while True:
                while not self._queue:
                    if self._closing:
                        return
                    self._arrived.clear()
                    await self._arrived.wait()
                jobs = self._next_batch()
                with metrics.BATCH_SECONDS.time():
                    try:
                        await lane.run(jobs)
                    finally:
                        self._let_go(jobs, OutcomeUnknown())  # Another answer only where we are cancelled.
                metrics.BATCH_COMMANDS.observe(len(jobs))
                metrics.count_verdicts(jobs)
        finally:
            await lane.close()

    def _next_batch(self) -> list[Job]:
        jobs: list[Job] = []
        lines = 0
        while self._queue and len(jobs) < BATCH_MAX_COMMANDS:
            # A repair compares with what the tables say: no other command of its batch may have moved the level.
            alone = isinstance(self._queue[0].command, Repair)
            lines += self._queue[0].lines
            if jobs and (alone or lines > BATCH_MAX_LINES):
                break
            jobs.append(self._queue.popleft())
            if alone:
                break
        return jobs

    def _let_go(self, jobs: Iterable[Job], verdict: Verdict) -> None:
        """Whatever happens, no caller waits for ever, and no key stays under way."""
        for job in jobs:
            if job.key is not None:
                self._inflight.pop(job.key.digest, None)
            if job.given is None and not job.failed:
                job.answer(Answer(verdict))

    def _make_batch(self, jobs: Sequence[Job], committing: list[Answer] | None) -> Batch:
        return Batch(
            jobs,
            cell=self._cell,
            new_id=new_id,
            directory=self.directory,
            now=self._now,
            committing=committing,
            seen=self._seen,
        )


def _same_moment(answer: Answer, first: Key | None, key: Key) -> Answer:
    """The same key came while its first request was still under way."""
    if first is None or first.request_digest != key.request_digest:
        raise IdempotencyKeyReused
    return _or_raise(Answer(answer.verdict, replayed=True))


def _or_raise(answer: Answer) -> Answer:
    if isinstance(answer.verdict, DomainError):
        verdict: Any = answer.verdict
        error: DomainError = replace(verdict)  # A copy: several callers may have the same answer.
        error.replayed = answer.replayed
        raise error
    return answer
