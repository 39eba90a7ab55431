"""A command on its way through the engine."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec
import structlog

from onhand.domain.commands import Command
from onhand.domain.decide import Verdict
from onhand.domain.errors import DomainError, OutcomeUnknown
from onhand.domain.ids import Id

log = structlog.get_logger()


class Key(msgspec.Struct, frozen=True, gc=False):
    """An Idempotency-Key: digest of caller and key, and digest of the request (16 bytes each)."""

    digest: Id
    request_digest: Id


class Answer(NamedTuple):
    """replayed: this is the outcome of an earlier request with the same key. An Exception: the engine failed."""

    verdict: Verdict | Exception
    replayed: bool = False


Done = Callable[[Answer], None]


class Job(msgspec.Struct):
    """done is called once, from the event loop, when the outcome is durable or nothing has changed.

    since_s: when it came, by time.monotonic().
    """

    command: Command
    key: Key | None
    done: Done
    since_s: float
    followers: list[Done] = []  # of callers who came with the same key meanwhile
    given: Answer | None = None
    refusal: DomainError | None = None  # known without a look at stock

    def tell(self) -> None:
        """Give the answer to everyone who waits."""
        answer = self.given or Answer(OutcomeUnknown())  # Without one only where the engine itself was cancelled.
        for done in (self.done, *self.followers):
            try:
                done(answer)
            except Exception:  # One caller's trouble is not that of the others in the batch.
                log.exception("answer_not_delivered", command=type(self.command).__name__)

    @property
    def lines(self) -> int:
        """How much work it is, in ledger rows, as far as can be told before its reservation is read."""
        lines = getattr(self.command, "lines", None)
        return len(lines) if lines else 1
