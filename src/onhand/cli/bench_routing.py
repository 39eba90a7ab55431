"""onhand bench routing: real orders, routed beside the nearest warehouse and beside chance."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from onhand.cli import route_map
from onhand.cli.bench import AsJson
from onhand.cli.errors import CliError
from onhand.cli.progress import progress
from onhand.cli.terminal import say, show, show_json, show_table
from onhand.domain.routing import DEFAULT_RULES, KNOWN_RULES, Rule
from onhand.shop.orders import routes
from onhand.shop.orders.places import WAREHOUSES
from onhand.shop.orders.plan import plan
from onhand.shop.orders.report import Refusals
from onhand.shop.orders.rows import UnreadableFile, read

File = Annotated[Path, Parameter(help="Orders, as `onhand import orders` takes them; a file, also gzipped.")]
Limit = Annotated[int | None, Parameter(help="Only the first so many invoices.")]
Rules = Annotated[
    tuple[str, ...], Parameter(name="--rules", consume_multiple=True, help="Of the router, the first decides first.")
]
Drawing = Annotated[Path | None, Parameter(name="--map", help="Draw who ships where, by the router, to this SVG file.")]


def run_routing(
    file: File, /, *, rules: Rules = (), limit: Limit = None, map_: Drawing = None, as_json: AsJson = False
) -> int:
    """Route real orders over warehouses in four countries: shipments per order and distance, beside the nearest
    warehouse and beside chance.
    """
    if unknown := [name for name in rules if name not in KNOWN_RULES]:
        raise CliError(f"there is no rule {', '.join(map(repr, unknown))}", f"Rules: {', '.join(Rule)}")
    refusals = Refusals()
    try:
        planned = plan(read(file, refusals), refusals, limit=limit)
    except UnreadableFile as error:
        raise CliError(str(error)) from error
    if not planned.orders:
        raise CliError(f"{file}: no orders in it")
    with progress("routing", "events") as meter:
        done = routes.replay(planned, routes.ways(tuple(map(Rule, rules)) or DEFAULT_RULES), meter)
    if map_ is not None:
        try:
            map_.write_text(route_map.draw(done[0], "Parcels by warehouse and country"), encoding="utf-8")
        except OSError as error:
            raise CliError(f"{map_} cannot be written: {error}") from None
        say(f"onhand: drew {map_}")
    if as_json:
        show_json([_figures(way) for way in done])
    else:
        _show(done)
    return 0


def _figures(way: routes.Way) -> dict[str, object]:
    names = ("name", "orders", "units_asked", "units", "shipments", "in_one_shipment", "abroad", "parcels")
    ratios = ("shipments_per_order", "km_per_shipment", "km_per_order", "fill_rate")
    return {name: getattr(way, name) for name in (*names, *ratios)}


def _show(done: list[routes.Way]) -> None:
    show(f"{done[0].orders:,} orders, {done[0].units_asked:,} units, from {len(WAREHOUSES)} warehouses")
    columns = ["way", "shipments/order", "in one", "km/shipment", "km/order", "over a border", "units had"]
    rows = [
        [
            way.name,
            f"{way.shipments_per_order:.2f}",
            f"{way.in_one_shipment / max(1, way.orders - way.orders_with_nothing):.1%}",
            f"{way.km_per_shipment:,.0f}",
            f"{way.km_per_order:,.0f}",
            f"{way.abroad / max(1, way.shipments):.1%}",
            f"{way.fill_rate:.1%}",
        ]
        for way in done
    ]
    show_table(columns, rows, right=tuple(columns[1:]))
