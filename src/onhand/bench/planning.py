"""How long the plan of one order takes, in process: ranking the warehouses for its ship-to, and choosing among them."""

import time
from random import Random

import msgspec

from onhand.bench.histogram import Histogram
from onhand.bench.names import bench_id
from onhand.domain.commands import ShipTo
from onhand.domain.ids import Id
from onhand.domain.routing import COORDINATES, DEFAULT_RULES, Ranker, Rule, Warehouse
from onhand.domain.sourcing import Wanted, plan

GOAL_P99_MS = 2.0
UNITS_MAX, WANTED_MAX = 3, 3  # thin stock: no warehouse has everything, and every order is split
SEED = 20260301


class Planned(msgspec.Struct):
    """Milliseconds of processor time of one order's plan; shipments: how many a plan has on the average."""

    warehouses: int
    lines: int
    orders: int
    rules: list[str]
    p50_ms: float
    p99_ms: float
    max_ms: float
    shipments: float
    goal_p99_ms: float = GOAL_P99_MS

    @property
    def met(self) -> bool:
        return self.p99_ms <= self.goal_p99_ms


def run(warehouses: int, lines: int, orders: int, rules: tuple[Rule, ...] = DEFAULT_RULES) -> Planned:
    """Plan so many orders, each on other stock, with coordinates of its own."""
    random = Random(SEED)  # noqa: S311  the same orders in every run
    products = [bench_id("product", number) for number in range(lines)]
    places = [
        Warehouse(bench_id("warehouse", n), f"W{n:03}", random.uniform(-60, 60), random.uniform(-150, 150))
        for n in range(warehouses)
    ]
    ranker, taken, shipments = Ranker(places, rules), Histogram(), 0
    for _ in range(orders):
        stock, safety = _shelves(random, products, places), _shelves(random, products, places)
        wanted = [Wanted(n, each, random.randint(1, WANTED_MAX)) for n, each in enumerate(products)]
        ship_to = ShipTo(random.uniform(-60, 60), random.uniform(-150, 150), precision=COORDINATES)
        began_s = time.process_time()
        made = plan(wanted, stock, ranker.rank(ship_to), allow_split=True, safety=safety)
        taken.record_all([time.process_time() - began_s])
        shipments += len({pick.warehouse for pick in made.picks})
    return Planned(
        warehouses,
        lines,
        orders,
        [str(rule) for rule in rules],
        taken.quantile_us(0.5) / 1000,
        taken.quantile_us(0.99) / 1000,
        taken.max_us / 1000,
        shipments / orders,
    )


def _shelves(random: Random, products: list[Id], places: list[Warehouse]) -> dict[Id, dict[Id, int]]:
    """Two warehouses of three have a product, up to UNITS_MAX of it."""
    return {
        product: {place.warehouse_id: random.randint(0, UNITS_MAX) for place in places if random.random() < 2 / 3}
        for product in products
    }
