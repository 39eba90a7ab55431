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
    answered: "asyncio.Future[Answer]"

    @property
    def lines(self) -> int:
        """How much work it is, in ledger rows, as far as can be told before its reservation is read."""
        lines = getattr(self.command, "lines", None)
        return len(lines) if lines else 1

    @property
    def reservation(self) -> Id | None:
        return getattr(self.command, "reservation", None)

    @property
    def transfer(self) -> Id | None:
        return getattr(self.command, "transfer", None)
