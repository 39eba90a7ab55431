"""onhand bench import, end to end at small size."""

import json
import os
import subprocess
import sys

import psycopg


def test_it_imports_all_rows_and_tells_the_ratio(empty_database_url: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")}
    arguments = ["--skus", "1500", "--warehouses", "2", "--json", "--database-url", empty_database_url]
    ran = subprocess.run(
        [sys.executable, "-m", "onhand.cli", "bench", "import", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env=kept,
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    products, stock = json.loads(ran.stdout)
    assert (products["kind"], products["rows"], stock["kind"], stock["rows"]) == ("products", 1_500, "stock", 3_000)
    for each in (products, stock):
        assert each["rows_per_s"] > 0
        assert abs(each["ratio"] - each["rows_per_s"] / each["plain_rows_per_s"]) < 1e-6
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT count(*), sum(on_hand) FROM level").fetchone() == (3_000, 300_000)
        assert connection.execute("SELECT count(*) FROM ledger").fetchone() == (3_000,)
