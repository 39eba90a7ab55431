import csv
import io
from pathlib import Path
from typing import Any

import pytest
from cli_tools import answered, csv_file, furnish, onhand, query

HEAD = "purchase_order_id,supplier,status,expected_arrival_date,sku,warehouse,quantity"
READ = """
SELECT code, status, expected_arrival_date::text, sum(quantity)::int, count(*)::int FROM purchase_order
JOIN supplier USING (supplier_id) JOIN purchase_order_line USING (purchase_order_id)
GROUP BY purchase_order_id, code, status, expected_arrival_date ORDER BY purchase_order_id
"""
INCOMING = "SELECT sku, incoming FROM level JOIN product USING (product_id) WHERE incoming > 0 ORDER BY sku, incoming"


@pytest.fixture
def url(fresh_database_url: str, tmp_path: Path) -> str:
    supplied(fresh_database_url, tmp_path)
    return fresh_database_url


def supplied(url: str, folder: Path) -> None:
    furnish(url, ["MUG", "POT", "PAN"], ["W1", "W2"])
    rows = ("KILN,MUG,5", "KILN,POT,9", "MILL,MUG,2")
    answered("import", "suppliers", csv_file(folder / "s.csv", "supplier,sku,lead_time_days", *rows), url=url)


def orders(url: str) -> list[tuple[Any, ...]]:
    return query(url, READ)


def test_orders_are_checked_then_made_once(url: str, tmp_path: Path) -> None:
    rows = (
        *("A-1,KILN,placed,2026-03-09,MUG,W1,12", "A-1,KILN,placed,2026-03-09,POT,W2,6"),
        *(",KILN,,,MUG,W1,1", ",KILN,,,MUG,W1,2", ",MILL,,,MUG,W1,3", ",KILN,placed,,MUG,W2,4"),
    )
    file = csv_file(tmp_path / "o.csv", HEAD, *rows)
    would = answered("import", "purchase-orders", file, "--dry-run", url=url)
    assert (would["rows"], would["created"], would["refused"], orders(url)) == (6, 4, 0, [])
    done = answered("import", "purchase-orders", file, url=url)
    assert (done["created"], done["repeated"], done["refused"]) == (4, 0, 0)
    made = orders(url)
    assert [order[:2] + order[3:] for order in made] == [
        ("KILN", "placed", 18, 2),
        ("KILN", "draft", 3, 2),
        ("MILL", "draft", 3, 1),
        ("KILN", "placed", 4, 1),
    ]
    assert [order[2] for order in made][:3] == ["2026-03-09", None, None]
    assert query(url, INCOMING) == [("MUG", 4), ("MUG", 12), ("POT", 6)]
    again = answered("import", "purchase_orders", file, url=url)
    assert (again["created"], again["repeated"], orders(url)) == (0, 4, made)
    other = csv_file(tmp_path / "other.csv", HEAD, "A-1,KILN,placed,2026-03-09,MUG,W1,13", "A-2,KILN,,,MUG,W1,1")
    changed = answered("import", "purchase-orders", other, url=url, exit_code=1)
    assert (changed["created"], changed["refused"]) == (1, 1)
    assert changed["refusals"][0]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert answered("reconcile", url=url)["clean"]


BAD = [
    ("1,,,,MUG,W1,1", "supplier", "MISSING_FIELD"),
    ("1,NOBODY,,,MUG,W1,1", "supplier", "UNKNOWN_SUPPLIER"),
    ("1,MILL,,,POT,W1,1", "sku", "INVALID_VALUE"),
    ("1,KILN,received,,MUG,W1,1", "status", "INVALID_VALUE"),
    ("1,KILN,,soon,MUG,W1,1", "expected_arrival_date", "INVALID_VALUE"),
    ("1,KILN,,,NO,W1,1", "sku", "UNKNOWN_SKU"),
    ("1,KILN,,,MUG,NO,1", "warehouse", "UNKNOWN_WAREHOUSE"),
    ("1,KILN,,,MUG,W1,0", "quantity", "OUT_OF_RANGE"),
    ("1,KILN,,,MUG,W1,1.5", "quantity", "INVALID_VALUE"),
    ("a b,KILN,,,MUG,W1,1", "purchase_order_id", "INVALID_VALUE"),
    (f"1,{'x' * 51},,,MUG,W1,1", "supplier", "INVALID_VALUE"),
]


def test_an_order_with_a_bad_row_is_refused_whole(url: str, tmp_path: Path) -> None:
    rows = [row.replace("1,", f"B-{number},", 1) if row[0] == "1" else row for number, (row, *_) in enumerate(BAD)]
    rows += ["C,KILN,,,MUG,W1,1", "C,KILN,,,NO,W1,1", "C,KILN,placed,,MUG,W1,1", "D,KILN,,,MUG,W1,5"]
    rows += ["C,KILN,,,MUG,W1,9"]
    file, report = csv_file(tmp_path / "o.csv", HEAD, *rows), tmp_path / "refused.csv"
    would = answered("import", "purchase-orders", file, "--dry-run", url=url, exit_code=1)
    done = answered("import", "purchase-orders", file, "--report", str(report), url=url, exit_code=1)
    assert (would["created"], would["refused"]) == (done["created"], done["refused"]) == (1, len(BAD) + 4)
    told = [(row["refused_column"], row["refused_code"]) for row in csv.DictReader(io.StringIO(report.read_text()))]
    assert told[: len(BAD)] == [(column, code) for _, column, code in BAD]
    assert told[len(BAD) :] == [
        ("", "ORDER_REFUSED"),
        ("sku", "UNKNOWN_SKU"),
        ("status", "INVALID_VALUE"),
        ("purchase_order_id", "INVALID_VALUE"),
    ]
    assert [order[3] for order in orders(url)] == [5]
    assert query(url, "SELECT count(*) FROM level") == [(1,)]


def test_more_lines_than_an_order_has(url: str, tmp_path: Path) -> None:
    rows = ["L,KILN,,,MUG,W1,1"] * 2001 + [",KILN,,,MUG,W1,1"] * 1001
    done = answered("import", "purchase-orders", csv_file(tmp_path / "o.csv", HEAD, *rows), url=url, exit_code=1)
    assert (done["created"], done["refused"]) == (2, 2001)
    assert {refusal["code"] for refusal in done["refusals"]} == {"OUT_OF_RANGE"}
    assert [order[4] for order in orders(url)] == [1000, 1]


def test_what_is_exported_is_imported(url: str, empty_database_url: str, tmp_path: Path) -> None:
    rows = ("A-1,KILN,placed,,MUG,W1,12", "A-1,KILN,placed,,POT,W2,6", "A-2,MILL,draft,2027-01-01,MUG,W1,3")
    answered("import", "purchase-orders", csv_file(tmp_path / "o.csv", HEAD, *rows), url=url)
    exported = str(tmp_path / "out.csv")
    assert onhand("export", "purchase-orders", exported, url=url).returncode == 0
    onhand("migrate", url=empty_database_url)
    supplied(empty_database_url, tmp_path)
    assert answered("import", "purchase-orders", exported, url=empty_database_url)["created"] == 2
    assert orders(empty_database_url) == orders(url)
    assert query(empty_database_url, INCOMING) == query(url, INCOMING)
