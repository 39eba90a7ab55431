"""A log-linear histogram (HDR): latencies from a microsecond to hours, each told to better than 1 %.

Our own forty lines: the package on PyPI records value by value in Python too, and more slowly.
"""

import math
from collections.abc import Iterable, Iterator

SUB_BITS = 7  # 128 buckets per power of two: the relative error of a bucket is at most 1/128
SUB_COUNT = 1 << SUB_BITS


class Histogram:
    """Counts of durations, in whole microseconds."""

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.total = 0
        self.max_us = 0

    def record(self, duration_us: int) -> None:
        duration_us = max(0, duration_us)
        bucket = _bucket(duration_us)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        self.total += 1
        self.max_us = max(self.max_us, duration_us)

    def record_all(self, durations_s: Iterable[float]) -> None:
        """Many at once, after the run: recording costs the measured time nothing."""
        for duration_s in durations_s:
            self.record(round(duration_s * 1e6))

    def add(self, other: "Histogram") -> None:
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count
        self.total += other.total
        self.max_us = max(self.max_us, other.max_us)

    def quantile_us(self, quantile: float) -> int:
        """The smallest recorded duration that `quantile` (0 to 1) of all are not above; 0 when there are none."""
        wanted = max(1, math.ceil(quantile * self.total))
        seen = 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= wanted:
                return min(_highest(bucket), self.max_us)
        return 0

    def curve(self, points_per_decade: int = 8, nines_max: int = 5) -> Iterator[tuple[float, int]]:
        """(share not above, microseconds) for a plot with the tail spread out: 0, 0.9, 0.99, 0.999, …"""
        for step in range(points_per_decade * nines_max + 1):
            above = 10 ** (-step / points_per_decade)
            if above * self.total < 1 and step:
                break
            yield 1 - above, self.quantile_us(1 - above)
        if self.total:
            yield 1 - 1 / (10 * self.total), self.max_us


def _bucket(value: int) -> int:
    shift = max(0, value.bit_length() - SUB_BITS - 1)
    return (shift << SUB_BITS) + (value >> shift)


def _highest(bucket: int) -> int:
    """The largest value that falls into the bucket."""
    if bucket < 2 * SUB_COUNT:
        return bucket
    shift = (bucket >> SUB_BITS) - 1
    return ((bucket - (shift << SUB_BITS) + 1) << shift) - 1
