"""A circuit breaker: after some failures in a row nobody waits for Valkey any more, until it answers again."""

from onhand.cache import metrics

FAILURES_MAX = 3


class Breaker:
    """closed: all is well, go on. Open: leave it alone; a probe closes it."""

    def __init__(self, failures_max: int = FAILURES_MAX) -> None:
        self._failures_max = failures_max
        self._failures = 0
        self.closed = True

    def failed(self, what: str) -> None:
        metrics.VALKEY_FAILURES.labels(what).inc()
        self._failures += 1
        if self._failures >= self._failures_max:
            self.closed = False
            metrics.VALKEY_OPEN.set(1)

    def succeeded(self) -> None:
        self._failures = 0
        if not self.closed:
            self.closed = True
            metrics.VALKEY_OPEN.set(0)
