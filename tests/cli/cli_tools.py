"""The onhand command as a person runs it: a process of its own, told everything by its environment."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

TIMEOUT_S = 120
COMMAND = (sys.executable, "-P", "-m", "onhand.cli")


def environment(url: str | None = None, **settings: str) -> dict[str, str]:
    """Ours without any setting of onhand, then these: home="…" becomes ONHAND_HOME."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")}
    if url is not None:
        kept["ONHAND_DATABASE_URL"] = url
    return kept | {f"ONHAND_{name.upper()}": value for name, value in settings.items()}


def onhand(
    *arguments: str, url: str | None = None, stdin: str | bytes = b"", **settings: str
) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        [*COMMAND, *arguments],
        check=False,
        capture_output=True,
        env=environment(url, **settings),
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        timeout=TIMEOUT_S,
    )
    out = subprocess.CompletedProcess(ran.args, ran.returncode, ran.stdout.decode(), ran.stderr.decode())
    assert "Traceback" not in out.stdout + out.stderr or "--debug" in arguments, out.stderr
    return out


def answered(*arguments: str, exit_code: int = 0, **rest: Any) -> Any:
    """What a command with --json says: JSON alone on stdout."""
    ran = onhand(*arguments, "--json", **rest)
    assert ran.returncode == exit_code, (ran.stdout, ran.stderr)
    return json.loads(ran.stdout)


def refused(*arguments: str, exit_code: int = 2, **rest: Any) -> str:
    """What a command says that ends with an error: one line, perhaps with a hint below."""
    ran = onhand(*arguments, **rest)
    assert ran.returncode == exit_code, (ran.returncode, ran.stdout, ran.stderr)
    assert "onhand: error: " in ran.stderr, ran.stderr
    return ran.stderr


def furnish(url: str, skus: Sequence[str], warehouses: Sequence[str] = ("LEJ1", "MAN1")) -> None:
    """Products and warehouses, by SQL that shares nothing with the code under test."""
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO product (product_id, sku, name, created_at, updated_at) VALUES (%s, %s, %s, now(), now())",
            [(uuid.uuid4(), sku, f"Product {sku}") for sku in skus],
        )
        cursor.executemany(
            "INSERT INTO warehouse (warehouse_id, code, name, latitude, longitude, created_at, updated_at)"
            " VALUES (%s, %s, %s, 51, 12, now(), now())",
            [(uuid.uuid4(), code, code) for code in warehouses],
        )


def query(url: str, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(sql, parameters).fetchall()


def shelf(url: str) -> dict[tuple[str, str], int]:
    """(SKU, warehouse) → on hand."""
    rows = query(
        url,
        "SELECT sku, code, on_hand FROM level JOIN product USING (product_id) JOIN warehouse USING (warehouse_id)",
    )
    return {(sku, code): on_hand for sku, code, on_hand in rows}


def csv_file(path: Path, *lines: str) -> str:
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)
