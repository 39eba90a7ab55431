"""Purchase orders and transfers by the command line, a step at a time."""

from pathlib import Path

import pytest
from cli_tools import answered, csv_file, furnish, onhand, query, refused

LEVELS = (
    "SELECT code, on_hand, incoming FROM level JOIN product USING (product_id) JOIN warehouse USING (warehouse_id) "
    "ORDER BY code"
)


@pytest.fixture
def url(fresh_database_url: str, tmp_path: Path) -> str:
    furnish(fresh_database_url, ["MUG"])
    supplied = csv_file(tmp_path / "s.csv", "supplier,sku,lead_time_days", "KILN,MUG,3")
    answered("import", "suppliers", supplied, url=fresh_database_url)
    rows = ("A,KILN,MUG,LEJ1,5", "B,KILN,MUG,LEJ1,2")
    drafts = csv_file(tmp_path / "p.csv", "purchase_order_id,supplier,sku,warehouse,quantity", *rows)
    answered("import", "purchase-orders", drafts, url=fresh_database_url)
    return fresh_database_url


def test_orders_are_placed_received_and_cancelled(url: str) -> None:
    drafts = answered("purchase-order", "list", "--status", "draft", url=url)
    by_units = {order["lines"][0]["quantity"]: order["purchase_order_id"] for order in drafts}
    assert set(by_units) == {5, 2}
    assert "PURCHASE_ORDER_NOT_PLACED" in refused("purchase-order", "receive", by_units[5], url=url, exit_code=1)
    for units in (5, 2):
        assert answered("purchase-order", "place", by_units[units], url=url)["status"] == "placed"
    assert query(url, LEVELS) == [("LEJ1", 0, 7)]
    assert "placed, expected" in onhand("purchase-order", "show", by_units[5], url=url).stdout
    assert answered("purchase-order", "receive", by_units[5], url=url)["status"] == "received"
    assert answered("purchase-order", "cancel", by_units[2], url=url)["status"] == "cancelled"
    assert query(url, LEVELS) == [("LEJ1", 5, 0)]
    listed = onhand("purchase-order", "list", "--supplier", "KILN", url=url).stdout
    assert "received" in listed
    assert "cancelled" in listed
    assert "PURCHASE_ORDER_CLOSED" in refused("purchase-order", "receive", by_units[2], url=url, exit_code=1)


def test_transfers_are_received_turned_back_and_written_off(url: str, tmp_path: Path) -> None:
    answered("import", "stock", csv_file(tmp_path / "r.csv", "sku,warehouse,quantity", "MUG,LEJ1,6"), url=url)
    rows = [f"{name},LEJ1,MAN1,MUG,{units},in_transit" for name, units in (("A", 1), ("B", 2), ("C", 3))]
    moves = csv_file(tmp_path / "t.csv", "transfer_id,from_warehouse,to_warehouse,sku,quantity,mode", *rows)
    answered("import", "transfers", moves, url=url)
    listed = answered("transfer", "list", "--status", "in_transit", url=url)
    ids = {each["lines"][0]["quantity"]: each["transfer_id"] for each in listed}
    assert answered("transfer", "receive", ids[1], url=url)["status"] == "received"
    assert answered("transfer", "cancel", ids[2], url=url)["status"] == "cancelled"
    assert answered("transfer", "write-off", ids[3], "--reason", "gone", url=url)["status"] == "lost"
    assert query(url, LEVELS) == [("LEJ1", 2, 0), ("MAN1", 1, 0)]
    assert "lost" in onhand("transfer", "show", ids[3], url=url).stdout
    assert onhand("reconcile", url=url).returncode == 0
