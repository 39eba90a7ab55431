"""What pages show and the API has no route for: the pulse, and what happened to an order."""

from datetime import datetime

from onhand.cache.metrics import GATE
from onhand.db import queries_web as q
from onhand.domain.ids import Id, first_of
from onhand.engine.metrics import COMMANDS
from onhand.services.context import CELL, Onhand
from onhand.services.names import parse_id

TIMELINE_MAX = 200
NOT_REFUSED = ("accepted", "replayed", "failed")


async def warehouse_sums(onhand: Onhand) -> list[q.WarehouseSumRow]:
    """Reads every level: seconds at millions of them."""
    async with onhand.pool.connection() as connection:
        return await q.SUM_WAREHOUSES.all(connection)


async def operations(onhand: Onhand, since: datetime, until: datetime, step_s: int) -> list[q.OperationCountRow]:
    """How many of each type began in each step_s seconds; ids carry their time in milliseconds."""
    async with onhand.pool.connection() as connection:
        return await q.COUNT_OPERATIONS.all(
            connection, cell=CELL, first=first_of(since), last=first_of(until), step=step_s
        )


def refused_so_far() -> int:
    """Orders that this process has refused since it began; what was turned away as too much is not among them."""
    refused = sum(
        sample.value
        for metric in COMMANDS.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
        and sample.labels["command"] == "reserve"
        and sample.labels["verdict"] not in NOT_REFUSED
    )
    return int(refused + sum(s.value for m in GATE.collect() for s in m.samples if s.name.endswith("_total")))


async def add_refusals(onhand: Onhand, process_id: Id, at: datetime, orders: int) -> None:
    """Tell every process that this one refused so many orders in the second that began at that time."""
    async with onhand.pool.connection() as connection:
        await q.ADD_REFUSALS.run(connection, at=at, process_id=process_id, orders=orders)


async def forget_refusals(onhand: Onhand, before: datetime) -> None:
    async with onhand.pool.connection() as connection:
        await q.DELETE_REFUSALS.run(connection, before=before)


async def refusals(onhand: Onhand, since: datetime, until: datetime) -> list[q.RefusalCountRow]:
    """By second, of all processes."""
    async with onhand.pool.connection() as connection:
        return await q.COUNT_REFUSALS.all(connection, since=since, until=until)


async def timeline(onhand: Onhand, reservation_id: str) -> list[q.TimelineRow]:
    """What happened to a reservation, oldest first. Raises Invalid."""
    async with onhand.pool.connection() as connection:
        return await q.LIST_OPERATIONS_OF_RESERVATION.all(
            connection, cell=CELL, reservation_id=parse_id(reservation_id, "reservation_id"), row_limit=TIMELINE_MAX
        )
