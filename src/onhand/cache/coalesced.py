"""Many who ask for the same at the same moment, and one who goes to look: no stampede."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class Coalesced(Generic[Key, Found]):
    """Fetches what was asked for while the last fetch ran, as one.

    share: who asks for what is being fetched already takes that answer, which began a moment before the question.
    """

    def __init__(
        self,
        fetch: Callable[[list[Key]], Awaitable[Mapping[Key, Found]]],
        *,
        share: bool,
        fetches_max: int,
        keys_max: int,
    ) -> None:
        self._fetch = fetch
        self._share = share
        self._fetches_max = fetches_max
        self._keys_max = keys_max
        self._waiting: dict[Key, asyncio.Future[Found | None]] = {}
        self._under_way: dict[Key, asyncio.Future[Found | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._working = 0  # A task is still in the set for a moment after its last look at what waits.

    async def ask(self, keys: Iterable[Key]) -> dict[Key, Found]:
        """What was found of these. Raises what the fetch raises."""
        futures = {key: self._future(key) for key in keys}
        if not futures:
            return {}
        await asyncio.wait(futures.values())  # Unlike await on each, it cancels nobody else's when we are cancelled.
        found = {key: future.result() for key, future in futures.items()}
        return {key: value for key, value in found.items() if value is not None}

    async def close(self) -> None:
        """Stop what is under way; who waits is told so by CancelledError."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _future(self, key: Key) -> "asyncio.Future[Found | None]":
        future = self._waiting.get(key)
        if future is None and self._share:
            future = self._under_way.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
            if self._working < self._fetches_max:
                self._working += 1
                task = asyncio.create_task(self._work())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        return future

    async def _work(self) -> None:
        try:
            await self._fetch_what_waits()
        finally:
            self._working -= 1

    async def _fetch_what_waits(self) -> None:
        while self._waiting:
            asked = dict(list(self._waiting.items())[: self._keys_max])
            for key in asked:
                del self._waiting[key]
            self._under_way |= asked
            try:
                found = await self._fetch(list(asked))
            except Exception as error:  # noqa: BLE001  those who asked are told
                for future in asked.values():
                    future.set_exception(error)
                    future.exception()  # Seen: nobody may be waiting any more.
            else:
                for key, future in asked.items():
                    future.set_result(found.get(key))
            finally:
                for key, future in asked.items():
                    if self._under_way.get(key) is future:
                        del self._under_way[key]
                    future.cancel()  # Only where we are cancelled ourselves is it still open.
