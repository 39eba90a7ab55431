"""End to end on real processes: a database is loaded, measured and audited; a shop's database is left alone."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from onhand.bench import database, loading, session
from onhand.bench.database import BenchError
from onhand.bench.measure import NOT_DURABLE, Bench, reconciled
from onhand.bench.workload import Shape
from onhand.embedded import server

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
SMALL = Shape(500, 4)
ROWS = (
    "http spread",
    "http batch",
    "http fulfil and release",
    "http sold out",
    "http mixed",
    "http open loop, half",
    "http cold beside a sale",
    "http flood",
    "http real orders",
)


@pytest.fixture(scope="module")
def durable_url() -> Iterator[str]:
    """A server with fsync on, as no other test has it."""
    area = Path(tempfile.mkdtemp(prefix="onhand-be-"))
    area.chmod(0o755)
    try:
        with server.start(area / "home") as embedded:
            yield database.beside(embedded.url, embedded=True)
    finally:
        shutil.rmtree(area, ignore_errors=True)


def at(minute: int) -> str:
    return f"2011-01-{1 + minute // 1440:02} {minute // 60 % 24:02}:{minute % 60:02}:00"


def _suite(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "onhand.cli", "bench", "suite", "--quick", "--json", "--database-url", url]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")}
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, check=False, timeout=300, env=environment
    )


def test_the_quick_suite_measures_and_every_figure_is_audited(durable_url: str, tmp_path: Path) -> None:
    report, real = tmp_path / "report.html", tmp_path / "orders.csv"
    real.write_text(HEAD + "".join(f"{n},S{n},A thing,{1 + n % 4},{at(n)},1.00,7,France\n" for n in range(9_000)))
    asked = ("--levels", "10000", "--seconds", "0.6", "--html", str(report), "--orders", str(real))
    ran = _suite(durable_url, *asked, "--only", *ROWS)
    told = json.loads(ran.stdout or "null")
    findings = [row["findings"] + [f["findings"] for f in row["figures"]] for row in (told or {"rows": []})["rows"]]
    assert ran.returncode == 0, (ran.stderr[-2_000:], findings)
    assert told["durable"]
    assert len(told["rows"]) == len(ROWS) + 1  # real orders: closed and open loop
    for row in told["rows"]:
        assert row["figures"][0]["per_s"] > 0, row["name"]
        assert row["figures"][0]["ratio"] > 0, row["name"]
        assert row["figures"][0]["cpu_s"], row["name"]
    page = report.read_text()
    assert "<svg" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    with psycopg.connect(durable_url) as connection:
        assert connection.execute("SELECT count(*) FROM api_key").fetchone() == (0,)


def test_without_fsync_there_is_no_figure(empty_database_url: str) -> None:
    ran = _suite(empty_database_url, "--levels", "10000", "--seconds", "0.5", "--only", "engine hot")
    assert ran.returncode == 1, ran.stderr[-2_000:]
    (row,) = json.loads(ran.stdout)["rows"]
    server_is_durable = database.look(empty_database_url).durable
    assert (NOT_DURABLE in row["findings"]) is not server_is_durable


def test_loading_leaves_clean_books_and_says_how_fast_it_was(empty_database_url: str) -> None:
    seen: list[tuple[int, int]] = []
    loaded = loading.load(empty_database_url, SMALL, advance=lambda done, total: seen.append((done, total)))
    assert loaded.levels == SMALL.levels
    assert seen[-1] == (loaded.rows, loaded.rows)
    assert loaded.rows_per_s > 0
    with psycopg.connect(empty_database_url) as connection:
        one = "SELECT count(*), sum(on_hand) FROM level"
        other = "SELECT count(*), sum(quantity) FROM ledger WHERE type = 'RECEIVE'"
        assert connection.execute(one).fetchone() == connection.execute(other).fetchone()
        assert connection.execute("SELECT count(*) FROM level WHERE backorder_limit <> 0").fetchone() == (0,)
    assert session.provide(empty_database_url, None) == (SMALL, None)
    with pytest.raises(BenchError, match="loaded already"):
        loading.load(empty_database_url, SMALL)


def test_a_long_history_is_one_that_the_laws_allow(empty_database_url: str) -> None:
    shape = Shape(SMALL.products, SMALL.warehouses, history=7)
    loading.load(empty_database_url, shape)
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT count(*) FROM ledger").fetchone() == (7 * SMALL.levels,)
    bench = Bench(url=empty_database_url, shape=shape, server=database.look(empty_database_url), pgbench="")
    assert reconciled(bench) == []
    with pytest.raises(BenchError, match="as many ledger rows"):
        session.shape_of(1_000, 10, 1_500)


def test_a_shop_is_refused(fresh_database_url: str) -> None:
    with psycopg.connect(fresh_database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO product (product_id, sku, name, created_at, updated_at) "
            "VALUES (gen_random_uuid(), 'MUG', 'Mug', now(), now())"
        )
        with pytest.raises(BenchError, match="not the bench's"):
            loading.load(fresh_database_url, SMALL)
        with pytest.raises(BenchError, match="only the bench's own"):
            database.drop(fresh_database_url, embedded=False)
        assert connection.execute("SELECT count(*) FROM product").fetchone() == (1,)
        assert connection.execute("SELECT to_regnamespace('onhand_bench')").fetchone() == (None,)
