"""Requests by route and status, and how long they take."""

from onhand.counting import Counter, Histogram

REQUESTS = Counter("onhand_http_requests", "Requests by method, route and status.", ["method", "route", "status"])
SECONDS = Histogram(
    "onhand_http_request_seconds",
    "Seconds from the head of a request to the end of its answer.",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
UNMATCHED = "unmatched"

_requests: dict[tuple[str, str, int], Counter] = {}
_seconds: dict[tuple[str, str], Histogram] = {}


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one; route is a template, so that labels stay few."""
    counter = _requests.get((method, route, status))
    if counter is None:
        counter = _requests[method, route, status] = REQUESTS.labels(method, route, str(status))
    counter.inc()
    histogram = _seconds.get((method, route))
    if histogram is None:
        histogram = _seconds[method, route] = SECONDS.labels(method, route)
    histogram.observe(seconds)
