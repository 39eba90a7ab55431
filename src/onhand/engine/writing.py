"""A decided world becomes arrays, and arrays become one statement per table."""

from collections.abc import Iterator
from typing import Any

import msgspec

from onhand.db import queries_alert as alert
from onhand.db import queries_event, queries_ledger, queries_level, queries_reservation, queries_transfer
from onhand.db.arrays import Ids, Ints, Texts, Times
from onhand.db.query import Statement
from onhand.domain.world import World
from onhand.engine.writing_floor import return_writes, room_writes
from onhand.engine.writing_supply import state_writes, supply_writes

Write = tuple[Statement, dict[str, Any]]


def _json(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def writes(world: World, cell: int) -> Iterator[Write]:
    """Every statement of the batch but its idempotency keys, in an order that foreign keys accept."""
    yield from _facts(world, cell)
    # A level that is made with nothing on it begins with an alert; one that was there has been looked at.
    made = [level for level in world.levels.values() if level.touched and not level.exists]
    alerts = world.alerts | dict.fromkeys(level.key for level in made if not level.on_hand or level.backordered)
    if alerts:
        yield (
            alert.REFRESH_ALERTS,
            {
                "cell": cell,
                "product_ids": Ids([key[0] for key in alerts]),
                "warehouse_ids": Ids([key[1] for key in alerts]),
            },
        )


def _facts(world: World, cell: int) -> Iterator[Write]:
    yield from _levels(world, cell)
    if world.purchase_orders or world.notes:
        yield from supply_writes(world, cell)
    if world.returns:
        yield from return_writes(world, cell)
    if world.rooms:
        yield from room_writes(world, cell)
    if not world.operations and not any(r.touched for r in world.reservations.values()):
        return
    if world.operations:
        yield _operations(world, cell)
        yield _ledger(world, cell)
        if world.state_entries:
            yield from state_writes(world, cell)
    yield from _reservations(world, cell)
    yield from _lines(world, cell)
    if world.prioritized:
        yield _priorities(world, cell)
    if world.transfers:
        yield from _transfers(world, cell)
    if world.events:
        yield (
            queries_event.INSERT_EVENTS,
            {
                "cell": cell,
                "now": world.now,
                "event_ids": Ids([event.event_id for event in world.events]),
                "types": Texts([event.type for event in world.events]),
                "subjects": Texts([event.subject for event in world.events]),
                "datas": Texts([_json(event.data) for event in world.events]),
            },
        )


def _levels(world: World, cell: int) -> Iterator[Write]:
    touched = [level for level in world.levels.values() if level.touched]
    for statement, levels in (
        (queries_level.UPDATE_LEVELS, [level for level in touched if level.exists]),
        (queries_level.INSERT_LEVELS, [level for level in touched if not level.exists]),
    ):
        if not levels:
            continue
        parameters: dict[str, Any] = {
            "cell": cell,
            "product_ids": Ids([level.product for level in levels]),
            "warehouse_ids": Ids([level.warehouse for level in levels]),
            "on_hands": Ints([level.on_hand for level in levels]),
            "reserveds": Ints([level.reserved for level in levels]),
            "backordereds": Ints([level.backordered for level in levels]),
            "incomings": Ints([level.incoming for level in levels]),
            "versions": Ints([level.version for level in levels]),
        }
        if statement is queries_level.INSERT_LEVELS:
            parameters["backorder_limits"] = Ints([level.backorder_limit for level in levels])
        yield statement, parameters


def _operations(world: World, cell: int) -> Write:
    headers = [operation.header for operation in world.operations]
    return queries_ledger.INSERT_OPERATIONS, {
        "cell": cell,
        "now": world.now,
        "operation_ids": Ids([header.operation_id for header in headers]),
        "types": Texts([operation.type for operation in world.operations]),
        "reasons": Texts([header.reason for header in headers]),
        "reference_types": Texts([header.reference_type for header in headers]),
        "reference_ids": Texts([header.reference_id for header in headers]),
        "actors": Texts([header.actor for header in headers]),
    }


def _ledger(world: World, cell: int) -> Write:
    entries = world.entries
    return queries_ledger.INSERT_LEDGER, {
        "cell": cell,
        "now": world.now,
        "txn_ids": Ids([entry.txn_id for entry in entries]),
        "operation_ids": Ids([entry.header.operation_id for entry in entries]),
        "product_ids": Ids([entry.product for entry in entries]),
        "warehouse_ids": Ids([entry.warehouse for entry in entries]),
        "versions": Ints([entry.version for entry in entries]),
        "quantities": Ints([entry.quantity for entry in entries]),
        "on_hands": Ints([entry.on_hand for entry in entries]),
        "reserveds": Ints([entry.reserved for entry in entries]),
        "types": Texts([entry.type for entry in entries]),
        "actors": Texts([entry.header.actor for entry in entries]),
        "reasons": Texts([entry.reason for entry in entries]),
        "reference_types": Texts([entry.header.reference_type for entry in entries]),
        "reference_ids": Texts([entry.header.reference_id for entry in entries]),
    }


def _reservations(world: World, cell: int) -> Iterator[Write]:
    touched = [reservation for reservation in world.reservations.values() if reservation.touched]
    new = [reservation for reservation in touched if reservation.new]
    changed = [reservation for reservation in touched if not reservation.new]
    if new:
        yield (
            queries_reservation.INSERT_RESERVATIONS,
            {
                "cell": cell,
                "now": world.now,
                "reservation_ids": Ids([r.reservation_id for r in new]),
                "statuses": Texts([str(r.status) for r in new]),
                "order_ids": Texts([r.order_id for r in new]),
                "expires_ats": Times([r.expires_at for r in new]),
                "routes": Texts([_json(r.route) for r in new]),
                "requesteds": Texts([_json(r.requested) for r in new]),
            },
        )
    if changed:
        yield (
            queries_reservation.UPDATE_RESERVATIONS,
            {
                "cell": cell,
                "reservation_ids": Ids([r.reservation_id for r in changed]),
                "statuses": Texts([str(r.status) for r in changed]),
                "expires_ats": Times([r.expires_at for r in changed]),
            },
        )


def _lines(world: World, cell: int) -> Iterator[Write]:
    touched = [allocation for allocation in world.allocations.values() if allocation.touched]
    new = [allocation for allocation in touched if allocation.new]
    changed = [allocation for allocation in touched if not allocation.new]
    for statement, allocations in (
        (queries_reservation.INSERT_RESERVATION_LINES, new),
        (queries_reservation.UPDATE_RESERVATION_LINES, changed),
    ):
        if not allocations:
            continue
        parameters: dict[str, Any] = {
            "cell": cell,
            "reservation_ids": Ids([a.reservation for a in allocations]),
            "line_numbers": Ints([a.line for a in allocations]),
            "warehouse_ids": Ids([a.warehouse for a in allocations]),
            "fulfilleds": Ints([a.fulfilled for a in allocations]),
            "releaseds": Ints([a.released for a in allocations]),
            "backordereds": Ints([a.backordered for a in allocations]),
        }
        if statement is queries_reservation.INSERT_RESERVATION_LINES:
            parameters["product_ids"] = Ids([a.product for a in allocations])
            parameters["quantities"] = Ints([a.quantity for a in allocations])
        yield statement, parameters


def _priorities(world: World, cell: int) -> Write:
    allocations = world.prioritized.values()
    return queries_reservation.SET_PRIORITIES, {
        "cell": cell,
        "reservation_ids": Ids([a.reservation for a in allocations]),
        "line_numbers": Ints([a.line for a in allocations]),
        "warehouse_ids": Ids([a.warehouse for a in allocations]),
        "priorities": Ints([a.priority for a in allocations]),
    }


def _transfers(world: World, cell: int) -> Iterator[Write]:
    touched = [transfer for transfer in world.transfers.values() if transfer.touched]
    for new in (True, False):
        transfers = [transfer for transfer in touched if transfer.new is new]
        if not transfers:
            continue
        ids = Ids([transfer.transfer_id for transfer in transfers])
        header: dict[str, Any] = {
            "cell": cell,
            "transfer_ids": ids,
            "statuses": Texts([str(t.status) for t in transfers]),
        }
        lines = [(transfer.transfer_id, line) for transfer in transfers for line in transfer.lines]
        detail: dict[str, Any] = {
            "cell": cell,
            "transfer_ids": Ids([transfer_id for transfer_id, _ in lines]),
            "line_numbers": Ints([line.line for _, line in lines]),
            "receiveds": Ints([line.received for _, line in lines]),
            "cancelleds": Ints([line.cancelled for _, line in lines]),
        }
        if not new:
            detail["losts"] = Ints([line.lost for _, line in lines])
        if new:
            header |= {
                "now": world.now,
                "from_ids": Ids([t.source for t in transfers]),
                "to_ids": Ids([t.destination for t in transfers]),
                "actors": Texts([t.created_by for t in transfers]),
            }
            detail |= {
                "product_ids": Ids([line.product for _, line in lines]),
                "quantities": Ints([line.quantity for _, line in lines]),
            }
        yield (queries_transfer.INSERT_TRANSFERS if new else queries_transfer.UPDATE_TRANSFERS), header
        yield (queries_transfer.INSERT_TRANSFER_LINES if new else queries_transfer.UPDATE_TRANSFER_LINES), detail
