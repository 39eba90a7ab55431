"""What happens on the floor, and settings, in and out as CSV."""

import csv
import io
from pathlib import Path
from typing import Any

import anyio
from cli_tools import answered, csv_file, furnish, onhand, query, refused, shelf

from onhand.services import purchase_orders, suppliers, transfers
from onhand.services.context import open_onhand
from onhand.services.requests import NewTransfer, TransferLine
from onhand.services.supply_requests import NewPurchaseOrder, NewSupplier, PurchaseOrderLine, SuppliedProduct

LEVELS = (
    "SELECT sku, code, on_hand, damaged, quality_control, incoming FROM level JOIN product USING (product_id) "
    "JOIN warehouse USING (warehouse_id) ORDER BY 1, 2"
)


def blamed(report: Path) -> list[tuple[str, str, str]]:
    rows = csv.DictReader(io.StringIO(report.read_text()))
    return [(row["refused_line"], row["refused_column"], row["refused_code"]) for row in rows]


def imported(kind: str, file: str, url: str, report: Path, *, exit_code: int = 1) -> list[Any]:
    """(rows, created, repeated, refused) of a dry run, which changes nothing, and of the import itself."""
    before = query(url, LEVELS), query(url, "SELECT count(*) FROM ledger")
    told = []
    for extra in (["--dry-run"], ["--report", str(report)]):
        done = answered("import", kind, file, *extra, url=url, exit_code=exit_code)
        told.append(tuple(done[name] for name in ("rows", "created", "repeated", "refused")))
        if extra == ["--dry-run"]:
            assert (query(url, LEVELS), query(url, "SELECT count(*) FROM ledger")) == before
    return told


def test_adjustments_are_judged_in_their_order_and_done_once(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG", "POT"])
    rows = (
        *("MUG,LEJ1,,10,,count", "MUG,LEJ1,-3,,10,broken", "MUG,LEJ1,-8,,,broken", "MUG,LEJ1,-1,,99,broken"),
        *("POT,LEJ1,5,,,found", "POT,LEJ1,1,1,,both", "POT,LEJ1,0,,,nothing", "NO,LEJ1,1,,,x", "POT,NO,1,,,x"),
        *("POT,MAN1,1,,,", "POT,MAN1,half,,,x", "POT,MAN1,99999999999,,,x"),
    )
    head = "sku,warehouse,quantity_change,counted_quantity,expected_on_hand,reason"
    file, report = csv_file(tmp_path / "a.csv", head, *rows), tmp_path / "refused.csv"
    assert imported("adjustments", file, url, report) == [(12, 3, 0, 9)] * 2
    assert sorted(blamed(report), key=lambda row: int(row[0])) == [
        ("4", "quantity_change", "BELOW_ZERO"),
        ("5", "expected_on_hand", "STALE_EXPECTATION"),
        ("7", "quantity_change", "MISSING_FIELD"),
        ("8", "quantity_change", "OUT_OF_RANGE"),
        ("9", "sku", "NOT_FOUND"),
        ("10", "warehouse", "NOT_FOUND"),
        ("11", "reason", "MISSING_FIELD"),
        ("12", "quantity_change", "INVALID_VALUE"),
        ("13", "quantity_change", "INVALID_VALUE"),
    ]
    assert shelf(url) == {("MUG", "LEJ1"): 7, ("POT", "LEJ1"): 5}
    assert "--again" in refused("import", "adjustments", file, url=url, exit_code=2)
    assert shelf(url) == {("MUG", "LEJ1"): 7, ("POT", "LEJ1"): 5}
    good = csv_file(tmp_path / "g.csv", head, rows[4])
    for units in (10, 15):
        answered("import", "adjustments", good, "--again", url=url)
        assert shelf(url)["POT", "LEJ1"] == units
    out = onhand("export", "ledger", "--type", "ADJUST", "--sku", "POT", url=url).stdout
    assert [row["quantity"] for row in csv.DictReader(io.StringIO(out))] == ["5", "5", "5"]
    assert onhand("reconcile", url=url).returncode == 0


def test_receipts_of_orders_transfers_and_neither(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG", "POT"])
    ids: dict[str, str] = {}

    async def ordered() -> None:
        async with open_onhand(url) as shop:
            terms = [SuppliedProduct(lead_time_days=3, sku=sku) for sku in ("MUG", "POT")]
            await suppliers.create(shop, NewSupplier(code="KILN", name="Kiln", products=terms))
            lines = [PurchaseOrderLine(quantity=5, sku=sku, warehouse="LEJ1") for sku in ("MUG", "POT")]
            for name in ("placed", "draft"):
                made, _ = await purchase_orders.create(shop, "key:test", NewPurchaseOrder(supplier="KILN", lines=lines))
                ids[name] = made.purchase_order_id
            await purchase_orders.place(shop, "key:test", ids["placed"])

    anyio.run(ordered)
    head = "purchase_order_id,transfer_id,sku,warehouse,quantity,damaged,quality_control,reason"
    rows = (
        *(f"{ids['placed']},,MUG,LEJ1,5,1,2,", f"{ids['placed']},,POT,LEJ1,3,,,"),
        *(",,MUG,MAN1,4,,,found a box", ",,MUG,MAN1,2,3,,", ",,MUG,,1,,,"),
        *(f"{ids['draft']},,MUG,LEJ1,5,,,", f"{ids['placed']},,POT,LEJ1,1,,,", f"{ids['placed']},,POT,LEJ1,2,,,"),
    )
    file, report = csv_file(tmp_path / "r.csv", head, *rows), tmp_path / "refused.csv"
    assert imported("receipts", file, url, report) == [(8, 2, 0, 5)] * 2
    assert sorted(blamed(report)) == [
        ("5", "damaged", "OUT_OF_RANGE"),
        ("6", "warehouse", "MISSING_FIELD"),
        ("7", "", "PURCHASE_ORDER_NOT_PLACED"),
        ("8", "", "OPERATION_REFUSED"),
        ("9", "quantity", "QUANTITY_EXCEEDS_OPEN"),
    ]
    assert query(url, LEVELS) == [
        ("MUG", "LEJ1", 2, 1, 2, 0),
        ("MUG", "MAN1", 4, 0, 0, 0),
        ("POT", "LEJ1", 3, 0, 0, 2),
    ]

    async def sent() -> None:
        async with open_onhand(url) as shop:
            asked = NewTransfer(lines=[TransferLine(quantity=4, sku="MUG")], from_="MAN1", to="LEJ1", mode="in_transit")
            ids["transfer"] = (await transfers.dispatch(shop, "key:test", asked)).answer.transfer_id

    anyio.run(sent)
    rows = (f",{ids['transfer']},MUG,,3,,,", ",,POT,LEJ1,1,,,", f",{ids['transfer']},MUG,,2,,,")
    file = csv_file(tmp_path / "t.csv", head, *rows)
    assert imported("receipts", file, url, report) == [(3, 2, 0, 1)] * 2
    assert blamed(report) == [("4", "quantity", "QUANTITY_EXCEEDS_OPEN")]
    assert query(url, LEVELS)[0] == ("MUG", "LEJ1", 5, 1, 2, 1)
    assert onhand("reconcile", url=url).returncode == 0


def test_state_changes_and_transfers(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG", "POT"])
    stocked = csv_file(tmp_path / "s.csv", "sku,warehouse,quantity", "MUG,LEJ1,10", "POT,LEJ1,5")
    answered("import", "stock", stocked, url=url)
    report = tmp_path / "refused.csv"
    rows = (
        *("MUG,LEJ1,3,available,quality_control,look", "MUG,LEJ1,2,quality_control,damaged,broken"),
        *("MUG,LEJ1,2,quality_control,available,fine", "MUG,LEJ1,1,damaged,damaged,same", "MUG,LEJ1,1,damaged,lost,no"),
    )
    file = csv_file(tmp_path / "c.csv", "sku,warehouse,quantity,from,to,reason", *rows)
    assert imported("state-changes", file, url, report) == [(5, 2, 0, 3)] * 2
    assert [row[1] for row in sorted(blamed(report))] == ["quantity", "to", "to"]
    assert query(url, LEVELS)[0] == ("MUG", "LEJ1", 7, 2, 1, 0)
    rows = (
        *("A,LEJ1,MAN1,MUG,2,in_transit", "A,LEJ1,MAN1,POT,1,in_transit", ",LEJ1,MAN1,MUG,1,"),
        *("B,LEJ1,MAN1,POT,1,", "B,LEJ1,MAN1,POT,9,", "C,LEJ1,MAN1,POT,1,", "C,LEJ1,LEJ1,POT,1,"),
        *(",LEJ1,LEJ1,POT,1,", ",LEJ1,NO,POT,1,"),
    )
    file = csv_file(tmp_path / "t.csv", "transfer_id,from_warehouse,to_warehouse,sku,quantity,mode", *rows)
    assert imported("transfers", file, url, report) == [(9, 2, 0, 6)] * 2
    assert sorted(blamed(report)) == [
        ("10", "to_warehouse", "NOT_FOUND"),
        ("5", "quantity", "INSUFFICIENT_STOCK"),
        ("6", "quantity", "INSUFFICIENT_STOCK"),
        ("7", "", "OPERATION_REFUSED"),
        ("8", "to_warehouse", "INVALID_VALUE"),
        ("9", "to_warehouse", "INVALID_VALUE"),
    ]
    assert [(row[0], row[1], row[2], row[5]) for row in query(url, LEVELS)] == [
        *(("MUG", "LEJ1", 4, 0), ("MUG", "MAN1", 1, 2), ("POT", "LEJ1", 4, 0), ("POT", "MAN1", 0, 1)),
    ]
    exported = tmp_path / "out.csv"
    assert onhand("export", "transfers", str(exported), url=url).returncode == 0
    told = answered("import", "transfers", str(exported), "--dry-run", url=url, exit_code=1)
    assert (told["rows"], told["created"], told["refused"]) == (3, 1, 1)  # What arrived already is not sent again.


def test_levels_and_warehouses_go_out_and_come_in_again(fresh_database_url: str, tmp_path: Path) -> None:
    url = fresh_database_url
    furnish(url, ["MUG", "POT"], warehouses=["LEJ1"])
    rows = (
        *("MAN1,Manchester,53.4,-2.3,GB,100,refuse,true,mon tue,2026-12-24 2026-12-31", "LEJ1,Leipzig,51,12,DE,,,,,"),
        *(",x,1,1,,,,,,", "X,x,91,1,,,,,,", "X,x,1,1,,-1,,,,", "X,x,1,1,,,,maybe,,", "X,x,1,1,,,,,moonday,"),
    )
    head = "code,name,latitude,longitude,country,capacity,capacity_policy,active,working_days,closed_on"
    file, report = csv_file(tmp_path / "w.csv", head, *rows), tmp_path / "refused.csv"
    told = []
    for extra in (["--dry-run"], ["--report", str(report)], ["--update"]):
        done = answered("import", "warehouses", file, *extra, url=url, exit_code=1)
        told.append(tuple(done[name] for name in ("created", "updated", "existing", "refused")))
        names = query(url, "SELECT name, capacity FROM warehouse ORDER BY code")
        assert (
            names
            == {
                "--dry-run": [("LEJ1", None)],
                "--report": [("LEJ1", None), ("Manchester", 100)],
                "--update": [("Leipzig", None), ("Manchester", 100)],
            }[extra[0]]
        )
    assert told == [(1, 0, 1, 5), (1, 0, 1, 5), (0, 2, 0, 5)]
    assert [row[1] for row in blamed(report)] == ["code", "latitude", "capacity", "active", "working_days"]
    exported = onhand("export", "warehouses", url=url).stdout
    answered("import", "warehouses", "-", "--update", url=url, stdin=exported)
    assert onhand("export", "warehouses", url=url).stdout == exported

    head = "sku,warehouse,reorder_threshold,reorder_quantity,safety_stock"
    rows = ("MUG,LEJ1,5,20,2", "POT,LEJ1,3,,", "MUG,NO,1,,", "NO,LEJ1,1,,", "MUG,MAN1,x,,", "MUG,MAN1,1,0,")
    file = csv_file(tmp_path / "l.csv", head, *rows)
    told = []
    for extra in (["--dry-run"], ["--report", str(report)], []):
        done = answered("import", "levels", file, *extra, url=url, exit_code=1)
        told.append(tuple(done[name] for name in ("created", "updated", "existing", "refused")))
    assert told == [(2, 0, 0, 4), (2, 0, 0, 4), (0, 0, 2, 4)]
    assert [row[1] for row in blamed(report)] == ["warehouse", "sku", "reorder_threshold", "reorder_quantity"]
    exported = onhand("export", "levels", url=url).stdout
    done = answered("import", "levels", "-", url=url, stdin=exported)
    assert (done["existing"], done["created"], done["updated"]) == (2, 0, 0)
    lowered = csv_file(tmp_path / "m.csv", "sku,warehouse,reorder_threshold", "MUG,LEJ1,")
    assert answered("import", "levels", lowered, url=url)["updated"] == 1
    settings = "SELECT reorder_threshold, reorder_quantity, safety_stock, backorder_limit_own FROM level ORDER BY 1"
    assert query(url, settings) == [(3, None, 0, False), (None, 20, 2, False)]
    assert query(url, "SELECT kind FROM stock_alert ORDER BY 1") == [("below",), ("none",), ("none",), ("reorder",)]
