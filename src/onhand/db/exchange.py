"""Several statements in one round trip, prepared once per connection: for the engine's lanes and the reads for display.

psycopg's own pipeline makes a cursor, a conversion of the query and a poll of the socket for every statement; a batch
has a dozen of them. Here they go to libpq as they are. libpq's pipeline mode: PostgreSQL documentation, 34.5.
"""

import asyncio
import re
from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from psycopg import AsyncConnection, OperationalError
from psycopg.adapt import Buffer, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGresult
from psycopg.waiting import Ready, Wait

from onhand.db.arrays import PACKERS, packed_time, packed_whole

Rows = list[tuple[Any, ...]]
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
FAILED = (ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE, ExecStatus.NONFATAL_ERROR)
BINARY = int(Format.BINARY)


class Asked(NamedTuple):
    """A statement with named parameters, as psycopg takes it: %(name)s. All are sent in binary."""

    sql: str
    parameters: Mapping[str, Any] = {}


@cache
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """The statement with $1, $2 …, and the names in that order."""
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return f"${names.setdefault(match[1], len(names) + 1)}"

    text = PLACEHOLDER.sub(number, sql).replace("%%", "%")
    return text.encode(), tuple(names)


def _pack(value: Any) -> tuple[int, Buffer]:  # noqa: ANN401  a parameter
    """Its type's oid and its bytes."""
    if (packer := PACKERS.get(type(value))) is not None:
        return packer(value)
    if isinstance(value, datetime):
        return packed_time(value)
    if isinstance(value, int):
        return packed_whole(value)
    raise TypeError(f"{type(value).__name__} is no parameter of a batch")


class ExchangingConnection(AsyncConnection[Any]):
    """A connection that can ask several things at once."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401  psycopg's signature
        super().__init__(*arguments, **named)
        self._named: dict[str, bytes] = {}  # names by statement
        self._names_given = 0
        self._watched = 0  # the socket that the event loop watches for us
        self._woken: asyncio.Future[None] | None = None

    async def exchange(self, asked: Sequence[Asked]) -> list[Rows]:
        """Send all, wait once; the rows of each (none for those that answer with none).

        Raises psycopg.Error of the first that failed: none after it was carried out, and an open transaction is to be
        rolled back.
        """
        async with self.lock:
            return await self._driven(self._exchange(asked))

    async def _driven(self, work: Generator[Wait, Ready | int, list[Rows]]) -> list[Rows]:
        """As wait, but the event loop goes on watching the socket between two exchanges."""
        loop = asyncio.get_running_loop()
        try:
            while next(work) == Wait.R:
                if not self._watched:
                    self._watched = self.pgconn.socket
                    loop.add_reader(self._watched, self._readable, loop)
                self._woken = loop.create_future()
                try:
                    await self._woken
                finally:
                    self._woken = None
                self.pgconn.consume_input()
        except StopIteration as end:
            rows: list[Rows] = end.value
            return rows
        except BaseException as error:
            self._look_away(loop)  # At once: libpq may have closed the socket, and its number is free for another.
            if isinstance(error, asyncio.CancelledError):
                self.pgconn.finish()  # What is still to come would be taken for the answer to the next question.
            raise
        rest: list[Rows] = await self.wait(work)  # More than the socket takes at once.
        return rest

    def _readable(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._woken is None:
            self._look_away(loop)  # Nothing was asked: the connection has ended, and the next to ask is told.
        elif not self._woken.done():
            self._woken.set_result(None)

    def _look_away(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._watched:
            loop.remove_reader(self._watched)
            self._watched = 0

    async def wait(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401  psycopg's signature
        self._look_away(asyncio.get_running_loop())
        return await super().wait(*arguments, **named)

    async def close(self) -> None:
        self._look_away(asyncio.get_running_loop())
        await super().close()

    def _exchange(self, asked: Sequence[Asked]) -> Generator[Wait, Ready | int, list[Rows]]:
        packed = [[_pack(given[name]) for name in _numbered(sql)[1]] for sql, given in asked]
        pgconn = self.pgconn
        made: dict[str, bytes] = {}
        pgconn.enter_pipeline_mode()
        for (sql, _), values in zip(asked, packed, strict=True):
            if not values and not sql.startswith("SELECT"):  # BEGIN and the like: there is nothing to plan.
                pgconn.send_query_params(sql.encode(), None, result_format=BINARY)
                continue
            name = self._named.get(sql) or made.get(sql)
            if name is None:
                self._names_given += 1  # One whose making failed halfway is not used again.
                name = made[sql] = b"onhand_%d" % self._names_given
                pgconn.send_prepare(name, _numbered(sql)[0], [oid for oid, _ in values])
            pgconn.send_query_prepared(name, [data for _, data in values], [BINARY] * len(values), BINARY)
        pgconn.pipeline_sync()
        while pgconn.flush():
            if ((yield Wait.RW) or 0) & Ready.R:
                pgconn.consume_input()
        results = yield from self._results()
        pgconn.exit_pipeline_mode()
        for result in results:
            if result.status in FAILED:
                raise error_from_result(result, self.info.encoding)
        self._named.update(made)
        return self._rows(results)

    def _results(self) -> Generator[Wait, Ready | int, list[PGresult]]:
        """All until the synchronisation. Raises psycopg.OperationalError when the connection is lost."""
        pgconn = self.pgconn
        results: list[PGresult] = []
        while True:
            while pgconn.is_busy():
                if ((yield Wait.R) or 0) & Ready.R:  # None: _driven has read it already.
                    pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:  # The end of one statement's results.
                if pgconn.status != ConnStatus.OK:
                    raise OperationalError("the connection is lost")
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                return results
            results.append(result)

    def _rows(self, results: Sequence[PGresult]) -> list[Rows]:
        reading = Transformer(self)
        answers: list[Rows] = []
        for result in results:
            if result.status == ExecStatus.TUPLES_OK:
                reading.set_pgresult(result)
                answers.append(reading.load_rows(0, result.ntuples, tuple))
            elif result.command_status:  # That of a preparation has none.
                answers.append([])
        return answers
