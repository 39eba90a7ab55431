"""Cycle counts by the command line, from beginning to posting."""

import csv
import io
from pathlib import Path

from cli_tools import answered, csv_file, furnish, onhand, query, refused

STOCK = "sku,warehouse,quantity\nMUG,LEJ1,10\nPOT,LEJ1,5\n"
ON_HAND = "SELECT sku, on_hand FROM level JOIN product USING (product_id) WHERE on_hand > 0 ORDER BY sku"


def stocked(url: str) -> None:
    furnish(url, ["MUG", "POT", "CUP"])
    assert onhand("import", "stock", "-", url=url, stdin=STOCK).returncode == 0


def test_started_recorded_approved_and_posted(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    stocked(url)
    products = csv_file(tmp_path / "p.csv", "sku,unit_cost", "POT,2.50", "CUP,")
    limits = ("--approval-value", "4", "--currency", "EUR")
    begun = answered("count", "start", "LEJ1", products, "--sku", "MUG", *limits, url=url)
    count = begun["count_id"]
    assert [(x["sku"], x["expected"], x["unit_cost"]) for x in begun["lines"]] == [
        ("MUG", 10, None),
        ("POT", 5, "2.5000"),
        ("CUP", 0, None),
    ]
    rows = ("POT,3,", "MUG,10,", "MUG,9,", "NO,1,", "CUP,-1,", "CUP,few,", "CUP,,", "CUP,0,yesterday")
    file = csv_file(tmp_path / "c.csv", "sku,counted_quantity,counted_at", *rows)
    report = tmp_path / "refused.csv"
    for extra in (["--dry-run"], ["--report", str(report)]):
        done = answered("count", "record", count, file, *extra, url=url, exit_code=1)
        assert (done["rows"], done["created"], done["refused"]) == (8, 2, 6)
        counted = answered("count", "show", count, url=url)["totals"]["counted"]
        assert counted == (0 if extra == ["--dry-run"] else 2)
    columns = [row["refused_column"] for row in csv.DictReader(io.StringIO(report.read_text()))]
    assert columns == ["sku", "sku", *["counted_quantity"] * 3, "counted_at"]
    assert "COUNT_NEEDS_APPROVAL" in refused("count", "post", count, url=url, exit_code=1)
    assert "needs approval" in onhand("count", "list", url=url).stdout
    assert answered("count", "approve", count, url=url)["approved_by"] == "cli:count"
    shown = onhand("count", "post", count, url=url)
    assert shown.returncode == 0
    assert "-5.0000 EUR" in shown.stdout
    assert query(url, ON_HAND) == [("MUG", 10), ("POT", 3)]
    assert "posted" in refused("count", "cancel", count, url=url, exit_code=1)
    out = list(csv.DictReader(io.StringIO(onhand("export", "counts", url=url).stdout)))
    assert [(x["sku"], x["variance"], x["variance_value"]) for x in out] == [
        ("MUG", "0", ""),
        ("POT", "-2", "-5.0000"),
        ("CUP", "", ""),
    ]
    assert onhand("reconcile", url=url).returncode == 0


def test_what_cannot_be_counted_is_refused(fresh_database_url: str) -> None:
    url = fresh_database_url
    stocked(url)
    assert "length" in refused("count", "start", "LEJ1", url=url)
    assert "there is no warehouse 'NO'" in refused("count", "start", "NO", "--sku", "MUG", url=url, exit_code=1)
    assert "there is no sku 'NO'" in refused("count", "start", "LEJ1", "--sku", "NO", url=url, exit_code=1)
    assert "currency" in refused(
        "count", "start", "LEJ1", "--sku", "MUG", "--approval-value", "5", url=url, exit_code=1
    )
    missing = "019332c5-71b0-7c3a-9a41-5b1f0f8c1a13"
    assert "there is no count" in refused("count", "post", missing, url=url, exit_code=1)
