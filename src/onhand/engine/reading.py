"""Under the locks: rows become the world a batch is decided in."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from onhand.db import queries_level, queries_reconciliation, queries_reservation
from onhand.db import queries_room as qr
from onhand.db.query import Connection, Query
from onhand.domain.commands import (
    Adjust,
    CancelPurchaseOrder,
    ChangeState,
    Command,
    CreatePurchaseOrder,
    Dispatch,
    PlacePurchaseOrder,
    Receive,
    ReceivePurchaseOrder,
    Repair,
    Replenish,
    ReschedulePurchaseOrder,
    Reserve,
    TakeBack,
)
from onhand.domain.customer_return import CustomerReturn, ReturnedPart
from onhand.domain.ids import Id, NewId
from onhand.domain.level import Level, LevelKey
from onhand.domain.purchase_order import PurchaseOrder, PurchaseOrderLine
from onhand.domain.reservation import Allocation, Reservation, allocation_of
from onhand.domain.room import Room
from onhand.domain.routing import Ranker
from onhand.domain.transfer import Transfer, TransferLine
from onhand.domain.world import Fetched, MissingFactsError, Sums, World
from onhand.engine.planning import Foresight

LIKE_MAX_ROWS = 100  # of a waiting list that is read because another one was needed


class Wants(msgspec.Struct):
    """What a batch must read: levels named outright, and what leads to further ones."""

    keys: set[LevelKey]
    products: set[Id]
    reservations: set[Id]
    transfers: set[Id]
    purchase_orders: set[Id]
    drafted: set[LevelKey]
    returned: set[Id]  # reservations of which something comes back
    rooms: set[Id]  # warehouses into which something may come

    @property
    def must_be_located(self) -> bool:
        return bool(self.products or self.reservations or self.returned or self.transfers or self.purchase_orders)


def wants(commands: Sequence[Command]) -> Wants:  # noqa: C901, PLR0912  one table, as decide
    """Levels, reservations and transfers the commands speak of."""
    keys: set[LevelKey] = set()
    products: set[Id] = set()
    reservations: set[Id] = set()
    transfers: set[Id] = set()
    purchase_orders: set[Id] = set()
    drafted: set[LevelKey] = set()
    returned: set[Id] = set()
    rooms: set[Id] = set()
    for command in commands:
        match command:
            case Reserve():
                for line in command.lines:
                    if line.warehouse is None:
                        products.add(line.product)
                    else:
                        keys.add((line.product, line.warehouse))
            case Receive() | Adjust() | ChangeState():
                keys.update((line.product, line.warehouse) for line in command.lines)
                if not isinstance(command, ChangeState):  # It moves units about in their warehouse.
                    rooms.update(line.warehouse for line in command.lines)
            case Dispatch():
                rooms.add(command.destination)
                for moved in command.lines:
                    keys.update(((moved.product, command.source), (moved.product, command.destination)))
            case CreatePurchaseOrder() | Replenish():
                mine = {(line.product, line.warehouse) for line in command.lines}
                keys |= mine
                if isinstance(command, Replenish):
                    drafted |= mine
                purchase_orders.add(command.header.operation_id)  # There only if an earlier attempt was committed.
            case PlacePurchaseOrder() | ReceivePurchaseOrder() | CancelPurchaseOrder() | ReschedulePurchaseOrder():
                purchase_orders.add(command.purchase_order)
            case TakeBack():
                returned.update(command.reservations)
                named = {(back.product, back.warehouse) for back in command.lines if back.warehouse is not None}
                keys |= named
                rooms.update(warehouse for _, warehouse in named)
            case Repair():
                keys.add((command.product, command.warehouse))
            case _ if hasattr(command, "reservation"):
                reservations.add(command.reservation)
            case _:
                transfers.add(command.transfer)
    return Wants(keys, products, reservations, transfers, purchase_orders, drafted, returned, rooms)


class Facts(msgspec.Struct):
    """Rows as read, kept until the batch is decided: a world is made of them anew for each try."""

    levels: list[tuple[Any, ...]] = []
    reservations: list[tuple[Any, ...]] = []
    lines: list[tuple[Any, ...]] = []
    transfers: list[tuple[Any, ...]] = []
    transfer_lines: list[tuple[Any, ...]] = []
    purchase_orders: list[tuple[Any, ...]] = []
    purchase_order_lines: list[tuple[Any, ...]] = []
    drafted: list[tuple[Any, ...]] = []
    returned: list[tuple[Any, ...]] = []
    rooms: list[tuple[Any, ...]] = []
    volumes: dict[Id, int] = {}
    queued: dict[tuple[str, LevelKey], list[tuple[Any, ...]]] = {}  # what was read of queues, and from which end
    waiting: dict[LevelKey, Fetched] = {}
    youngest: dict[LevelKey, Fetched] = {}
    limits: dict[Id, int | None] = {}
    unknown_products: set[Id] = set()
    sums: dict[LevelKey, Sums] = {}
    foresight: Foresight = msgspec.field(default_factory=Foresight)
    revision: list[tuple[Any, ...]] = []  # of the list of warehouses

    def are_locked(self, keys: set[LevelKey]) -> bool:
        """Whether each level that the reservations and transfers read lead to is among the keys."""
        if any((row[2], row[3]) not in keys for row in self.lines):
            return False
        if any((row[2], row[3]) not in keys for row in self.purchase_order_lines):
            return False
        ends = {row[0]: (row[1], row[2]) for row in self.transfers}
        return all((row[2], end) in keys for row in self.transfer_lines for end in ends.get(row[0], ()))

    def world(self, now: datetime, new_id: NewId, ranker: Ranker) -> World:
        """A fresh world: nothing in it is shared with one made before."""
        allocations: dict[Id, list[Allocation]] = {}
        for row in self.lines:
            allocations.setdefault(row[0], []).append(allocation_of(row))
        moved: dict[Id, list[TransferLine]] = {}
        for row in self.transfer_lines:
            moved.setdefault(row[0], []).append(TransferLine(*row[1:]))
        world = World(
            now=now,
            new_id=new_id,
            ranker=ranker,
            levels=[Level(*row) for row in self.levels],
            reservations=[
                Reservation(
                    row[0], row[1], row[2], row[3], row[4], allocations.get(row[0], []), route=row[5], requested=row[6]
                )
                for row in self.reservations
            ],
            transfers=[
                Transfer(row[0], row[1], row[2], row[3], row[4], row[5], moved.get(row[0], []))
                for row in self.transfers
            ],
            allocations=[allocation_of(row) for rows in self.queued.values() for row in rows],
            waiting=self.waiting,
            youngest=self.youngest,
            limits=self.limits,
        )
        world.purchase_orders = self._purchase_orders()
        world.returns = self._returns()
        world.rooms = {row[0]: _room(row) for row in self.rooms}
        world.volumes = self.volumes
        world.drafted = Counter({(row[0], row[1]): row[2] for row in self.drafted})
        world.unknown_products = self.unknown_products
        world.sums = self.sums
        world.seen = self.foresight.seen
        world.safety = self.foresight.safety
        world.foreseen = self.foresight.plans
        return world

    def _purchase_orders(self) -> dict[Id, PurchaseOrder]:
        lines: dict[Id, list[PurchaseOrderLine]] = {}
        for row in self.purchase_order_lines:
            lines.setdefault(row[0], []).append(PurchaseOrderLine(*row[1:]))
        return {row[0]: PurchaseOrder(*row[:7], lines=lines.get(row[0], [])) for row in self.purchase_orders}  # type: ignore[misc]

    def _returns(self) -> dict[Id, CustomerReturn]:
        returns: dict[Id, CustomerReturn] = {}
        for row in self.returned:
            order_id, reason, created_at, created_by = row[10:]
            made = CustomerReturn(row[0], order_id, reason, created_at, created_by, [])
            returns.setdefault(row[0], made).parts.append(ReturnedPart(*row[1:10]))
        return returns


def widened(missing: MissingFactsError, wanted: Wants, facts: Facts) -> MissingFactsError:
    """What lacks one fact will soon lack its like: a delivery of 1,000 lines shall not be decided 1,000 times."""
    waiting, products = missing.waiting, missing.products
    if products:
        locked = {(row[0], row[1]) for row in facts.levels}
        products |= wanted.products | {key[0] for key in wanted.keys - locked}
    if waiting:
        levels = (Level(*row) for row in facts.levels)
        known = facts.waiting.keys() | waiting.keys()
        waiting = waiting | {
            level.key: min(level.backordered, LIKE_MAX_ROWS)
            for level in levels
            if level.backordered and level.key not in known
        }
    return MissingFactsError(
        waiting=waiting,
        youngest=missing.youngest,
        products=products - facts.limits.keys(),
        sums=missing.sums,
        volumes=missing.volumes,
    )


async def fetch_missing(connection: Connection, cell: int, facts: Facts, missing: MissingFactsError) -> None:
    """Add to the facts what the decision found lacking. The levels concerned are locked already."""
    for key, limit in missing.waiting.items():
        rows = await _queue(connection, queries_reservation.READ_WAITING_LINES, cell, key, limit)
        facts.waiting[key] = _fetched(rows, limit, _turn)
        facts.queued["waiting", key] = rows  # All that was read before, and more.
    for key, limit in missing.youngest.items():
        rows = await _queue(connection, queries_reservation.READ_YOUNGEST_LINES, cell, key, limit)
        facts.youngest[key] = _fetched(rows, limit, _age)
        facts.queued["youngest", key] = rows
    if missing.products:
        cursor = await connection.execute(
            queries_level.READ_BACKORDER_LIMITS.sql, {"product_ids": sorted(missing.products)}, binary=True
        )
        facts.limits.update(await cursor.fetchall())
        facts.unknown_products |= missing.products - facts.limits.keys()
    if missing.volumes:
        volumes = await qr.READ_VOLUMES.all(connection, product_ids=sorted(missing.volumes))
        facts.volumes.update({row.product_id: int(row.volume) for row in volumes})
    for key in missing.sums:
        parameters = {"cell": cell, "product_id": key[0], "warehouse_id": key[1]}
        cursor = await connection.execute(queries_reconciliation.SUM_LEVEL.sql, parameters, binary=True)
        facts.sums[key] = Sums(*(await cursor.fetchall())[0])


async def _queue(
    connection: Connection, query: Query[queries_reservation.ReservationLineRow], cell: int, key: LevelKey, limit: int
) -> list[tuple[Any, ...]]:
    parameters = {"cell": cell, "product_id": key[0], "warehouse_id": key[1], "row_limit": limit}
    cursor = await connection.execute(query.sql, parameters, binary=True)
    return await cursor.fetchall()


def _room(row: tuple[Any, ...]) -> Room:
    warehouse, capacity, capacity_in, policy, base, added = row
    return Room(warehouse, capacity, capacity_in, policy, None if base is None else int(base), int(added))


def _fetched(
    rows: list[tuple[Any, ...]], limit: int, place_of: Callable[[tuple[Any, ...]], tuple[Any, ...]]
) -> Fetched:
    return Fetched(limit, None if len(rows) < limit else place_of(rows[-1]))


def _turn(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[8], row[0], row[1]


def _age(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[0], row[1]
