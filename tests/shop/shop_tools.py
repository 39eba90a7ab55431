"""Order files made by hand, and where the real one lies."""

import io
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psycopg

from onhand.shop.orders.plan import Plan, plan
from onhand.shop.orders.report import Refusals
from onhand.shop.orders.rows import COLUMNS, Row, parse

REAL_NAME = "online-retail-2010-12_2011-08.csv.gz"
HEADER = ",".join(COLUMNS)
SUMS = {
    "levels": "SELECT sku, code, on_hand, reserved, backordered, version FROM level JOIN product USING (product_id) "
    "JOIN warehouse USING (warehouse_id) ORDER BY sku, code",
    "ledger": "SELECT type, reason, count(*), sum(quantity) FROM ledger GROUP BY type, reason ORDER BY type, reason",
    "reservations": "SELECT order_id, status FROM reservation ORDER BY order_id",
}


def real_file() -> Path | None:
    """../shared/data of the repository, or of a directory above it."""
    for parent in Path(__file__).resolve().parents:
        path = parent / "shared" / "data" / REAL_NAME
        if path.is_file():
            return path
    return None


def line(
    invoice: str = "1001",
    code: str = "MUG1",
    units: object = 2,
    *,
    description: str = "RED MUG",
    at: str = "2010-12-01 08:26:00",
    price: object = "2.55",
    customer: str = "17850.0",
    country: str = "United Kingdom",
) -> str:
    return f"{invoice},{code},{description},{units},{at},{price},{customer},{country}"


def rows(*lines: str) -> tuple[list[Row], Refusals]:
    refusals = Refusals()
    text = "\n".join((HEADER, *lines)) + "\n"
    return list(parse(io.StringIO(text, newline=""), refusals)), refusals


def planned(*lines: str, limit: int | None = None) -> Plan:
    found, refusals = rows(*lines)
    return plan(found, refusals, limit=limit)


def write(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
    return path


def state(url: str) -> dict[str, list[tuple[object, ...]]]:
    """What a replay leaves behind, without ids and times."""
    with psycopg.connect(url) as connection:
        return {name: connection.execute(query).fetchall() for name, query in SUMS.items()}


def kill_when_half_done(*arguments: object) -> None:
    """Run shop_app.py and kill -9 it when it says that half is done."""
    command = [sys.executable, str(Path(__file__).parent / "shop_app.py"), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for said in process.stdout:
            done, total = map(int, said.split())
            if 2 * done >= total:
                process.kill()
                break
        assert process.wait() == -signal.SIGKILL
