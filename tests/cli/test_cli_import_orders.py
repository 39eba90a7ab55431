from pathlib import Path

from cli_tools import answered, csv_file, onhand, query, refused

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
ORDERS = (
    HEADER,
    "536365,85123A,WHITE HEART HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom",
    "536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom",
    "536366,85123A,WHITE HEART HOLDER,2,2010-12-01 09:00:00,2.55,13047,Germany",
    "536367,POST,POSTAGE,1,2010-12-01 09:30:00,18.00,13047,Germany",
    "C536368,85123A,WHITE HEART HOLDER,-1,2010-12-02 10:00:00,2.55,17850,United Kingdom",
)


def test_orders_are_replayed_and_reconcile(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    file = csv_file(tmp_path / "orders.csv", *ORDERS)
    planned = answered("import", "orders", file, "--dry-run", url=url)
    assert (planned["lines"], planned["orders"], planned["lines_refused"]) == (5, 2, 1)
    assert query(url, "SELECT count(*) FROM operation") == [(0,)]
    told = onhand("import", "orders", file, url=url)
    assert told.returncode == 0  # that a line is refused (postage is no goods) is told, and no failure
    assert "clean: ledger = levels = reservations" in told.stdout
    assert "orders/s" in told.stdout
    assert "1  lines refused" in told.stdout
    assert query(url, "SELECT count(*) FROM reservation")[0][0] >= 2
    assert answered("reconcile", url=url)["clean"]


def test_orders_from_stdin(fresh_database_url: str) -> None:
    text = "\n".join((ORDERS[0], ORDERS[1], ORDERS[3])) + "\n"
    report = answered("import", "orders", "-", stdin=text, url=fresh_database_url)
    assert (report["orders"], report["reconciliation"]["clean"]) == (2, True)
    limited = answered("import", "orders", "-", "--limit", "1", "--dry-run", stdin=text, url=fresh_database_url)
    assert limited["orders"] == 1


def test_a_file_of_something_else(database_url: str, tmp_path: Path) -> None:
    file = csv_file(tmp_path / "x.csv", "sku,name", "A,B")
    assert "the first line must be InvoiceNo" in refused("import", "orders", file, url=database_url)
    assert "--limit" in refused("import", "orders", file, "--limit", "0", url=database_url)
