"""What the reorder trigger costs a FULFILL: processor time without a threshold, with one, and with a note each time.

The three take turns, each on the same levels, in the same process: what the machine does besides touches them alike.
"""

import asyncio
import os
import statistics
from collections.abc import Sequence

import msgspec
import psycopg

from onhand.bench.cpu import OTHERS, Meter, postmaster_of
from onhand.bench.database import BenchError
from onhand.bench.names import bench_id
from onhand.bench.workload import Shape
from onhand.domain.commands import Fulfill, Header, Reserve, ReserveLine
from onhand.domain.ids import Id
from onhand.engine.engine import new_id
from onhand.services.context import CELL, Onhand, open_onhand

# The position after a unit more is shipped is one less than it is now.
ARMS = {
    "no threshold": "NULL",
    "a threshold": "0",
    "a note each time": "on_hand - backordered + quality_control + incoming",
}
FULFILLS = 5_000  # of each arm and round: half a second of processor time, known to the hundredth
ACTOR = "key:bench"
SET = "UPDATE level SET reorder_threshold = {} WHERE product_id = ANY(%s) AND warehouse_id = %s"


class Arm(msgspec.Struct):
    """Microseconds of processor time of a FULFILL, of our process and PostgreSQL together: the median of the rounds.

    to_none: the median of its ratio to the round's FULFILLs without a threshold.
    """

    name: str
    cpu_us: float
    to_none: float


class Report(msgspec.Struct):
    fulfills: int
    rounds: int
    arms: list[Arm]


async def run(url: str, shape: Shape, *, rounds: int, fulfills: int = FULFILLS) -> Report:
    """Raises BenchError, psycopg.Error, DomainError."""
    if shape.plenty < fulfills:
        raise BenchError(f"the bench needs {fulfills:,} products with plenty of stock: ask for more levels")
    products = [bench_id("product", number) for number in range(fulfills)]
    warehouse = bench_id("warehouse", 0)
    with psycopg.connect(url, autocommit=True) as connection:
        pid = postmaster_of(connection)
        if pid is None:
            raise BenchError("PostgreSQL runs elsewhere: its processor time is not known here")
        kept = connection.execute(
            "SELECT product_id, reorder_threshold FROM level WHERE product_id = ANY(%s) AND warehouse_id = %s",
            [_texts(products), str(warehouse)],
        ).fetchall()
        spent: dict[str, list[float]] = {name: [] for name in ARMS}
        try:
            async with open_onhand(url) as onhand:
                for number in range(rounds + 1):
                    for name in list(ARMS) if number % 2 else reversed(ARMS):
                        connection.execute(SET.format(ARMS[name]), [_texts(products), str(warehouse)])
                        cpu_s = await _fulfilled(onhand, products, warehouse, pid)
                        if number:  # The first round warms up.
                            spent[name].append(cpu_s / fulfills * 1_000_000)
                        connection.execute("DELETE FROM reorder_note WHERE cell = %s", [CELL])
        finally:
            connection.cursor().executemany(
                "UPDATE level SET reorder_threshold = %s WHERE product_id = %s AND warehouse_id = %s",
                [(threshold, product, str(warehouse)) for product, threshold in kept],
            )
    none = spent["no threshold"]
    if not all(none):
        raise BenchError(f"{fulfills:,} FULFILLs take no processor time that could be seen: ask for more of them")
    arms = [
        Arm(
            name,
            round(statistics.median(us), 1),
            round(statistics.median(mine / base for mine, base in zip(us, none, strict=True)), 3),
        )
        for name, us in spent.items()
    ]
    return Report(fulfills, rounds, arms)


async def _fulfilled(onhand: Onhand, products: Sequence[Id], warehouse: Id, pid: int) -> float:
    """Reserve a unit of each, then ship them all: processor seconds of the shipping."""
    reserves = [Reserve(_header(), (ReserveLine(product, 1, warehouse),)) for product in products]
    await asyncio.gather(*(onhand.engine.submit(command) for command in reserves))
    ships = [Fulfill(_header(), command.header.operation_id) for command in reserves]
    meter = Meter({"onhand": os.getpid(), "postgres": pid})
    meter.start()
    await asyncio.gather(*(onhand.engine.submit(command) for command in ships))
    return sum(seconds for name, seconds in meter.stop().items() if name != OTHERS)


def _header() -> Header:
    return Header(new_id(), ACTOR)


def _texts(ids: Sequence[Id]) -> list[str]:
    return [str(each) for each in ids]
