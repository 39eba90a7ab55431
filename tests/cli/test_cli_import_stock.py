import csv
import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest
from cli_tools import COMMAND, answered, csv_file, environment, furnish, onhand, query, refused, shelf

ROWS = 40_000


def test_each_row_is_a_receipt_in_the_ledger(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG", "POT"])
    file = csv_file(tmp_path / "delivery.csv", "quantity,warehouse,sku", "3,LEJ1,MUG", "4,LEJ1,MUG", "5,MAN1,POT")
    said = answered("import", "stock", file, url=url)
    assert (said["received"], said["units"], said["refused"]) == (3, 12, 0)
    assert shelf(url) == {("MUG", "LEJ1"): 7, ("POT", "MAN1"): 5}
    ledger = query(url, "SELECT type, quantity, reason, reference_type, created_by FROM ledger ORDER BY quantity")
    assert ledger == [("RECEIVE", units, "import of delivery.csv", "import", "cli:import") for units in (3, 4, 5)]
    assert answered("reconcile", url=url)["clean"]


def test_refused_rows_are_told_and_the_others_received(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG", "=1+2"], ["LEJ1", "OLD"])
    query(url, "UPDATE warehouse SET active = false WHERE code = 'OLD' RETURNING 1")
    bad = {
        "NONE,LEJ1,1": ("sku", "NOT_FOUND"),
        "MUG,NONE,1": ("warehouse", "NOT_FOUND"),
        "MUG,OLD,1": ("warehouse", "WAREHOUSE_INACTIVE"),
        "MUG,LEJ1,0": ("quantity", "OUT_OF_RANGE"),
        "MUG,LEJ1,-5": ("quantity", "OUT_OF_RANGE"),
        "MUG,LEJ1,2147483648": ("quantity", "OUT_OF_RANGE"),
        f"MUG,LEJ1,{'9' * 5000}": ("quantity", "OUT_OF_RANGE"),
        "MUG,LEJ1,1.5": ("quantity", "INVALID_VALUE"),
        "MUG,LEJ1,NaN": ("quantity", "INVALID_VALUE"),
        "MUG,LEJ1,٣": ("quantity", "INVALID_VALUE"),
        "MUG,LEJ1,": ("quantity", "MISSING_FIELD"),
        ",LEJ1,1": ("sku", "MISSING_FIELD"),
        "M\x00UG,LEJ1,1": ("sku", "NOT_FOUND"),
        "MUG,LEJ1,2147483647": ("quantity", "LEVEL_OVERFLOW"),
        "MUG,LEJ1": ("", "WRONG_CELL_COUNT"),
    }
    report = tmp_path / "refused.csv"
    file = csv_file(tmp_path / "s.csv", "sku,warehouse,quantity", "MUG,LEJ1,3", *bad, "'=1+2,LEJ1,4")
    told = onhand("import", "stock", file, "--report", str(report), url=url)
    assert told.returncode == 1
    assert shelf(url) == {("MUG", "LEJ1"): 3, ("=1+2", "LEJ1"): 4}
    with report.open(newline="") as opened:
        rows = sorted(csv.DictReader(opened), key=lambda row: int(row["refused_line"]))
    assert [(row["refused_column"], row["refused_code"]) for row in rows] == list(bad.values())
    assert [int(row["refused_line"]) for row in rows] == list(range(3, 3 + len(bad)))
    assert "15  refused" in told.stdout
    assert str(report) in told.stdout


def test_dry_run_changes_nothing(fresh_database_url: str, tmp_path: Path) -> None:
    furnish(fresh_database_url, ["MUG"])
    file = csv_file(tmp_path / "s.csv", "sku,warehouse,quantity", "MUG,LEJ1,3", "MUG,LEJ1,0")
    said = answered("import", "stock", file, "--dry-run", exit_code=1, url=fresh_database_url)
    assert (said["dry_run"], said["received"], said["refused"]) == (True, 1, 1)
    assert shelf(fresh_database_url) == {}


def test_the_same_content_is_received_once_unless_asked_again(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG"])
    file = csv_file(tmp_path / "s.csv", "sku,warehouse,quantity", *["MUG,LEJ1,1"] * 1_500)
    other = csv_file(tmp_path / "other.csv", "QUANTITY;SKU;WAREHOUSE\r", *["1;MUG;LEJ1\r"] * 1_500)
    assert answered("import", "stock", file, url=url)["received"] == 1_500
    for same in (file, other):
        assert "--again" in refused("import", "stock", same, url=url)
        assert shelf(url) == {("MUG", "LEJ1"): 1_500}
    for times in (2, 3):
        assert answered("import", "stock", other, "--again", url=url)["received"] == 1_500
        assert shelf(url) == {("MUG", "LEJ1"): 1_500 * times}
    assert "--again" in refused("import", "stock", file, url=url)


def test_what_was_refused_goes_in_once_it_is_mended(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG"])
    file = csv_file(
        tmp_path / "s.csv", "sku,warehouse,quantity", "MUG,LEJ1,1", "POT,LEJ1,2", "MUG,LEJ1,1", "CUP,LEJ1,3"
    )
    assert answered("import", "stock", file, exit_code=1, url=url)["refused"] == 2
    furnish(url, ["POT"], [])
    said = answered("import", "stock", file, exit_code=1, url=url)
    assert (said["received"], said["already"], said["refused"]) == (1, 2, 1)
    furnish(url, ["CUP"], [])
    said = answered("import", "stock", file, url=url)
    assert (said["received"], said["already"], said["refused"]) == (1, 3, 0)
    assert "--again" in refused("import", "stock", file, url=url)
    assert shelf(url) == {("MUG", "LEJ1"): 2, ("POT", "LEJ1"): 2, ("CUP", "LEJ1"): 3}


@pytest.fixture
def delivery(fresh_database_url: str, tmp_path: Path) -> tuple[str, str, dict[tuple[str, str], int]]:
    """A database, a file of many chunks, and what must lie there after it."""
    skus = [f"SKU-{number:05}" for number in range(5_000)]
    furnish(fresh_database_url, skus)
    lines, total = [], {}
    for number in range(ROWS):
        key = (skus[number % 5_000], ("LEJ1", "MAN1")[number % 3 % 2])
        units = number % 7 + 1
        lines.append(f"{key[0]},{key[1]},{units}")
        total[key] = total.get(key, 0) + units
    return fresh_database_url, csv_file(tmp_path / "big.csv", "sku,warehouse,quantity", *lines), total


def begun(url: str, file: str, rows: int, *more: str) -> subprocess.Popen[bytes]:
    """An import under way that has received some rows and not all."""
    process = subprocess.Popen(
        [*COMMAND, "import", "stock", file, *more],
        env=environment(url),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    with psycopg.connect(url, autocommit=True) as connection:  # One for all looks: the import does not wait for us.
        while (count := connection.execute("SELECT count(*) FROM ledger").fetchone()) and count[0] <= rows:
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            time.sleep(0.002)
    return process


def test_killed_in_the_middle_and_begun_again_everything_is_there_once(
    delivery: tuple[str, str, dict[tuple[str, str], int]],
) -> None:
    url, file, total = delivery
    for again in ((), ("--again",)):
        before = query(url, "SELECT count(*) FROM ledger")[0][0]
        for wanted in (0, 10_000):
            process = begun(url, file, before + wanted, *again)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        assert before < query(url, "SELECT count(*) FROM ledger")[0][0] < before + ROWS
        said = answered("import", "stock", file, *again, url=url)
        assert said["already"] > 0
        assert said["received"] + said["already"] == ROWS
        times = 2 if again else 1
        assert shelf(url) == {key: units * times for key, units in total.items()}
    assert answered("reconcile", url=url)["clean"]


def test_interrupted_by_ctrl_c(delivery: tuple[str, str, dict[tuple[str, str], int]]) -> None:
    url, file, total = delivery
    process = begun(url, file, 0)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert b"Traceback" not in said
    assert b"onhand: error: interrupted" in said
    assert onhand("import", "stock", file, url=url).returncode == 0
    assert shelf(url) == total


def test_two_imports_of_one_file_at_once_receive_it_once(
    delivery: tuple[str, str, dict[tuple[str, str], int]],
) -> None:
    url, file, total = delivery
    process = begun(url, file, 0)
    assert "being imported by another process" in refused("import", "stock", file, exit_code=1, url=url)
    process.communicate()
    assert process.returncode == 0
    assert shelf(url) == total


def test_progress_is_told_on_stderr_only(delivery: tuple[str, str, dict[tuple[str, str], int]]) -> None:
    url, file, _ = delivery
    said = onhand("import", "stock", file, url=url)
    assert said.stdout.startswith("read 40,000 rows in ")
    assert "rows/s" in said.stdout
    assert os.linesep.join(line for line in said.stderr.splitlines() if not line.startswith("onhand: receiving")) == ""
