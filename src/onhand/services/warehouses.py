"""Warehouses: places that hold stock."""

from typing import Any
from zoneinfo import available_timezones

from msgspec import UNSET
from psycopg import errors as pg

from onhand.db import queries_catalog as q
from onhand.db import queries_promise as qp
from onhand.db import queries_room as room
from onhand.db import queries_routing as qr
from onhand.db.query import Connection
from onhand.domain.errors import AlreadyExists, FieldProblem, Invalid, Unknown
from onhand.domain.ids import Id
from onhand.domain.limits import PAGE_DEFAULT_ROWS
from onhand.engine.engine import new_id
from onhand.services import answers, calendars
from onhand.services.context import CELL, Onhand
from onhand.services.names import cursor_of, name_after, warehouse_named
from onhand.services.requests import Location, NewWarehouse, ShippingCalendar, WarehousePatch


async def create(onhand: Onhand, request: NewWarehouse) -> answers.Warehouse:
    """Raises AlreadyExists, Invalid."""
    warehouse_id = new_id()
    calendar = must_be_right(onhand, request)
    try:
        async with onhand.pool.connection() as connection, connection.transaction():
            await q.INSERT_WAREHOUSE.run(
                connection,
                warehouse_id=warehouse_id,
                code=request.code,
                name=request.name,
                time_zone=request.time_zone,
                capacity=request.capacity,
                active=request.active,
                now=onhand.now(),
                **_place(request.location),
            )
            await room.INSERT_ROOM.run(connection, cell=CELL, warehouse_id=warehouse_id)
            await _set_capacity(connection, warehouse_id, request.capacity_in, request.capacity_policy)
            if request.priority:
                await qr.SET_WAREHOUSE_PRIORITY.run(connection, warehouse_id=warehouse_id, priority=request.priority)
            if calendar is not None:
                await qp.SET_CALENDAR.run(connection, warehouse_id=warehouse_id, **calendar)
            made = await _read(connection, warehouse_id)
            await qr.MOVE_WAREHOUSE_REVISION.run(connection)
    except pg.UniqueViolation:
        raise AlreadyExists("warehouse", request.code) from None
    await onhand.outlook.calendars.read()
    await onhand.directory.read_warehouses()  # After the calendars: a rule may ask when they ship.
    return made


def must_be_right(onhand: Onhand, request: NewWarehouse) -> dict[str, object] | None:
    """What a request says beyond its shape; its calendar as columns. Raises Invalid."""
    _must_be_time_zone(request.time_zone)
    if request.calendar is None:
        return None
    return calendars.columns(request.calendar, request.location.country, onhand.now().date())


async def get(onhand: Onhand, name: str) -> answers.Warehouse:
    """By code or warehouse id. Raises Unknown."""
    warehouse = await warehouse_named(onhand, name)
    async with onhand.pool.connection() as connection:
        return await _read(connection, warehouse.warehouse_id)


async def patch(onhand: Onhand, name: str, request: WarehousePatch) -> answers.Warehouse:
    """Change what is given. A warehouse made inactive takes no new orders from now on, in any process.

    Raises Unknown, Invalid.
    """
    warehouse_id = (await warehouse_named(onhand, name)).warehouse_id
    async with onhand.pool.connection() as connection, connection.transaction():
        if _says_capacity(request):  # In the engine's order: the room, then the warehouse.
            await room.INSERT_ROOM.run(connection, cell=CELL, warehouse_id=warehouse_id)
            await room.LOCK_ROOM.first(connection, cell=CELL, warehouse_id=warehouse_id)
        await q.LOCK_WAREHOUSE.first(connection, warehouse_id=warehouse_id)
        row = await q.READ_WAREHOUSE.first(connection, warehouse_id=warehouse_id)
        if row is None:
            raise Unknown("warehouse", name)
        changes = _changed(row, request)
        await q.UPDATE_WAREHOUSE.run(connection, warehouse_id=warehouse_id, now=onhand.now(), **changes)
        if _says_capacity(request):
            capacity_in = row.capacity_in if request.capacity_in is UNSET else request.capacity_in
            policy = row.capacity_policy if request.capacity_policy is UNSET else request.capacity_policy
            await _set_capacity(connection, warehouse_id, capacity_in, policy)
        if request.priority is not UNSET:
            await qr.SET_WAREHOUSE_PRIORITY.run(connection, warehouse_id=warehouse_id, priority=request.priority)
        if request.calendar is not UNSET:
            calendar = calendars.columns(request.calendar, changes["country"], onhand.now().date())
            await qp.SET_CALENDAR.run(connection, warehouse_id=warehouse_id, **calendar)
        changed = await _read(connection, warehouse_id)
        await qr.MOVE_WAREHOUSE_REVISION.run(connection)
    await onhand.outlook.calendars.read()
    await onhand.directory.read_warehouses()  # After the calendars: a rule may ask when they ship.
    return changed


def _says_capacity(request: WarehousePatch) -> bool:
    return any(x is not UNSET for x in (request.capacity, request.capacity_in, request.capacity_policy))


async def _set_capacity(connection: Connection, warehouse_id: Id, capacity_in: str, policy: str) -> None:
    await room.SET_CAPACITY.run(connection, warehouse_id=warehouse_id, capacity_in=capacity_in, capacity_policy=policy)
    await room.COUNT_ROOM.run(connection, cell=CELL, warehouse_id=warehouse_id)


def _changed(row: q.WarehouseRow, request: WarehousePatch) -> dict[str, Any]:
    kept = ("name", "latitude", "longitude", "country", "postal_code", "time_zone", "capacity", "active")
    columns: dict[str, Any] = {name: getattr(row, name) for name in kept}
    for name in ("name", "time_zone", "capacity", "active"):
        if getattr(request, name) is not UNSET:
            columns[name] = getattr(request, name)
    if request.location is not UNSET:
        columns |= _place(request.location)
    _must_be_time_zone(columns["time_zone"])
    return columns


async def find(onhand: Onhand, *, limit: int = PAGE_DEFAULT_ROWS, cursor: str | None = None) -> answers.Page:
    """By code. Raises Invalid."""
    async with onhand.pool.connection() as connection:
        rows = await q.LIST_WAREHOUSES.all(connection, after=name_after(cursor), row_limit=limit + 1)
        shown = await calendars.shown(connection, [row.warehouse_id for row in rows])
    items = [_answer(row, shown[row.warehouse_id]) for row in rows[:limit]]
    return answers.Page(items, cursor_of(items[-1].code) if len(rows) > limit else None)


def _must_be_time_zone(name: str) -> None:
    if name not in available_timezones():
        detail = f"{name!r} is not an IANA time zone such as Europe/Berlin."
        raise Invalid([FieldProblem("time_zone", "INVALID_VALUE", detail)])


def _place(location: Location) -> dict[str, Any]:
    return {
        "latitude": location.latitude,
        "longitude": location.longitude,
        "country": location.country,
        "postal_code": location.postal_code,
    }


async def _read(connection: Connection, warehouse_id: Id) -> answers.Warehouse:
    row = await q.READ_WAREHOUSE.first(connection, warehouse_id=warehouse_id)
    if row is None:
        raise Unknown("warehouse", str(warehouse_id))
    return _answer(row, (await calendars.shown(connection, [warehouse_id]))[warehouse_id])


def _answer(row: q.WarehouseRow, calendar: ShippingCalendar) -> answers.Warehouse:
    return answers.Warehouse(
        warehouse_id=str(row.warehouse_id),
        code=row.code,
        name=row.name,
        location={
            "latitude": row.latitude,
            "longitude": row.longitude,
            "country": row.country,
            "postal_code": row.postal_code,
        },
        time_zone=row.time_zone,
        capacity=row.capacity,
        capacity_in=row.capacity_in,
        capacity_policy=row.capacity_policy,
        active=row.active,
        calendar=calendar,
        priority=row.priority,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
