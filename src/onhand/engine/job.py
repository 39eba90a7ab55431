"""A command on its way through the engine."""

import asyncio
from typing import NamedTuple

import msgspec

from onhand.domain.commands import Command
from onhand.domain.decide import Verdict
from onhand.domain.ids import Id


class Key(msgspec.Struct, frozen=True, gc=False):
    """An Idempotency-Key: digest of caller and key, and digest of the request (16 bytes each)."""

    digest: Id
    request_digest: Id


class Answer(NamedTuple):
    """replayed: this is the outcome of an earlier request with the same key."""

    verdict: Verdict
    replayed: bool = False


class Job(msgspec.Struct):
    command: Command
    key: Key | None
    answered: "asyncio.Future[Answer]"  # the caller's; cancelled when the caller gives up, which undoes nothing
    followers: "list[asyncio.Future[Answer]]" = []  # of callers who came with the same key meanwhile
    given: Answer | None = None
    failed: bool = False

    def answer(self, answer: Answer) -> None:
        """Tell everyone who waits. The first answer stands."""
        if self.given is None:
            self.given = answer
            for future in (self.answered, *self.followers):
                if not future.done():
                    future.set_result(answer)

    def fail(self, error: Exception) -> None:
        """Tell everyone who waits that we failed."""
        self.failed = True
        for future in (self.answered, *self.followers):
            if not future.done():
                future.set_exception(error)

    def follow(self) -> "asyncio.Future[Answer]":
        """The same answer, for another caller."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if self.given is not None:
            future.set_result(self.given)
        else:
            self.followers.append(future)
        return future

    @property
    def lines(self) -> int:
        """How much work it is, in ledger rows, as far as can be told before its reservation is read."""
        lines = getattr(self.command, "lines", None)
        return len(lines) if lines else 1
