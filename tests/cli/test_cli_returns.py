"""Returns in and out as CSV."""

import csv
import io
from pathlib import Path
from typing import Any

import anyio
from cli_tools import answered, csv_file, furnish, onhand, query

from onhand.services import reservations, stock
from onhand.services.context import open_onhand
from onhand.services.requests import NewReceipt, NewReservation, ReceiptLine, ReservationLine, ReservationPart

HEAD = "order_id,sku,quantity,disposition,warehouse,reason"
LEVELS = (
    "SELECT sku, code, on_hand, damaged FROM level JOIN product USING (product_id) JOIN warehouse USING (warehouse_id)"
)


def shipped(url: str) -> None:
    """SO-1 got three mugs, SO-2 one."""
    furnish(url, ["MUG", "POT"])

    async def ship() -> None:
        async with open_onhand(url) as shop:
            receipt = NewReceipt(lines=[ReceiptLine(quantity=4, sku="MUG", warehouse="LEJ1")])
            await stock.receive(shop, "key:test", receipt)
            for order, units in (("SO-1", 3), ("SO-2", 1)):
                wanted = NewReservation(lines=[ReservationLine(quantity=units, sku="MUG")], order_id=order)
                held = (await reservations.reserve(shop, "key:test", wanted)).answer
                await reservations.fulfill(shop, "key:test", held.reservation_id, ReservationPart())

    anyio.run(ship)


def there(url: str) -> list[tuple[Any, ...]]:
    return sorted(query(url, LEVELS))


def test_returns_are_checked_then_taken_back_once_and_told(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    shipped(url)
    rows = (
        *("SO-1,MUG,1,restock,,", "SO-1,MUG,1,damaged,MAN1,dented", "SO-2,MUG,1,refuse,,worn"),
        *("SO-1,MUG,2,restock,,", "NO,MUG,1,restock,,", "SO-1,POT,1,restock,,", "SO-1,MUG,1,eat,,"),
        *("SO-1,MUG,0,restock,,", "SO-1,MUG,1,restock,NO,", ",MUG,1,restock,,", "SO-1,NO,1,restock,,"),
    )
    file, report = csv_file(tmp_path / "r.csv", HEAD, *rows), tmp_path / "refused.csv"
    told = []
    for extra in (["--dry-run"], ["--report", str(report)]):
        done = answered("import", "returns", file, *extra, url=url, exit_code=1)
        told.append((done["rows"], done["received"], done["units"], done["refused"], done["already"]))
    assert told == [(11, 3, 2, 8, 0)] * 2
    columns = [(row["refused_line"], row["refused_column"]) for row in csv.DictReader(io.StringIO(report.read_text()))]
    assert sorted(columns) == sorted(
        [
            *(("5", "quantity"), ("6", "order_id"), ("7", "quantity"), ("8", "disposition")),
            *(("9", "quantity"), ("10", "warehouse"), ("11", "reservation_id"), ("12", "sku")),
        ]
    )
    assert there(url) == [("MUG", "LEJ1", 1, 0), ("MUG", "MAN1", 0, 1)]
    for extra in ([], ["--dry-run"]):
        again = answered("import", "returns", file, *extra, url=url, exit_code=1)
        assert (again["received"], again["already"]) == (0, 3)
    assert there(url) == [("MUG", "LEJ1", 1, 0), ("MUG", "MAN1", 0, 1)]
    out = onhand("export", "returns", url=url).stdout
    exported = sorted(
        (r["order_id"], r["disposition"], r["warehouse"], r["reason"]) for r in csv.DictReader(io.StringIO(out))
    )
    assert exported == [
        ("SO-1", "damaged", "MAN1", "dented"),
        ("SO-1", "restock", "LEJ1", ""),
        ("SO-2", "refuse", "", "worn"),
    ]
    assert onhand("reconcile", url=url).returncode == 0
