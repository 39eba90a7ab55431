import csv
import gzip
import io
from pathlib import Path

import psycopg
import pytest
from cli_tools import answered, csv_file, furnish, onhand, query, refused, shelf

from onhand.services.spreadsheet import guarded, unguarded

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


SUPPLIED = """
INSERT INTO supplier (supplier_id, code, name, created_at, updated_at)
VALUES ('00000000-0000-7000-8000-000000000001', 'KILN', '=Kiln, "the"', now(), now()),
       ('00000000-0000-7000-8000-000000000002', 'IDLE', 'Idle', now(), now());
INSERT INTO supplier_product (supplier_id, product_id, lead_time_days, pack_size, unit_cost)
SELECT '00000000-0000-7000-8000-000000000001', product_id, 5, 12, 4.25 FROM product;
UPDATE level SET reorder_threshold = 10;
"""


def test_suppliers_and_purchase_orders(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG", "POT"])
    file = csv_file(tmp_path / "s.csv", "sku,warehouse,quantity", "MUG,LEJ1,3", "POT,MAN1,4")
    onhand("import", "stock", file, url=url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SUPPLIED)
    assert onhand("reorder", "run", url=url).returncode == 0
    sold = rows_of(onhand("export", "suppliers", url=url).stdout)
    assert [(row["supplier"], row["sku"], row["lead_time_days"], row["unit_cost"]) for row in sold] == [
        ("IDLE", "", "", ""),
        ("KILN", "MUG", "5", "4.2500"),
        ("KILN", "POT", "5", "4.2500"),
    ]
    assert unguarded(sold[1]["name"]) == '=Kiln, "the"'
    assert [row["supplier"] for row in rows_of(onhand("export", "suppliers", "--sku", "POT", url=url).stdout)] == [
        "KILN"
    ]
    ordered = rows_of(onhand("export", "purchase_orders", url=url).stdout)
    assert sorted((row["sku"], row["warehouse"], row["quantity"], row["open"], row["status"]) for row in ordered) == [
        ("MUG", "LEJ1", "24", "24", "placed"),
        ("POT", "MAN1", "24", "24", "placed"),
    ]
    assert ordered[0]["placed_at"].endswith("Z")
    assert ordered[0]["expected_arrival_date"] > ordered[0]["placed_at"][:10]
    some = rows_of(onhand("export", "purchase_orders", "--warehouse", "MAN1", url=url).stdout)
    assert [row["sku"] for row in some] == ["POT"]
    assert rows_of(onhand("export", "purchase_orders", "--to", "2020-01-01", url=url).stdout) == []


def test_an_unknown_option_is_no_file(fresh_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "--json" in refused("export", "products", "--json", url=fresh_database_url)
    assert list(tmp_path.iterdir()) == []
