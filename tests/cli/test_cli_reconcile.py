from pathlib import Path

import psycopg
from cli_tools import answered, csv_file, furnish, onhand, shelf


def test_clean_then_broken_then_repaired(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG"])
    onhand("import", "stock", csv_file(tmp_path / "s.csv", "sku,warehouse,quantity", "MUG,LEJ1,7"), url=url)
    report = answered("reconcile", url=url)
    assert (report["clean"], report["differences"], report["on_hand"]) == (True, [], 7)
    assert "clean" in onhand("reconcile", url=url).stdout

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE level SET on_hand = 9")
    report = answered("reconcile", exit_code=1, url=url)
    assert {(each["sku"], each["warehouse"]) for each in report["differences"]} == {("MUG", "LEJ1")}
    told = onhand("reconcile", url=url)
    assert told.returncode == 1
    assert "MUG" in told.stdout
    assert "--repair" in told.stdout

    mended = onhand("reconcile", "--repair", url=url)
    assert mended.returncode == 0, mended.stdout
    assert "repaired" in mended.stdout
    assert answered("reconcile", url=url)["clean"]
    assert shelf(url) == {("MUG", "LEJ1"): 9}
