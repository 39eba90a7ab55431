"""What the engine tells Prometheus."""

from collections import Counter as Counts
from collections.abc import Iterable

from onhand.counting import Counter, Histogram
from onhand.domain.errors import DomainError
from onhand.engine.job import Answer, Job

BATCH_COMMANDS = Histogram(
    "onhand_batch_commands",
    "Commands in one transaction of the engine.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)
BATCH_SECONDS = Histogram(
    "onhand_batch_seconds",
    "Seconds from taking a batch to its commit.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
COMMANDS = Counter("onhand_commands", "Commands by operation and verdict.", ["command", "verdict"])
REFUSED_BUSY = Counter("onhand_refused_busy", "Commands turned away because too many waited.")


def count_verdicts(jobs: Iterable[Job]) -> None:
    """Call when every job of a batch is answered."""
    counts = Counts((type(job.command).__name__.lower(), _verdict(job.given)) for job in jobs)
    for labels, count in counts.items():
        COMMANDS.labels(*labels).inc(count)


def _verdict(given: Answer | None) -> str:
    if given is None:
        return "failed"
    if given.replayed:
        return "replayed"
    if isinstance(given.verdict, DomainError):
        return given.verdict.code
    return "failed" if isinstance(given.verdict, Exception) else "accepted"
