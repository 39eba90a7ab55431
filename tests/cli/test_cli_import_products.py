import csv
import gzip
from pathlib import Path

import pytest
from cli_tools import answered, csv_file, furnish, onhand, query, refused

HEADER = "sku,name,category,weight_g,length_mm,width_mm,height_mm,selling_mode,selling_limit,release_date"


def names(url: str) -> dict[str, str]:
    return dict(query(url, "SELECT sku, name FROM product"))  # type: ignore[arg-type]


def test_good_rows_go_in_and_refused_ones_are_told(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    file = csv_file(
        tmp_path / "products.csv",
        HEADER,
        "MUG,Mug,Kitchen,300,80,80,100,,,",
        ",No SKU,,,,,,,,",
        "BOWL,,,,,,,,,",
        "POT,Pot,,heavy,,,,,,",
        "CUP,Cup,,-1,,,,,,",
        "PAN,Pan,,,10,,,,,",
        "FORK,Fork,,,,,,maybe,,",
        "KNIFE,Knife,,,,,,preorder,,",
        "SPOON,Spoon,,,,,,preorder,5,2026-02-30",
        "DISH,Dish,,,,,,,5,",
        f"{'X' * 101},Too long,,,,,,,,",
        "TRAY,Tray,,,,,,backorder,,",
        "VASE,Vase,,,,,,preorder,5,2126-03-01",
        "JUG,too,many,,,,,,,,,",
    )
    report = tmp_path / "refused.csv"
    said = answered("import", "products", file, "--report", str(report), exit_code=1, url=url)
    assert (said["rows"], said["created"], said["refused"]) == (14, 3, 11)
    assert names(url) == {"MUG": "Mug", "TRAY": "Tray", "VASE": "Vase"}
    with report.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [(int(row["refused_line"]), row["refused_column"], row["refused_code"]) for row in rows] == [
        (3, "sku", "MISSING_FIELD"),
        (4, "name", "MISSING_FIELD"),
        (5, "weight_g", "INVALID_VALUE"),
        (6, "weight_g", "OUT_OF_RANGE"),
        (7, "width_mm", "MISSING_FIELD"),
        (8, "selling_mode", "INVALID_VALUE"),
        (9, "release_date", "MISSING_FIELD"),
        (10, "release_date", "INVALID_VALUE"),
        (11, "selling_limit", "INVALID_VALUE"),
        (12, "sku", "INVALID_VALUE"),
        (15, "", "WRONG_CELL_COUNT"),
    ]
    limits = dict(query(url, "SELECT sku, (selling_mode, selling_limit, release_date)::text FROM product"))
    assert limits == {"MUG": "(deny,,)", "TRAY": "(backorder,,)", "VASE": "(preorder,5,2126-03-01)"}


def test_a_mended_report_can_be_imported(fresh_database_url: str, tmp_path: Path) -> None:
    report = tmp_path / "refused.csv"
    file = csv_file(tmp_path / "p.csv", "sku,name,weight_g", "MUG,Mug,heavy")
    onhand("import", "products", file, "--report", str(report), url=fresh_database_url)
    report.write_text(report.read_text().replace(",heavy", ",300"))
    said = refused("import", "products", str(report), "--report", str(report), url=fresh_database_url)
    assert "goes to another file" in said
    assert onhand("import", "products", str(report), url=fresh_database_url).returncode == 0
    assert query(fresh_database_url, "SELECT weight_g FROM product") == [(300,)]


def test_existing_products_are_told_and_changed_only_when_asked(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG"])
    file = csv_file(tmp_path / "p.csv", "sku,name", "MUG,Better mug", "POT,Pot", "POT,Better pot")
    said = answered("import", "products", file, "--dry-run", url=url)
    assert (said["created"], said["existing"], names(url)) == (1, 2, {"MUG": "Product MUG"})
    said = answered("import", "products", file, url=url)
    assert (said["created"], said["existing"], said["refused"]) == (1, 2, 0)
    assert names(url) == {"MUG": "Product MUG", "POT": "Pot"}
    said = answered("import", "products", file, "--update", url=url)
    assert (said["created"], said["updated"], said["existing"]) == (0, 3, 0)
    assert names(url) == {"MUG": "Better mug", "POT": "Better pot"}


def test_update_leaves_columns_alone_that_the_file_has_not(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    onhand(
        "import", "products", csv_file(tmp_path / "a.csv", HEADER, "MUG,Mug,Kitchen,300,1,2,3,backorder,5,"), url=url
    )
    onhand("import", "products", csv_file(tmp_path / "b.csv", "sku,name,category", "MUG,Cup,"), "--update", url=url)
    told = query(url, "SELECT name, category, weight_g, length_mm, selling_mode, selling_limit FROM product")
    assert told == [("Cup", None, 300, 1, "backorder", 5)]


def test_files_as_the_world_makes_them(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    windows = '\ufeffNAME , Sku\r\n"Mug, ""red""",MUG\r\n\r\n"two\r\nlines",POT\r\nCafé,"CUP"\r\n'.encode()
    said = answered("import", "products", "-", stdin=windows, exit_code=1, url=url)
    assert (said["created"], [each["line"] for each in said["refusals"]]) == (2, [4])
    assert names(url) == {"MUG": 'Mug, "red"', "CUP": "Café"}
    packed = tmp_path / "named_without_its_ending"
    packed.write_bytes(gzip.compress(b"sku;name\nPAN;Pan\n"))
    assert answered("import", "products", str(packed), url=url)["created"] == 1
    latin = b"sku,name\nJUG,Caf\xe9\nTUB,Tub\n"
    said = answered("import", "products", "-", stdin=latin, exit_code=1, url=url)
    assert (said["created"], said["refusals"][0]["code"]) == (1, "INVALID_UTF8")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "has no header"),
        (b"sku,name,colour\nA,B,red\n", "unknown column 'colour'"),
        (b"sku\nA\n", "lacks the column name"),
        (b"sku,name,sku\nA,B,C\n", "column twice"),
        (b'sku,name\nA,"never closed\nB,C\n', "line 2"),
        (b"sku,name\n" + b'A,"' + b"x\n" * 20_000, "line 2"),
        (b"sku,name\nA," + b"x" * 1_100_000, "longer than"),
        (b"PK\x03\x04....", "spreadsheet"),
        ("sku,name\nA,B\n".encode("utf-16"), "UTF-16"),
        (gzip.compress(b"sku,name\nA,B\n" * 5_000)[:-20], "gzip"),
    ],
)
def test_an_unusable_file_changes_nothing(database_url: str, content: bytes, words: str) -> None:
    before = query(database_url, "SELECT count(*) FROM product")
    assert words in refused("import", "products", "-", stdin=content, url=database_url)
    assert query(database_url, "SELECT count(*) FROM product") == before


def test_a_file_that_is_not_there(database_url: str, tmp_path: Path) -> None:
    assert "No such file" in refused("import", "products", str(tmp_path / "none.csv"), url=database_url)
    assert "Is a directory" in refused("import", "stock", str(tmp_path), url=database_url)
    assert "No such file" in refused("import", "orders", str(tmp_path / "none.csv"), url=database_url)
