"""onhand bench routing, planning and backorders, at small size."""

import gzip
from pathlib import Path

from cli.cli_tools import answered, onhand, refused
from onhand.domain.commands import ShipTo
from onhand.domain.routing import Ranker, Rule, Warehouse
from onhand.domain.sourcing import Wanted
from onhand.shop.orders.routes import nearest_first, nearest_only
from support.worlds import EAST, NORTH, A

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
COUNTRIES = ("United Kingdom", "France", "Germany", "EIRE", "Unspecified")


def orders(path: Path) -> Path:
    """A year of orders: deliveries come on Mondays, for what was sold in the weeks before."""
    rows = [
        f"{500000 + n},C{n % 7 + line},A THING,{1 + n % 5 * 30},2011-{1 + n // 30:02}-{1 + n % 28:02} 10:00:00,1.5,"
        f"1{n % 40:04},{COUNTRIES[n % 5]}\n"
        for n in range(330)
        for line in range(3)
    ]
    with gzip.open(path, "wt") as file:
        file.write(HEADER + "".join(rows))
    return path


def test_orders_are_routed_in_each_way(tmp_path: Path) -> None:
    file, drawing = orders(tmp_path / "orders.csv.gz"), tmp_path / "map.svg"
    done = {way["name"]: way for way in answered("bench", "routing", str(file), "--map", str(drawing))}
    router, nearest, only, chance = [
        next(way for name, way in done.items() if name.startswith(start))
        for start in ("router: fewest", "nearest first", "nearest only", "random")
    ]
    assert router["orders"] == nearest["orders"] == only["orders"] == 330
    assert router["units"] > 0
    assert router["shipments_per_order"] <= nearest["shipments_per_order"] <= chance["shipments_per_order"]
    assert router["km_per_order"] <= chance["km_per_order"]
    assert (only["shipments_per_order"], only["units"] <= router["units"]) == (1.0, True)
    drawn = drawing.read_text()
    assert drawn.startswith("<svg")
    assert "parcels" in drawn
    again = answered("bench", "routing", str(file))
    assert {way["name"]: way for way in again} == done, "the same orders, the same figures"


def test_the_ways_beside_the_router_are_what_they_say() -> None:
    places = [Warehouse(EAST, "EAST", 51, 12), Warehouse(NORTH, "NORTH", 59, 18)]
    near = Ranker(places, (Rule.CLOSEST,)).rank(ShipTo(51, 13)).candidates
    stock, wanted = {A: {EAST: 2, NORTH: 5}}, [Wanted(0, A, 4)]
    assert [(pick.warehouse, pick.quantity) for pick in nearest_first(wanted, stock, near)] == [(EAST, 2), (NORTH, 2)]
    assert [(pick.warehouse, pick.quantity) for pick in nearest_only(wanted, stock, near)] == [(EAST, 2)]


def test_what_cannot_be_routed_is_refused(tmp_path: Path) -> None:
    assert "none.csv" in refused("bench", "routing", str(tmp_path / "none.csv"))
    empty = tmp_path / "empty.csv"
    empty.write_text(HEADER)
    assert "no orders in it" in refused("bench", "routing", str(empty))
    assert "there is no rule 'cheapest'" in refused("bench", "routing", str(empty), "--rules", "cheapest")


def test_planning_is_measured() -> None:
    plain, sparing = answered("bench", "planning", "--orders", "50", "--warehouses", "10", "--lines", "3")
    assert (plain["orders"], plain["lines"], plain["warehouses"]) == (50, 3, 10)
    assert 0 < plain["p50_ms"] <= plain["p99_ms"] <= plain["max_ms"] * 1.01
    assert sparing["rules"][-1] == "leave_safety_stock"
    assert "--warehouses" in refused("bench", "planning", "--warehouses", "0")


def test_those_who_wait_are_covered_in_turn(fresh_database_url: str) -> None:
    done = answered("bench", "backorders", "--orders", "300", url=fresh_database_url)
    assert (done["orders"], done["first"], done["out_of_turn"], done["events"]) == (300, 30, 0, 300)
    assert done["clean"] is True
    assert "--orders" in refused("bench", "backorders", "--orders", "1", url=fresh_database_url)
    assert "no promise" in onhand("promises", "at-risk", url=fresh_database_url).stderr, "the own database is untouched"
