"""onhand bench replenishment, end to end on a handful of orders."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def ran(url: str, file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")}
    return subprocess.run(
        [sys.executable, "-m", "onhand.cli", "bench", "replenishment", str(file), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env=kept | {"ONHAND_DATABASE_URL": url},
    )


def databases(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {row[0] for row in connection.execute("SELECT datname FROM pg_database").fetchall()}


def test_each_policy_is_lived_through_in_a_database_of_its_own(empty_database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    rows = [f"{1000 + day},MUG1,RED MUG,9,2010-12-{day:02} 08:26:00,2.55,17850.0,Germany" for day in range(1, 29)]
    file.write_text("\n".join((HEADER, *rows)) + "\n")
    before = databases(empty_database_url)
    done = ran(empty_database_url, file, "--json")
    assert done.returncode == 0, done.stderr[-2_000:]
    told = json.loads(done.stdout)
    assert told["clean"]
    none, weekly, reorder = told["policies"]
    assert [each["policy"] for each in told["policies"]] == ["none", "weekly", "reorder"]
    assert {each["asked"] for each in told["policies"]} == {28 * 9}
    assert none["purchase_orders"] == 0 < min(weekly["purchase_orders"], reorder["purchase_orders"])
    assert databases(empty_database_url) == before
    shown = ran(empty_database_url, file, "--policy", "reorder", "--limit", "5")
    assert shown.returncode == 0, shown.stderr[-2_000:]
    assert "the books agree" in shown.stdout
    file.write_text(HEADER + "\n")
    assert "no orders in it" in ran(empty_database_url, file).stderr
