"""onhand bench availability, end to end at small size."""

import json
import os
import random
import subprocess
import sys
from collections import Counter

import pytest

from onhand.bench import availability
from onhand.bench.database import BenchError
from onhand.bench.workload import Shape
from support.valkey import Valkey


def test_it_measures_reads_beside_writes_and_how_stale_they_are(empty_database_url: str) -> None:
    with Valkey() as valkey:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")}
        arguments = ["--skus", "1000", "--quick", "--seconds", "0.5", "--json", "--database-url", empty_database_url]
        ran = subprocess.run(
            [sys.executable, "-m", "onhand.cli", "bench", "availability", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
            env=kept | {"ONHAND_REDIS_URL": valkey.url},
        )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    report = json.loads(ran.stdout)
    [told] = report["sizes"]
    assert (told["products"], told["warehouses"], report["growth"]) == (1_000, 10, {})
    assert len(told["reads"]) == 14
    assert all(each["ceiling_per_s"] > each["asked_per_s"] > 0 for each in told["reads"])
    assert all(each["cpu_us"] > 0 and each["others"] >= 0 for each in told["reads"])
    assert all(0 < each["p50_ms"] <= each["p99_ms"] and each["failed"] == 0 for each in told["reads"])
    assert 0 < told["writes_per_s"] < told["writes_ceiling_per_s"]
    assert len(told["ratios"]) == 6
    assert [each["commits"] for each in told["staleness"]] == [40] * 4
    assert all(each["p99_ms"] <= 1_200 for each in told["staleness"])


def test_sizes_stand_beside_each_other() -> None:
    def size(products: int, p99_ms: float) -> availability.Size:
        reads = [availability.Reads("one", 70.0, 10.0, 5.0, 1.0, p99_ms, 9.0, 0.1, 0)]
        return availability.Size(products, 3, 1.0, 1.0, reads, {}, [])

    assert availability.report([size(1, 2.0)]).growth == {}
    assert availability.report([size(1, 2.0), size(10, 2.2)]).growth == {"one": 1.1}


def test_some_kinds_are_measured_with_what_they_are_compared_with() -> None:
    assert [kind.name for kind in availability._chosen(["hot"])] == ["one hot SKU", "one hot SKU, without the cache"]
    assert availability._chosen(["staleness"]) == []
    assert len(availability._chosen([])) == 7
    with pytest.raises(BenchError, match="one hot SKU"):
        availability._chosen(["no such"])


def test_shoppers_look_at_few_products_most_of_the_time_and_at_none_that_is_not_there() -> None:
    dice = random.Random(1)
    shape = Shape(1_000_000, 3)
    looked_at = Counter(availability._skewed(shape, dice) for _ in range(50_000))
    assert all(0 <= product < shape.products for product in looked_at)
    assert 0.4 < sum(count for _, count in looked_at.most_common(1_000)) / 50_000 < 0.6
