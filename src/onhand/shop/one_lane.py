"""Many calls under way, carried out in the order in which they were begun.

A story has an order: what is sold on Tuesday is not sold on Monday. An engine with a single lane decides its queue
strictly in turn, batch after batch, so the order in which commands enter the queue is the order in which they happen.
That makes a story repeatable: told again after a crash, it comes to the same end.
"""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

from onhand.domain.commands import Command
from onhand.domain.errors import DomainError
from onhand.engine.batch import utc_now
from onhand.engine.directory import Directory
from onhand.engine.engine import Engine
from onhand.engine.job import Answer, Key
from onhand.services.context import Onhand

Result = TypeVar("Result")


class OneLane(Engine):
    """An engine of one lane that tells when a command has entered its queue."""

    def __init__(self, url: str, directory: Directory, *, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(url, directory, lanes=1, now=now)
        self._entered = asyncio.Event()

    async def submit(self, command: Command, key: Key | None = None, refusal: DomainError | None = None) -> Answer:
        """What is known already is not asked for: in a story only its own order decides."""
        del refusal
        self._entered.set()
        return await super().submit(command, key)

    async def begin(self, call: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Start a service call; return when its command stands in the queue, or when the call has ended without one."""
        entered = self._entered = asyncio.Event()
        task = asyncio.create_task(call)
        task.add_done_callback(lambda _: entered.set())
        try:
            await entered.wait()
        except BaseException:
            task.cancel()  # Nobody else knows of it.
            raise
        return task


@asynccontextmanager
async def one_lane(onhand: Onhand, now: Callable[[], datetime] = utc_now) -> AsyncIterator[tuple[Onhand, OneLane]]:
    """The same installation through a lane of our own, on a clock of our own."""
    async with OneLane(onhand.url, onhand.directory, now=now) as engine:
        yield dataclasses.replace(onhand, engine=engine, now=now), engine
