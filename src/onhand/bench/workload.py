"""What is ordered: seeded, so that a run can be repeated and its answers judged without asking the server."""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

FLASH_PRODUCTS = 200  # the last products: little stock each, for sales that sell out
FLASH_UNITS = 300
PLENTY_UNITS = 1_000_000
OPERATION_ROWS = 1_000  # ledger rows of one RECEIVE
SALE_EVERY = 4  # in a sale: of so many orders one is for another product
HOLD_S = 7 * 24 * 3600  # a hold that ends, as those of orders do; no run lasts until one ends

Spread = Literal["uniform", "zipf", "hot", "flash", "sale", "real"]


class Shape(msgspec.Struct, frozen=True):
    """How many products and warehouses there are; each product lies in each warehouse.

    history: ledger rows behind each level when it is loaded.
    """

    products: int
    warehouses: int
    history: int = 1

    @property
    def levels(self) -> int:
        return self.products * self.warehouses

    @property
    def plenty(self) -> int:
        """Products with plenty of stock; those after them are for flash sales."""
        return self.products - FLASH_PRODUCTS


class Workload(msgspec.Struct, frozen=True):
    """spread: how orders fall on products; zipf_s: skew; product: the hot one, or the flash sale's.

    sale: one order in SALE_EVERY is spread, the others are for the hot product. real: those of the file.
    """

    spread: Spread = "uniform"
    zipf_s: float = 1.0
    lines: int = 1
    product: int = 0
    seed: int = 1
    routed: bool = False  # no warehouse named, but where the order goes: the engine chooses
    file: str = ""  # of RealOrder, as MessagePack


class Line(NamedTuple):
    product: int
    warehouse: int
    quantity: int


Order = tuple[Line, ...]


class RealOrder(NamedTuple):
    """at_s: seconds after the first; items: product (a number, the first seen is 0) and units."""

    at_s: float
    items: list[tuple[int, int]]


def real_orders(file: str) -> list[RealOrder]:
    return msgspec.msgpack.decode(Path(file).read_bytes(), type=list[RealOrder])


def is_cold(order: int) -> bool:
    """Whether an order of a sale is for another product."""
    return order % SALE_EVERY == 0


def orders(workload: Workload, shape: Shape, count: int) -> list[Order]:
    """The first `count` orders: always the same for the same workload and shape."""
    dice = random.Random(f"{workload.seed} {workload.spread} {workload.zipf_s} {workload.lines}")  # noqa: S311
    if workload.spread == "real":
        return _real(workload, shape, dice, count)
    products = _products(workload, shape, dice, count * workload.lines)
    if workload.spread == "sale":
        spread = iter(dice.choices(range(1, shape.plenty), k=count))
        everywhere = iter(dice.choices(range(shape.warehouses), k=count))
        hot = (Line(workload.product, 0, 1),)
        return [(Line(next(spread), next(everywhere), 1),) if is_cold(n) else hot for n in range(count)]
    if workload.spread in ("hot", "flash"):
        warehouses: Iterator[int] = itertools.repeat(0)
    else:
        warehouses = iter(dice.choices(range(shape.warehouses), k=count * workload.lines))
    return [
        tuple(_distinct(Line(next(products), next(warehouses), 1) for _ in range(workload.lines))) for _ in range(count)
    ]


def _real(workload: Workload, shape: Shape, dice: random.Random, count: int) -> list[Order]:
    """A whole order from one warehouse; its products lie scattered over ours."""
    places = list(range(shape.plenty))
    dice.shuffle(places)
    made: list[Order] = []
    for order in real_orders(workload.file)[:count]:
        warehouse = dice.randrange(shape.warehouses)
        lines = (Line(places[product % shape.plenty], warehouse, units) for product, units in order.items)
        made.append(tuple(_distinct(lines)))
    return made


def _products(workload: Workload, shape: Shape, dice: random.Random, count: int) -> Iterator[int]:
    if workload.spread in ("hot", "flash"):
        others = iter(dice.choices(range(shape.plenty), k=count)) if workload.lines > 1 else itertools.repeat(0)
        # One hot line per order; its companions, if any, are spread.
        return (workload.product if n % workload.lines == 0 else next(others) for n in range(count))
    if workload.spread == "uniform":
        return iter(dice.choices(range(shape.plenty), k=count))
    weights = list(itertools.accumulate((rank + 1) ** -workload.zipf_s for rank in range(shape.plenty)))
    ranked = list(range(shape.plenty))
    dice.shuffle(ranked)  # What sells most does not lie side by side in the index.
    return iter(dice.choices(ranked, cum_weights=weights, k=count))


def _distinct(lines: Iterator[Line]) -> list[Line]:
    """Two lines of one level become one, as a shop's basket has it."""
    units: dict[tuple[int, int], int] = {}
    for line in lines:
        units[line.product, line.warehouse] = units.get((line.product, line.warehouse), 0) + line.quantity
    return [Line(product, warehouse, quantity) for (product, warehouse), quantity in units.items()]


def ship_to(number: int) -> tuple[float, float]:
    """Where a routed order goes, in degrees: all over Europe, hardly ever twice to the same place."""
    drawn = number * 2_654_435_761 % 2**32  # Knuth's multiplicative hash: spread, and the same each time
    return 36 + (drawn >> 16) % 3_000 / 100, -9 + (drawn & 0xFFFF) % 3_900 / 100


def sku(product: int) -> str:
    return f"BENCH-{product:07d}"


def warehouse_code(warehouse: int) -> str:
    return f"BENCH-{warehouse:03d}"
