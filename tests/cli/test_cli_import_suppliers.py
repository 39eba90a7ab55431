import csv
import io
from pathlib import Path
from typing import Any

from cli_tools import answered, csv_file, furnish, onhand, query

HEAD = "supplier,name,sku,lead_time_days,pack_size,unit_cost"
READ = """
SELECT code, supplier.name, sku, lead_time_days, pack_size, unit_cost::text FROM supplier
JOIN supplier_product USING (supplier_id) JOIN product USING (product_id) ORDER BY code, sku
"""


def sold(url: str) -> list[tuple[Any, ...]]:
    return query(url, READ)


def test_suppliers_are_checked_then_made_then_changed(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG", "POT"])
    rows = ("KILN,The kiln,MUG,5,12,4.25", "KILN,,POT,6,,", "MILL,,MUG,9,,0")
    file = csv_file(tmp_path / "s.csv", HEAD, *rows)
    would = answered("import", "suppliers", file, "--dry-run", url=url)
    assert (would["created"], would["updated"], would["refused"], sold(url)) == (3, 0, 0, [])
    assert query(url, "SELECT count(*) FROM supplier") == [(0,)]
    assert answered("import", "suppliers", file, url=url)["created"] == 3
    assert sold(url) == [
        ("KILN", "The kiln", "MUG", 5, 12, "4.2500"),
        ("KILN", "The kiln", "POT", 6, 1, None),
        ("MILL", "MILL", "MUG", 9, 1, "0.0000"),
    ]
    again = csv_file(tmp_path / "t.csv", HEAD, "KILN,Other,MUG,7,,", "KILN,,MUG,8,,")
    done = answered("import", "suppliers", again, url=url)
    assert (done["rows"], done["created"], done["updated"]) == (2, 0, 2)
    assert [row[:5] for row in sold(url)][:2] == [
        ("KILN", "The kiln", "MUG", 8, 1),
        ("KILN", "The kiln", "POT", 6, 1),
    ]


def test_bad_rows_are_refused_and_the_others_taken(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG"])
    rows = (
        *("KILN,,MUG,5,12,1", ",,MUG,5,,", "KILN,,NO,5,,", "KILN,,MUG,soon,,", "KILN,,MUG,1001,,"),
        *("KILN,,MUG,5,0,", "KILN,,MUG,5,,-1", "KILN,,MUG,5,,dear", "KILN,,MUG,5,,NaN"),
    )
    file, report = csv_file(tmp_path / "s.csv", HEAD, *rows), tmp_path / "refused.csv"
    done = answered("import", "suppliers", file, "--report", str(report), url=url, exit_code=1)
    assert (done["created"], done["refused"]) == (1, 8)
    columns = [row["refused_column"] for row in csv.DictReader(io.StringIO(report.read_text()))]
    assert columns == [
        *("supplier", "sku", "lead_time_days", "lead_time_days", "pack_size", "unit_cost", "unit_cost", "unit_cost")
    ]
    assert [row[3:5] for row in sold(url)] == [(5, 12)]


def test_what_is_exported_is_imported(fresh_database_url: str, empty_database_url: str, tmp_path: Path) -> None:
    url, other = fresh_database_url, empty_database_url
    furnish(url, ["MUG", "=POT"])
    file = csv_file(tmp_path / "s.csv", HEAD, 'KILN,"=The ""kiln""",MUG,5,12,4.25', "KILN,,'=POT,6,,")
    assert answered("import", "suppliers", file, url=url)["created"] == 2
    exported = str(tmp_path / "out.csv")
    assert onhand("export", "suppliers", exported, url=url).returncode == 0
    onhand("migrate", url=other)
    furnish(other, ["MUG", "=POT"])
    done = onhand("import", "suppliers", exported, url=other)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sold(other) == sold(url)
