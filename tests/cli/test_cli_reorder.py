from pathlib import Path

import psycopg
from cli_tools import answered, csv_file, furnish, onhand

LOW = """
INSERT INTO supplier (supplier_id, code, name, created_at, updated_at)
VALUES ('00000000-0000-7000-8000-000000000001', 'KILN', 'Kiln', now(), now());
INSERT INTO supplier_product (supplier_id, product_id, lead_time_days, pack_size)
SELECT '00000000-0000-7000-8000-000000000001', product_id, 5, 12 FROM product WHERE sku = 'MUG';
UPDATE level SET reorder_threshold = 10;
"""


def test_what_runs_low_is_told_then_ordered_once(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG", "CUP"])
    rows = ("MUG,LEJ1,7", "CUP,LEJ1,3")
    onhand("import", "stock", csv_file(tmp_path / "s.csv", "sku,warehouse,quantity", *rows), url=url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(LOW)
    would = answered("reorder", "run", "--dry-run", url=url)
    assert (would["levels"], would["no_supplier"], would["orders"], would["units"]) == (2, 1, 1, 24)
    told = onhand("reorder", "run", url=url)
    assert told.returncode == 0, told.stderr
    assert "KILN" in told.stdout
    assert "no supplier" in told.stdout
    again = answered("reorder", "run", url=url)
    assert (again["levels"], again["orders"]) == (1, 0)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT incoming FROM level WHERE incoming > 0").fetchall() == [(24,)]
