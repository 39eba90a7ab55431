"""RESERVE, RELEASE, FULFILL: stock promised to orders."""

from collections.abc import Sequence

from onhand.db import queries as q
from onhand.domain.commands import (
    Command,
    Extend,
    Fulfill,
    OpenLine,
    Release,
    Reserve,
    ReserveLine,
)
from onhand.domain.commands import ShipTo as To
from onhand.domain.errors import FieldProblem, Invalid, Unknown
from onhand.domain.ids import Id
from onhand.domain.limits import PAGE_DEFAULT_ROWS
from onhand.domain.outcomes import ReservationDone
from onhand.domain.reservation import Allocation, Reservation
from onhand.engine.job import Key
from onhand.services import answers, rendering, sold_out
from onhand.services.context import CELL, Onhand
from onhand.services.names import parse_id, products_of, warehouses_of
from onhand.services.requests import Extension, NewReservation, ReservationLine, ReservationPart, ShipTo
from onhand.services.submitting import Reply, header, header_about, idempotency


async def reserve(
    onhand: Onhand, actor: str, request: NewReservation, key: str | None = None
) -> Reply[answers.Reservation]:
    """Hold stock for an order. Raises DomainError; InsufficientStock when a line asks for more than is available."""
    products = await products_of(onhand, request.lines)
    places = await warehouses_of(onhand, request.lines, required=False)
    command = Reserve(
        header(actor),
        tuple(
            ReserveLine(product, line.quantity, warehouse)
            for product, warehouse, line in zip(products, places, request.lines, strict=True)
        ),
        order_id=request.order_id,
        ship_to=_ship_to(request.ship_to),
        expires_in_s=request.expires_in_s,
        allow_split=request.allow_split,
        allow_partial=request.allow_partial,
    )
    kept = idempotency(actor, key, "reserve", request)
    await sold_out.must_not_be(onhand, command, kept)
    return await _submit(onhand, command, kept)


def _ship_to(ship_to: ShipTo | None) -> To | None:
    if ship_to is None:
        return None
    if (ship_to.latitude is None) != (ship_to.longitude is None):
        detail = "Give latitude and longitude together."
        raise Invalid([FieldProblem("ship_to.latitude", "MISSING_FIELD", detail)])
    if ship_to.latitude is None and ship_to.country is None:
        raise Invalid([FieldProblem("ship_to", "MISSING_FIELD", "Give latitude and longitude, or country.")])
    return To(ship_to.latitude, ship_to.longitude, ship_to.country, ship_to.postal_code)


async def release(
    onhand: Onhand, actor: str, reservation_id: str, request: ReservationPart, key: str | None = None
) -> Reply[answers.Reservation]:
    """Give held units back, all or some. Raises DomainError."""
    subject = parse_id(reservation_id, "reservation_id")
    command = Release(header_about(actor, "reservation", subject), subject, await _parts(onhand, request.lines))
    return await _submit(onhand, command, idempotency(actor, key, "release", request, reservation_id))


async def fulfill(
    onhand: Onhand, actor: str, reservation_id: str, request: ReservationPart, key: str | None = None
) -> Reply[answers.Reservation]:
    """Ship held units, all or some. Raises DomainError; NotCovered for units that wait for stock."""
    subject = parse_id(reservation_id, "reservation_id")
    command = Fulfill(header_about(actor, "reservation", subject), subject, await _parts(onhand, request.lines))
    return await _submit(onhand, command, idempotency(actor, key, "fulfill", request, reservation_id))


async def extend(
    onhand: Onhand, actor: str, reservation_id: str, request: Extension, key: str | None = None
) -> Reply[answers.Reservation]:
    """Move the end of the hold, counted from now. Raises DomainError."""
    subject = parse_id(reservation_id, "reservation_id")
    command = Extend(header_about(actor, "reservation", subject), subject, request.expires_in_s)
    return await _submit(onhand, command, idempotency(actor, key, "extend", request, reservation_id))


async def _parts(onhand: Onhand, lines: Sequence[ReservationLine] | None) -> tuple[OpenLine, ...] | None:
    if lines is None:
        return None
    products = await products_of(onhand, lines)
    places = await warehouses_of(onhand, lines, required=False)
    return tuple(
        OpenLine(product, line.quantity, warehouse)
        for product, warehouse, line in zip(products, places, lines, strict=True)
    )


async def _submit(onhand: Onhand, command: Command, key: Key | None) -> Reply[answers.Reservation]:
    answer = await onhand.engine.submit(command, key)
    if not isinstance(answer.verdict, ReservationDone):
        raise TypeError(answer.verdict)
    return Reply(await rendering.reservation(onhand, answer.verdict.reservation), answer.replayed)


async def get(onhand: Onhand, reservation_id: str) -> answers.Reservation:
    """Raises Unknown."""
    subject = parse_id(reservation_id, "reservation_id")
    found = await _read(onhand, [subject])
    if not found:
        raise Unknown("reservation", reservation_id)
    return found[0]


async def find(
    onhand: Onhand, *, order_id: str | None = None, limit: int = PAGE_DEFAULT_ROWS, cursor: str | None = None
) -> answers.Page:
    """Newest first, all or those of one order. Raises Invalid when the cursor is not one of ours."""
    before = parse_id(cursor, "cursor") if cursor else None
    async with onhand.pool.connection() as connection:
        if order_id is None:
            rows = await q.FIND_RESERVATIONS.all(connection, cell=CELL, before=before, row_limit=limit + 1)
        else:
            rows = await q.FIND_RESERVATIONS_OF_ORDER.all(
                connection, cell=CELL, order_id=order_id, before=before, row_limit=limit + 1
            )
    ids = [row.reservation_id for row in rows[:limit]]
    return answers.Page(await _read(onhand, ids), str(ids[-1]) if len(rows) > limit else None)


async def _read(onhand: Onhand, ids: Sequence[Id]) -> list[answers.Reservation]:
    if not ids:
        return []
    async with onhand.pool.connection() as connection:
        heads = await q.READ_RESERVATIONS.all(connection, cell=CELL, reservation_ids=list(ids))
        lines = await q.READ_RESERVATION_LINES.all(connection, cell=CELL, reservation_ids=list(ids))
    allocations: dict[Id, list[Allocation]] = {}
    for line in lines:
        allocations.setdefault(line.reservation_id, []).append(Allocation(*line))
    held = {
        head.reservation_id: Reservation(
            head.reservation_id,
            head.status,
            head.order_id,
            head.created_at,
            head.expires_at,
            allocations.get(head.reservation_id, []),
            head.route,
            head.requested,
        )
        for head in heads
    }
    return await rendering.reservations(onhand, [held[each] for each in ids if each in held])
