"""What would become of commands: decided under the locks as ever, and rolled back."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from onhand.db.exchange import Asked
from onhand.db.exchange import ExchangingConnection as Connection
from onhand.domain.commands import Command
from onhand.engine.batch import Batch
from onhand.engine.directory import Directory
from onhand.engine.engine import new_id
from onhand.engine.job import Answer, Job
from onhand.engine.lane import Lane

ROLLBACK = Asked("ROLLBACK")


class Preview(Batch):
    """A batch of which nothing is ever written."""

    async def _commit(
        self, connection: Connection, _statements: Sequence[tuple[Any, dict[str, Any]]], _answers: list[Answer]
    ) -> None:
        await connection.exchange([ROLLBACK])


async def preview(
    url: str, commands: Sequence[Command], *, cell: int, directory: Directory, now: Callable[[], datetime]
) -> list[Answer]:
    """The outcome of each, as if those before it had happened. At most as many as a batch takes."""

    def make(jobs: Sequence[Job], _: list[Answer] | None) -> Preview:
        return Preview(jobs, cell=cell, new_id=new_id, directory=directory, now=now)

    jobs = [Job(command, None, lambda _: None, time.monotonic()) for command in commands]
    lane = Lane(url, make)
    try:
        await lane.run(jobs)
    finally:
        await lane.close()
    return [job.given for job in jobs if job.given is not None]
