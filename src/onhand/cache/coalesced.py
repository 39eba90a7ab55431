"""Many who ask for the same at the same moment, and one who goes to look: no stampede."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class _Fetch(Generic[Key, Found]):
    """What is fetched together, and who waits for it."""

    def __init__(self) -> None:
        self.keys: list[Key] = []
        self.waiters: list[asyncio.Future[None]] = []
        self.called: list[tuple[Key, Callable[[Found | None, Exception | None], None]]] = []
        self.found: Mapping[Key, Found] = {}
        self.error: Exception | None = None

    def waiter(self) -> asyncio.Future[None]:
        """Each has their own: who is cancelled cancels nobody else."""
        waiter = asyncio.get_running_loop().create_future()
        self.waiters.append(waiter)
        return waiter

    def end(self) -> None:
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)
        for key, done in self.called:
            done(self.found.get(key), self.error)

    def cancel(self) -> None:
        self.called.clear()
        for waiter in self.waiters:
            waiter.cancel()


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
        self._queue: deque[_Fetch[Key, Found]] = deque()
        self._waiting: dict[Key, _Fetch[Key, Found]] = {}
        self._under_way: dict[Key, _Fetch[Key, Found]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._working = 0  # A task is still in the set for a moment after its last look at what waits.

    async def ask(self, keys: Iterable[Key]) -> dict[Key, Found]:
        """What was found of these. Raises what the fetch raises."""
        waiting, under_way = self._waiting.get, self._under_way.get  # the latter knows none unless they are shared
        asked = {key: waiting(key) or under_way(key) or self._queued(key) for key in keys}
        fetches = dict.fromkeys(asked.values())
        waiters = [fetch.waiter() for fetch in fetches]
        for waiter in waiters:
            await waiter
        found: dict[Key, Found] = {}
        for fetch in fetches:
            if fetch.error is not None:
                raise fetch.error
        for key, fetch in asked.items():
            if (value := fetch.found.get(key)) is not None:
                found[key] = value
        return found

    def call(self, key: Key, done: Callable[[Found | None, Exception | None], None]) -> None:
        """Call done, which must not raise, when this has been looked for or could not be: no task waits meanwhile."""
        fetch = self._waiting.get(key) or self._under_way.get(key) or self._queued(key)
        fetch.called.append((key, done))

    async def close(self) -> None:
        """Stop what is under way; who waits is told so by CancelledError."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while self._queue:
            self._queue.popleft().cancel()

    def _queued(self, key: Key) -> _Fetch[Key, Found]:
        if not self._queue or len(self._queue[-1].keys) >= self._keys_max:
            self._queue.append(_Fetch())
        fetch = self._waiting[key] = self._queue[-1]
        fetch.keys.append(key)
        if self._working < self._fetches_max:
            self._working += 1
            task = asyncio.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return fetch

    async def _work(self) -> None:
        try:
            while self._queue:
                await self._carry_out(self._queue.popleft())
        finally:
            self._working -= 1

    async def _carry_out(self, fetch: _Fetch[Key, Found]) -> None:
        for key in fetch.keys:
            del self._waiting[key]
        if self._share:
            self._under_way |= dict.fromkeys(fetch.keys, fetch)
        try:
            fetch.found = await self._fetch(fetch.keys)
        except Exception as error:  # noqa: BLE001  those who asked are told
            fetch.error = error
        except BaseException:
            fetch.cancel()
            raise
        finally:
            if self._share:  # Nobody fetches a key twice at the same time then.
                for key in fetch.keys:
                    del self._under_way[key]
            fetch.end()
