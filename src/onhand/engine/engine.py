"""The only writer of stock. Callers submit commands; lanes carry them to PostgreSQL in batches."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Any, Self, cast

import uuid_utils

from onhand.domain.commands import Command, Repair
from onhand.domain.errors import DomainError, IdempotencyKeyReused, Overloaded, Unavailable
from onhand.domain.ids import Id
from onhand.domain.limits import (
    BATCH_MAX_COMMANDS,
    BATCH_MAX_LINES,
    FURTHER_LANE_AT,
    LANES_PER_PROCESS,
    QUEUE_MAX_COMMANDS,
    QUEUE_MAX_WAIT_S,
)
from onhand.engine import metrics
from onhand.engine.batch import Batch, Seen, utc_now
from onhand.engine.directory import Directory
from onhand.engine.job import Answer, Done, Job, Key
from onhand.engine.lane import Lane
from onhand.engine.refusing import Refusals


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
        self._refusals = Refusals(url, cell, self._make_batch, self._tell)
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._work(lane, FURTHER_LANE_AT if number else 1))
            for number, lane in enumerate(self._lanes)
        ]
        self._tasks.append(asyncio.create_task(self._refusals.work()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish what has been accepted, then close the connections."""
        self._closing = True
        self._arrived.set()
        self._refusals.close()
        try:
            await asyncio.gather(*self._tasks)
        finally:
            for job in self._queue:  # Only where we are cancelled ourselves.
                job.given = Answer(Unavailable())
            self._tell(self._queue)

    async def submit(self, command: Command, key: Key | None = None, refusal: DomainError | None = None) -> Answer:
        """Carry out one command and return its outcome after a durable commit, or that of the same key before.

        Raises DomainError: nothing has changed (OutcomeUnknown: it may have; repeat with the same key).
        """
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def done(answer: Answer) -> None:
            if not future.done():  # A caller who has gone away undoes nothing.
                future.set_result(answer)

        self.enqueue(command, key, done, refusal)
        answer = await future
        if isinstance(answer.verdict, Exception):
            raise raisable(answer)
        return answer

    def enqueue(self, command: Command, key: Key | None, done: Done, refusal: DomainError | None = None) -> None:
        """As submit, for callers that do not wait: done is called with the outcome, from the event loop.

        refusal: what is known to become of it without a look at stock, unless its key has another outcome already.
        The outcome's verdict may be a DomainError. Raises Overloaded: nothing has changed, and done is not called.
        """
        if key is not None and (first := self._inflight.get(key.digest)) is not None:
            _follow(first, key, done)
            return
        if refusal is not None and key is None:
            done(Answer(refusal))
            return
        queue, now_s = self._queue if refusal is None else self._refusals.waiting, time.monotonic()
        waiting = len(queue)
        if self._closing or waiting >= QUEUE_MAX_COMMANDS or (waiting and now_s - queue[0].since_s > QUEUE_MAX_WAIT_S):
            metrics.REFUSED_BUSY.inc()
            raise Overloaded
        job = Job(command, key, done, now_s, refusal=refusal)
        if key is not None:
            self._inflight[key.digest] = job
        if refusal is not None:
            self._refusals.add(job)
            return
        queue.append(job)
        waiting += 1
        if waiting in (1, FURTHER_LANE_AT):
            self._arrived.set()

    async def _work(self, lane: Lane, worth_it: int) -> None:
        """Run batches, as long as at least worth_it commands wait: many small batches cost more than few large ones."""
        try:
            while True:
                while len(self._queue) < worth_it:
                    if self._closing:
                        return
                    self._arrived.clear()
                    await self._arrived.wait()
                jobs = self._next_batch()
                try:
                    with metrics.BATCH_SECONDS.time():
                        await lane.run(jobs)
                finally:
                    # Soon: the lane sends its next batch first, and the answers go out while PostgreSQL works on it.
                    asyncio.get_running_loop().call_soon(self._tell, jobs)
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

    def _tell(self, jobs: Sequence[Job]) -> None:
        """Whatever happened, no caller waits for ever, and no key stays under way."""
        for job in jobs:
            if job.key is not None:
                self._inflight.pop(job.key.digest, None)
            job.tell()
        metrics.BATCH_COMMANDS.observe(len(jobs))
        metrics.count_verdicts(jobs)

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


def _follow(first: Job, key: Key, done: Done) -> None:
    """The same key came while its first request was still under way."""
    same = first.key is not None and first.key.request_digest == key.request_digest

    def told(answer: Answer) -> None:
        done(Answer(answer.verdict if same else IdempotencyKeyReused(), replayed=same))

    first.followers = [*first.followers, told]


def raisable(answer: Answer) -> Exception:
    """The error that an answer carries, as a copy where it is the domain's: several callers may have the same one."""
    verdict: Any = answer.verdict
    if not isinstance(verdict, DomainError):
        return cast("Exception", verdict)
    error: DomainError = replace(cast("Any", verdict))
    error.replayed = answer.replayed
    return error
