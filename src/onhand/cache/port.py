"""What processes share of displayed availability: a port, and its adapter for a process that shares nothing."""

from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from onhand.cache.entry import Part, Stock
from onhand.domain.ids import Id
from onhand.domain.level import LevelKey
from onhand.domain.limits import AVAILABILITY_FRESH_S

Names = Callable[[set[Id]], Awaitable[dict[Id, str]]]


class Shared(Protocol):
    """Use as an async context manager. Nothing here raises, and only read takes time."""

    @property
    def fresh_s(self) -> float:
        """How old, in seconds, what this process holds may be before it is read again."""

    async def read(self, skus: Sequence[str]) -> list[Stock]:
        """Those products that are there whole; any age."""

    def fill(self, stocks: Sequence[Stock]) -> None:
        """Products as they were read from the database."""

    def learn(self, key: LevelKey, part: Part) -> None:
        """A level as this process has committed it."""

    def forget(self, product: Id) -> None:
        """The settings of a product or of its levels have changed."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Alone:
    """No Valkey: each process knows what it wrote, and asks the database for the rest."""

    fresh_s = AVAILABILITY_FRESH_S

    async def read(self, skus: Sequence[str]) -> list[Stock]:
        del skus
        return []

    def fill(self, stocks: Sequence[Stock]) -> None:
        """Nobody to tell."""

    def learn(self, key: LevelKey, part: Part) -> None:
        """Nobody to tell."""

    def forget(self, product: Id) -> None:
        """Nobody to tell."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open."""
