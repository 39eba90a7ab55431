"""A network between the engine and PostgreSQL that can be cut at exact moments. Real sockets, nothing mocked."""

import asyncio
from contextlib import suppress
from enum import Enum
from types import TracebackType
from typing import Self

from psycopg.conninfo import conninfo_to_dict

LATE_S = 0.5
REQUEST = b"COMMIT\0"  # in a Parse message
ANSWER = b"COMMIT\0"  # in a CommandComplete message


class Cut(Enum):
    """What happens at the next COMMIT that writes something."""

    NONE = "nothing"
    REQUEST_LOST = "the connection breaks before COMMIT reaches the server"
    ANSWER_LOST = "the server commits, and the connection breaks before the client learns of it"
    LATE = "the connection breaks for the client, and COMMIT reaches the server half a second later"


class Proxy:
    """cut: armed for one COMMIT. down: nobody gets through; down_after_cut: from that COMMIT on."""

    def __init__(self, url: str) -> None:
        self._target = conninfo_to_dict(url)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.cut = Cut.NONE
        self.cuts = 0
        self.down = False
        self.down_after_cut = False
        self.turned_away = asyncio.Event()

    @property
    def url(self) -> str:
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        user, database = self._target["user"], self._target["dbname"]
        password = f":{self._target['password']}" if "password" in self._target else ""
        return f"postgresql://{user}{password}@127.0.0.1:{port}/{database}?sslmode=disable&gssencmode=disable"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.break_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def break_all(self) -> None:
        """Cut every connection that is open now."""
        for writer in self._writers:
            writer.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            self.turned_away.set()
            writer.close()
            return
        host, port = str(self._target.get("host", "")), int(self._target.get("port") or 5432)
        if host.startswith("/"):
            server_reader, server_writer = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            server_reader, server_writer = await asyncio.open_connection(host or "127.0.0.1", port)
        self._writers |= {writer, server_writer}
        link = _Link(self, writer, server_writer)
        for pump in (link.requests(reader), link.answers(server_reader)):
            task = asyncio.create_task(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


class _Link:
    def __init__(self, proxy: Proxy, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.proxy = proxy
        self.client = client
        self.server = server
        self.cutting = Cut.NONE
        self.wrote = False
        self.answered = b""

    async def requests(self, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 20):
                self.wrote = self.wrote or b"INSERT INTO" in data
                if REQUEST in data and self.proxy.cut is not Cut.NONE and self.wrote:
                    self.cutting, self.proxy.cut = self.proxy.cut, Cut.NONE
                    self.proxy.cuts += 1
                    self.proxy.down = self.proxy.down_after_cut
                if self.cutting is Cut.REQUEST_LOST:
                    break
                if self.cutting is Cut.LATE:
                    self.client.close()
                    await asyncio.sleep(LATE_S)
                self.server.write(data)
                await self.server.drain()
                if self.cutting is Cut.LATE:
                    await asyncio.sleep(LATE_S)  # time to commit before it sees that we are gone
        if self.cutting is not Cut.ANSWER_LOST:
            self._close()

    async def answers(self, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 20):
                if self.cutting is Cut.ANSWER_LOST:
                    self.answered += data
                    if ANSWER in self.answered:
                        break
                elif self.cutting is Cut.NONE:
                    self.client.write(data)
                    await self.client.drain()
        if self.cutting is not Cut.LATE:
            self._close()

    def _close(self) -> None:
        self.client.close()
        self.server.close()
