import csv
import gzip
import io
from pathlib import Path

import pytest
from cli_tools import answered, csv_file, furnish, onhand, query, refused, shelf

from onhand.cli.csv_files import guarded, unguarded

ODD = ["=1+2", "+1", "-2", "@x", "'=3", "''@y", "'quoted'", 'a"b', "a,b", "ümläut", " ", "plain"]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("text", [*ODD, "", "'", "\tx", "'\tx", "''''=1"])
def test_guarding_a_cell_can_be_undone(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in {"=", "+", "-", "@", "\t", "\r"}


def test_exported_stock_imported_elsewhere_is_the_same_stock(
    fresh_database_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    url, other = fresh_database_url, empty_database_url
    skus = [sku for sku in ODD if sku.strip()] + [f"SKU-{number:05}" for number in range(6_000)]
    furnish(url, skus)
    lines = [
        f'"{guarded(sku).replace(chr(34), chr(34) * 2)}",{("LEJ1", "MAN1")[n % 2]},{n + 1}'
        for n, sku in enumerate(skus)
    ]
    assert (
        answered("import", "stock", csv_file(tmp_path / "s.csv", "sku,warehouse,quantity", *lines), url=url)["refused"]
        == 0
    )

    products, stock = str(tmp_path / "products.csv"), str(tmp_path / "stock.csv.gz")
    assert onhand("export", "products", products, url=url).returncode == 0
    assert onhand("export", "stock", stock, url=url).returncode == 0
    with gzip.open(stock, "rt", encoding="utf-8", newline="") as text:
        cells = {row["sku"] for row in csv.DictReader(text)}
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)

    onhand("migrate", url=other)
    furnish(other, [])
    assert answered("import", "products", products, url=other)["created"] == len(skus)
    assert answered("import", "stock", stock, url=other)["received"] == len(skus)
    assert shelf(other) == shelf(url)
    assert onhand("export", "products", url=other).stdout == onhand("export", "products", url=url).stdout


def test_what_is_exported_can_be_narrowed(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG", "POT"])
    file = csv_file(tmp_path / "s.csv", "sku,warehouse,quantity", "MUG,LEJ1,3", "MUG,MAN1,4", "POT,LEJ1,5")
    onhand("import", "stock", file, url=url)
    levels = rows_of(onhand("export", "levels", "--sku", "MUG", "--warehouse", "MAN1", url=url).stdout)
    assert [(row["sku"], row["on_hand"], row["available"], row["backorder_limit"]) for row in levels] == [
        ("MUG", "4", "4", "0")
    ]
    assert len(rows_of(onhand("export", "stock", "--warehouse", "LEJ1", url=url).stdout)) == 2
    ledger = rows_of(onhand("export", "ledger", "--sku", "POT", url=url).stdout)
    assert [(row["type"], row["quantity"], row["created_by"]) for row in ledger] == [("RECEIVE", "5", "cli:import")]
    assert ledger[0]["created_at"].endswith("Z")
    assert len(rows_of(onhand("export", "ledger", "--from", "2020-01-01", url=url).stdout)) == 3
    assert rows_of(onhand("export", "ledger", "--to", "2020-01-01T00:00:00Z", url=url).stdout) == []
    assert onhand("export", "reservations", url=url).stdout.startswith("reservation_id,order_id,status")


def test_a_file_is_whole_or_not_there(fresh_database_url: str, tmp_path: Path) -> None:
    target = tmp_path / "levels.csv"
    said = refused("export", "levels", str(target), "--sku", "NONE", exit_code=1, url=fresh_database_url)
    assert "there is no sku 'NONE'" in said
    assert list(tmp_path.iterdir()) == []
    ran = onhand("export", "levels", str(target), url=fresh_database_url)
    assert (ran.returncode, ran.stdout, [path.name for path in tmp_path.iterdir()]) == (0, "", ["levels.csv"])
    assert "not a day" in refused("export", "ledger", "--from", "soon", url=fresh_database_url)
    assert query(fresh_database_url, "SELECT count(*) FROM ledger") == [(0,)]
