"""An order file for the bench: sales of at least a unit, one order for each invoice."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from onhand.bench.workload import RealOrder
from onhand.cli.errors import CliError
from onhand.domain.limits import LINES_MAX
from onhand.shop.orders import rows
from onhand.shop.orders.report import Refusals


@contextmanager
def file_of(path: Path) -> Iterator[str]:
    """The orders as a file that the bench's processes read. Raises CliError."""
    try:
        made = _orders(path)
    except rows.UnreadableFile as error:
        raise CliError(str(error)) from error
    if not made:
        raise CliError(f"{path}: no orders in it")
    with tempfile.NamedTemporaryFile(prefix="onhand-bench-orders-") as file:
        file.write(msgspec.msgpack.encode(made))
        file.flush()
        yield file.name


def _orders(path: Path) -> list[RealOrder]:
    numbers: dict[str, int] = {}
    began: datetime | None = None
    baskets: dict[str, RealOrder] = {}
    for row in rows.read(path, Refusals()):
        if row.units < 1:
            continue
        began = began or row.at
        at_s = (row.at - began).total_seconds()
        basket = baskets.setdefault(row.invoice, RealOrder(at_s, []))
        if len(basket.items) < LINES_MAX:
            basket.items.append((numbers.setdefault(row.sku, len(numbers)), row.units))
    return sorted(baskets.values())
