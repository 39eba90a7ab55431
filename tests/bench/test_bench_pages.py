"""onhand bench pages, end to end at small size."""

import json
import os
import subprocess
import sys

import psycopg
import pytest

from onhand.bench import pages


def test_every_page_is_timed_and_an_open_one_is_told_while_orders_come(empty_database_url: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")}
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "onhand.cli",
            "bench",
            "pages",
            "--quick",
            "--json",
            "--database-url",
            empty_database_url,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
        env=kept,
    )
    assert ran.returncode in (0, 1), ran.stderr[-2_000:]
    assert ran.stdout, ran.stderr[-2_000:]
    report = json.loads(ran.stdout)
    assert {"overview", "stock", "product", "what should be ordered"} <= {page["name"] for page in report["pages"]}
    assert all(0 < page["median_ms"] <= page["most_ms"] and page["bytes"] > 10 for page in report["pages"])
    assert [half["name"] for half in report["halves"]] == [pages.SOMEBODY, pages.NOBODY]
    assert all(half["cpu_us"] > 0 and 50 < half["orders_per_s"] < 150 for half in report["halves"])
    assert [half["beats"] > 0 for half in report["halves"]] == [True, False]
    with psycopg.connect(empty_database_url) as connection:  # It leaves nothing behind.
        row = connection.execute(
            "SELECT (SELECT count(*) FROM stock_alert), (SELECT count(*) FROM web_user)"
        ).fetchone()
    assert row == (0, 0)


def test_the_cost_is_that_of_the_pairs_in_whichever_order() -> None:
    def half(name: str, cpu_us: float) -> pages.Half:
        return pages.Half(name, 500.0, cpu_us, 1.0, 0)

    halves = [half(pages.SOMEBODY, 102), half(pages.NOBODY, 100), half(pages.NOBODY, 200), half(pages.SOMEBODY, 208)]
    assert pages.cost_percent(halves) == pytest.approx(3.0)
