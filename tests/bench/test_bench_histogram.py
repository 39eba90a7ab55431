import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onhand.bench.histogram import SUB_COUNT, Histogram, _bucket, _highest

durations = st.lists(st.integers(0, 10**10), min_size=1, max_size=200)


@given(st.integers(0, 10**12))
def test_a_bucket_holds_its_values_to_better_than_a_percent(value: int) -> None:
    highest = _highest(_bucket(value))
    assert value <= highest <= value + value / SUB_COUNT
    assert _bucket(highest) == _bucket(value)
    assert _bucket(highest + 1) == _bucket(value) + 1


@given(durations, st.floats(0.001, 1))
def test_a_quantile_is_that_of_the_sorted_values(values: list[int], quantile: float) -> None:
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    exact = sorted(values)[max(1, -int(-quantile * len(values) // 1)) - 1]
    assert exact <= histogram.quantile_us(quantile) <= exact * (1 + 1 / SUB_COUNT)


@given(durations, durations)
def test_adding_is_recording_both(some: list[int], others: list[int]) -> None:
    apart, together = (Histogram(), Histogram()), Histogram()
    for histogram, values in zip(apart, (some, others), strict=True):
        for value in values:
            histogram.record(value)
            together.record(value)
    apart[0].add(apart[1])
    assert (apart[0].counts, apart[0].total, apart[0].max_us) == (together.counts, together.total, together.max_us)


def test_the_curve_rises_to_the_slowest() -> None:
    histogram = Histogram()
    dice = random.Random(1)
    histogram.record_all(dice.expovariate(100) for _ in range(10_000))
    curve = list(histogram.curve())
    assert [us for _, us in curve] == sorted(us for _, us in curve)
    assert [share for share, _ in curve] == sorted(share for share, _ in curve)
    assert curve[-1][1] == histogram.max_us
    assert histogram.quantile_us(0.5) == pytest.approx(6931, rel=0.05)


def test_nothing_recorded_is_zero() -> None:
    assert Histogram().quantile_us(0.99) == 0
