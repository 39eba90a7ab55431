"""Outcomes of the engine, with names instead of ids."""

from collections.abc import Set as AbstractSet
from typing import Any

from msgspec import UNSET

from onhand.domain.commands import USUAL_PRIORITY
from onhand.domain.outcomes import OperationDone
from onhand.domain.reservation import Allocation as HeldAllocation
from onhand.domain.reservation import Reservation as HeldReservation
from onhand.domain.transfer import Transfer as MovedTransfer
from onhand.engine.directory import Directory
from onhand.services import answers
from onhand.services.context import Onhand
from onhand.services.names import NOTHING, Absent, Labels, labels, labels_at_hand


async def operation(onhand: Onhand, done: OperationDone) -> answers.Operation:
    names = await labels(onhand, [line.product for line in done.lines], [line.warehouse for line in done.lines])
    reference = None
    if done.reference_type is not None and done.reference_id is not None:
        reference = {"type": done.reference_type, "id": done.reference_id}
    return answers.Operation(
        operation_id=str(done.operation_id),
        type=done.type,
        created_at=done.created_at,
        created_by=done.created_by,
        reason=done.reason,
        reference=reference,
        lines=[
            answers.PostedLine(
                sku=names.sku[line.product],
                warehouse=names.warehouse[line.warehouse],
                quantity=line.quantity,
                on_hand=line.on_hand,
                reserved=line.reserved,
                backordered=line.backordered,
                available=line.on_hand - line.reserved,
                reason=line.reason,
                damaged=line.damaged,
                quality_control=line.quality_control,
                set_aside=line.set_aside,
            )
            for line in done.lines
        ],
        short=[
            answers.ShortReservation(
                str(short.reservation), names.sku[short.product], names.warehouse[short.warehouse], short.quantity
            )
            for short in done.short
        ],
    )


def reservation_at_hand(directory: Directory, held: HeldReservation, absent: Absent = NOTHING) -> answers.Reservation:
    """Raises NotAtHandError."""
    products = [allocation.product for allocation in held.allocations]
    places = [allocation.warehouse for allocation in held.allocations]
    return _reservation(held, labels_at_hand(directory, products, places, absent))


async def reservations(onhand: Onhand, held: list[HeldReservation]) -> list[answers.Reservation]:
    allocations = [allocation for reservation in held for allocation in reservation.allocations]
    names = await labels(onhand, [a.product for a in allocations], [a.warehouse for a in allocations])
    return [_reservation(reservation, names) for reservation in held]


def _reservation(held: HeldReservation, names: Labels) -> answers.Reservation:
    by_line: dict[int, list[HeldAllocation]] = {}
    for allocation in held.allocations:
        by_line.setdefault(allocation.line, []).append(allocation)
    priority = held.allocations[0].priority if held.allocations else USUAL_PRIORITY
    return answers.Reservation(
        reservation_id=str(held.reservation_id),
        order_id=held.order_id,
        status=str(held.status),
        created_at=held.created_at,
        expires_at=held.expires_at,
        lines=[_line(line, parts, names, held.requested or {}) for line, parts in sorted(by_line.items())],
        route=None
        if held.route is None
        else route(held.route, {names.warehouse[a.warehouse] for a in held.allocations}),
        priority=UNSET if priority == USUAL_PRIORITY else priority,
    )


def route(kept: dict[str, Any], chosen: AbstractSet[str]) -> dict[str, Any]:
    """As kept by domain.routing.route, in kilometres. chosen: codes of the warehouses that the order ships from."""
    metres = kept["distances_m"]
    shown = [
        answers.RouteCandidate(code, None if metres is None else round(metres[place] / 1000, 1), code in chosen)
        for place, code in enumerate(kept["candidates"])
    ]
    far = None
    if metres is not None:
        far = round(sum(metres[place] for place, each in enumerate(shown) if each.chosen) / 1000, 1)
    return {
        "rule": kept["rule"],
        "shipments": kept["shipments"],
        "distance_km": far,
        "ship_to_precision": kept["ship_to_precision"],
        "candidates": shown,
    }


def _line(line: int, parts: list[HeldAllocation], names: Labels, requested: dict[str, int]) -> answers.ReservedLine:
    quantity = sum(part.quantity for part in parts)
    return answers.ReservedLine(
        line=line,
        sku=names.sku[parts[0].product],
        quantity=quantity,
        open=sum(part.open for part in parts),
        fulfilled=sum(part.fulfilled for part in parts),
        released=sum(part.released for part in parts),
        allocations=[
            answers.Allocation(names.warehouse[part.warehouse], part.quantity, part.backordered) for part in parts
        ],
        requested=requested.get(str(line), quantity),
    )


async def transfer(onhand: Onhand, moved: MovedTransfer) -> answers.Transfer:
    names = await labels(onhand, [line.product for line in moved.lines], [moved.source, moved.destination])
    return answers.Transfer(
        transfer_id=str(moved.transfer_id),
        from_=names.warehouse[moved.source],
        to=names.warehouse[moved.destination],
        status=str(moved.status),
        created_at=moved.created_at,
        created_by=moved.created_by,
        lines=[
            answers.TransferredLine(names.sku[line.product], line.quantity, line.received, line.cancelled, line.lost)
            for line in moved.lines
        ],
    )
