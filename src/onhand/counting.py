"""Prometheus' counters, for processes that keep their id.

Where several processes share PROMETHEUS_MULTIPROC_DIR, prometheus_client asks for the process id at each step of each
counter, in case somebody has forked. Our processes are made by exec and never fork: once is enough (it was 8 % of a
worker's time).
"""

import os

from prometheus_client import Counter, Histogram, values

__all__ = ["Counter", "Histogram"]

_PID = os.getpid()

if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
    values.ValueClass = values.MultiProcessValue(lambda: _PID)  # type: ignore[no-untyped-call]
