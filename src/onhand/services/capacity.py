"""How much warehouses take in: commands that bring stock, and measurements of what lies there.

The engine knows what is in a warehouse at most, and counts it up; sales do not count it down. Only when that bound says
that something does not fit, the warehouse is measured and the command judged anew (docs/capacity.md).
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from onhand.db import queries_catalog
from onhand.db import queries_room as q
from onhand.domain.admitting import RoomUnknown
from onhand.domain.commands import (
    Adjust,
    ChangeState,
    Command,
    CreatePurchaseOrder,
    Dispatch,
    PurchaseOrderCommand,
    Receive,
    TakeBack,
    TransferCommand,
)
from onhand.domain.errors import Overloaded
from onhand.domain.ids import Id
from onhand.domain.limits import PAGE_MAX_ROWS
from onhand.domain.outcomes import CapacityWarning
from onhand.domain.room import MM3_PER_LITRE, CapacityIn
from onhand.engine.job import Answer, Key
from onhand.engine.preview import preview as engine_preview
from onhand.services import answers
from onhand.services.context import CELL, Measuring, Onhand
from onhand.services.names import labels, warehouse_named

MEASURES_MAX = 8  # of one command: each further one only because a setting was changed meanwhile

Moving = (
    Receive | Adjust | ChangeState | Dispatch | TransferCommand | CreatePurchaseOrder | PurchaseOrderCommand | TakeBack
)

CommandT = TypeVar("CommandT", bound=Command)


class Filled(msgspec.Struct):
    """used, free and capacity in units or litres, as capacity_in says; used is rounded up.

    unmeasured: units of products without dimensions, which take no litres.
    """

    warehouse: str
    capacity: int | None
    capacity_in: str
    capacity_policy: str
    used: int
    free: int | None
    units: int
    unmeasured: int
    as_of: datetime


async def submit(onhand: Onhand, command: Moving, key: Key | None = None) -> Answer:
    """As Engine.submit, for what may bring stock into a warehouse. Raises DomainError, CapacityExceeded among them."""
    for _ in range(MEASURES_MAX):
        try:
            return await onhand.engine.submit(command, key)
        except RoomUnknown as unknown:
            for warehouse in unknown.warehouses:
                await measure(onhand, warehouse)
            command = _measured(command)
    raise Overloaded


async def preview(onhand: Onhand, commands: Sequence[Command]) -> list[Answer]:
    """What would become of each, as if those before it had happened; nothing changes. Raises psycopg.Error."""
    for _ in range(MEASURES_MAX):
        answers = await engine_preview(onhand.url, commands, cell=CELL, directory=onhand.directory, now=onhand.now)
        full = {
            place
            for answer in answers
            if isinstance(answer.verdict, RoomUnknown)
            for place in answer.verdict.warehouses
        }
        if not full:
            return answers
        for warehouse in full:
            await measure(onhand, warehouse)
        commands = [_measured(each) for each in commands]
    raise Overloaded


def _measured(command: CommandT) -> CommandT:
    return msgspec.structs.replace(command, header=msgspec.structs.replace(command.header, measured=True))


async def measure(onhand: Onhand, warehouse: Id) -> None:
    """Let the engine know what lies there: as it was after this was called. Reads every level. Raises psycopg.Error.

    Those who come while one is being made share the next.
    """
    asked = time.monotonic()
    one = onhand.measuring.setdefault(warehouse, Measuring(asyncio.Lock()))
    async with one.lock:
        if one.began >= asked:
            return
        began = time.monotonic()
        async with onhand.pool.connection() as connection:
            row = await q.MEASURE_ROOM.first(connection, cell=CELL, warehouse_id=warehouse)
            if row is not None:
                await q.SET_ROOM_BASE.run(
                    connection, cell=CELL, warehouse_id=warehouse, used=row.used, added=row.added, epoch=row.epoch
                )
        one.began = began


async def filled(onhand: Onhand, name: str) -> Filled:
    """How full a warehouse is, measured now. Raises Unknown."""
    place = await warehouse_named(onhand, name)
    async with onhand.pool.connection() as connection:
        await q.INSERT_ROOM.run(connection, cell=CELL, warehouse_id=place.warehouse_id)
        [row] = await q.MEASURE_ROOM.all(connection, cell=CELL, warehouse_id=place.warehouse_id)
    used = -(-int(row.used) // (MM3_PER_LITRE if row.capacity_in == CapacityIn.LITRES else 1))
    return Filled(
        warehouse=place.code,
        capacity=row.capacity,
        capacity_in=row.capacity_in,
        capacity_policy=row.capacity_policy,
        used=used,
        free=None if row.capacity is None else max(0, row.capacity - used),
        units=row.units,
        unmeasured=row.unmeasured,
        as_of=onhand.now(),
    )


async def every(onhand: Onhand) -> list[Filled]:
    """All warehouses, by code."""
    async with onhand.pool.connection() as connection:
        rows = await queries_catalog.LIST_WAREHOUSES.all(connection, after=None, row_limit=PAGE_MAX_ROWS)
    return [await filled(onhand, row.code) for row in rows]


async def warnings(onhand: Onhand, given: Sequence[CapacityWarning]) -> list[answers.CapacityWarning]:
    """With names instead of ids."""
    names = await labels(onhand, [], [each.warehouse for each in given])
    return [
        answers.CapacityWarning(names.warehouse[each.warehouse], each.capacity, each.used, each.capacity_in)
        for each in given
    ]
