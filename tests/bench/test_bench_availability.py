"""onhand bench availability, end to end at small size."""

import json
import os
import subprocess
import sys

from support.valkey import Valkey


def test_it_measures_reads_beside_writes_and_how_stale_they_are(empty_database_url: str) -> None:
    with Valkey() as valkey:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")}
        arguments = ["--levels", "10000", "--quick", "--seconds", "0.5", "--json", "--database-url", empty_database_url]
        ran = subprocess.run(
            [sys.executable, "-m", "onhand.cli", "bench", "availability", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
            env=kept | {"ONHAND_REDIS_URL": valkey.url},
        )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    told = json.loads(ran.stdout)
    assert len(told["reads"]) == 6
    assert all(each["per_s"] > 0 and each["failed"] == 0 for each in told["reads"])
    assert told["writes_per_s"] > 0
    assert [each["commits"] for each in told["staleness"]] == [40] * 4
    assert all(each["p99_ms"] <= 1_200 for each in told["staleness"])
