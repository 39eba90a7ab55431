"""onhand bench reorder, end to end at small size."""

import json
import os
import subprocess
import sys
from typing import Any


def measured(url: str, *arguments: str) -> Any:
    ran = subprocess.run(
        [sys.executable, "-m", "onhand.cli", "bench", "reorder", *arguments, "--json", "--database-url", url],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env={name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")},
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    return json.loads(ran.stdout)


def test_it_measures_again_and_again(empty_database_url: str) -> None:
    first = measured(empty_database_url, "--levels", "10000", "--below", "2000", "--suppliers", "3")
    again = measured(empty_database_url, "--below", "2000")
    for told in (first, again):
        assert told["levels"] == 10_000
        assert 1_600 < told["low"] == told["lines"] < 2_400
        assert told["orders"] == 3
        assert min(told["run_s"], told["dry_run_s"], told["textbook_s"]) > 0
        assert any("level" in line for line in told["plan"])
