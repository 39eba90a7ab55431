"""A circuit breaker: after some failures in a row nobody waits for Valkey any more, until it answers again."""

from onhand.cache import metrics

FAILURES_MAX = 3


class Breaker:
    """closed: all is well, go on. Open: leave it alone; a probe closes it."""

    def __init__(self, failures_max: int = FAILURES_MAX) -> None:
        self._failures_max = failures_max
        self._failures: dict[str, int] = {}  # in a row: writes that succeed late say nothing of reads
        self.closed = True

    def failed(self, what: str) -> None:
        metrics.VALKEY_FAILURES.labels(what).inc()
        self._failures[what] = self._failures.get(what, 0) + 1
        if self._failures[what] >= self._failures_max:
            self.closed = False
            metrics.VALKEY_OPEN.set(1)

    def succeeded(self, what: str) -> None:
        """A success of any kind closes it."""
        self._failures[what] = 0
        if not self.closed:
            self.closed = True
            self._failures.clear()
            metrics.VALKEY_OPEN.set(0)
