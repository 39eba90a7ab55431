"""onhand bench trigger, end to end at small size."""

import json
import os
import subprocess
import sys

import psycopg


def test_it_measures_and_leaves_thresholds_and_notes_as_they_were(empty_database_url: str) -> None:
    arguments = ["--levels", "10000", "--rounds", "2", "--fulfills", "700", "--database-url", empty_database_url]
    ran = subprocess.run(
        [sys.executable, "-m", "onhand.cli", "bench", "trigger", "--json", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env={name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")},
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    told = json.loads(ran.stdout)
    assert [arm["name"] for arm in told["arms"]] == ["no threshold", "a threshold", "a note each time"]
    assert all(arm["cpu_us"] >= 0 for arm in told["arms"])
    with psycopg.connect(empty_database_url) as connection:
        left = "SELECT count(*) FILTER (WHERE reorder_threshold IS NOT NULL), sum(version - 1)::int FROM level"
        assert connection.execute(left).fetchall() == [(0, 3 * 3 * 2 * 700)]  # reserved and shipped, thrice per arm
        assert connection.execute("SELECT count(*) FROM reorder_note").fetchall() == [(0,)]
