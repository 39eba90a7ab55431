"""RESERVE, RELEASE, FULFILL: stock promised to orders."""

import asyncio
from collections.abc import Callable, Sequence

from msgspec import UNSET

from onhand.db import queries_reservation as q
from onhand.domain.commands import (
    USUAL_PRIORITY,
    Extend,
    Fulfill,
    OpenLine,
    Prioritize,
    Release,
    Reserve,
    ReserveLine,
)
from onhand.domain.errors import Unknown
from onhand.domain.ids import Id
from onhand.domain.limits import PAGE_DEFAULT_ROWS
from onhand.domain.outcomes import ReservationDone
from onhand.domain.reservation import Allocation, Reservation, allocation_of
from onhand.engine.engine import raisable
from onhand.engine.job import Answer
from onhand.services import answers, geo, rendering, returns, sold_out, told
from onhand.services.context import CELL, Onhand
from onhand.services.names import NOTHING, Absent, named, parse_id, products_at_hand, warehouses_at_hand
from onhand.services.requests import Extension, NewReservation, Priority, ReservationLine, ReservationPart
from onhand.services.submitting import Reply, Submission, header, header_about, idempotency


def to_reserve(
    onhand: Onhand, actor: str, request: NewReservation, key: str | None = None, absent: Absent = NOTHING
) -> Submission:
    """The command of a new reservation. Raises Invalid, Unknown, NotAtHandError."""
    lines = request.lines
    products = products_at_hand(onhand.directory, lines, absent)
    places = warehouses_at_hand(onhand.directory, lines, absent, required=False)
    command = Reserve(
        header(actor),
        tuple(
            [
                ReserveLine(product, line.quantity, warehouse)
                for product, warehouse, line in zip(products, places, lines, strict=True)
            ]
        ),
        order_id=request.order_id,
        ship_to=geo.located(onhand.directory, request.ship_to, absent),
        expires_in_s=request.expires_in_s,
        allow_split=request.allow_split,
        allow_partial=request.allow_partial,
        priority=USUAL_PRIORITY if request.priority is UNSET else request.priority,
    )
    return Submission(command, idempotency(actor, key, "reserve", request))


async def reserve(
    onhand: Onhand, actor: str, request: NewReservation, key: str | None = None
) -> Reply[answers.Reservation]:
    """Hold stock for an order. Raises DomainError; InsufficientStock when a line asks for more than is available."""
    future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def done(answer: Answer) -> None:
        if not future.done():  # A caller who has gone away undoes nothing.
            future.set_result(answer)

    made = await named(onhand, lambda absent: to_reserve(onhand, actor, request, key, absent))
    sold_out.enqueue(onhand, made, done)
    answer = await future
    return await named(onhand, lambda absent: to_reply(onhand, answer, absent))


def to_release(
    onhand: Onhand,
    actor: str,
    reservation_id: str,
    request: ReservationPart,
    key: str | None = None,
    absent: Absent = NOTHING,
) -> Submission:
    """The command that gives units back. Raises Invalid, Unknown, NotAtHandError."""
    subject = parse_id(reservation_id, "reservation_id")
    command = Release(header_about(actor, "reservation", subject), subject, _parts(onhand, request.lines, absent))
    return Submission(command, idempotency(actor, key, "release", request, reservation_id))


async def release(
    onhand: Onhand, actor: str, reservation_id: str, request: ReservationPart, key: str | None = None
) -> Reply[answers.Reservation]:
    """Give held units back, all or some. Raises DomainError."""
    return await _submit(onhand, lambda absent: to_release(onhand, actor, reservation_id, request, key, absent))


def to_fulfill(
    onhand: Onhand,
    actor: str,
    reservation_id: str,
    request: ReservationPart,
    key: str | None = None,
    absent: Absent = NOTHING,
) -> Submission:
    """The command that ships units. Raises Invalid, Unknown, NotAtHandError."""
    subject = parse_id(reservation_id, "reservation_id")
    command = Fulfill(header_about(actor, "reservation", subject), subject, _parts(onhand, request.lines, absent))
    return Submission(command, idempotency(actor, key, "fulfill", request, reservation_id))


async def fulfill(
    onhand: Onhand, actor: str, reservation_id: str, request: ReservationPart, key: str | None = None
) -> Reply[answers.Reservation]:
    """Ship held units, all or some. Raises DomainError; NotCovered for units that wait for stock."""
    return await _submit(onhand, lambda absent: to_fulfill(onhand, actor, reservation_id, request, key, absent))


async def extend(
    onhand: Onhand, actor: str, reservation_id: str, request: Extension, key: str | None = None
) -> Reply[answers.Reservation]:
    """Move the end of the hold, counted from now. Raises DomainError."""
    subject = parse_id(reservation_id, "reservation_id")
    command = Extend(header_about(actor, "reservation", subject), subject, request.expires_in_s)
    made = Submission(command, idempotency(actor, key, "extend", request, reservation_id))
    return await _submit(onhand, lambda _: made)


async def prioritize(
    onhand: Onhand, actor: str, reservation_id: str, request: Priority, key: str | None = None
) -> Reply[answers.Reservation]:
    """Another place in the waiting lists of its lines. Raises DomainError."""
    subject = parse_id(reservation_id, "reservation_id")
    command = Prioritize(header_about(actor, "reservation", subject), subject, request.priority)
    made = Submission(command, idempotency(actor, key, "prioritize", request, reservation_id))
    return await _submit(onhand, lambda _: made)


def _parts(onhand: Onhand, lines: Sequence[ReservationLine] | None, absent: Absent) -> tuple[OpenLine, ...] | None:
    if lines is None:
        return None
    products = products_at_hand(onhand.directory, lines, absent)
    places = warehouses_at_hand(onhand.directory, lines, absent, required=False)
    return tuple(
        OpenLine(product, line.quantity, warehouse)
        for product, warehouse, line in zip(products, places, lines, strict=True)
    )


async def _submit(onhand: Onhand, make: Callable[[Absent], Submission]) -> Reply[answers.Reservation]:
    answer = await onhand.engine.submit(*await named(onhand, make))
    return await named(onhand, lambda absent: to_reply(onhand, answer, absent))


def to_reply(onhand: Onhand, answer: Answer, absent: Absent = NOTHING) -> Reply[answers.Reservation]:
    """The engine's answer about a reservation, in the words of callers.

    Raises NotAtHandError; the error that the answer carries.
    """
    verdict = answer.verdict
    if isinstance(verdict, ReservationDone):
        return Reply(rendering.reservation_at_hand(onhand.directory, verdict.reservation, absent), answer.replayed)
    raise raisable(answer)


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
        allocations.setdefault(line.reservation_id, []).append(allocation_of(line))
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
    found = await rendering.reservations(onhand, [held[each] for each in ids if each in held])
    back = await returns.of_reservations(onhand, ids)
    waiting = [each.reservation for parts in allocations.values() for each in parts if each.backordered]
    promises = await told.of_reservations(onhand, waiting) if waiting else {}
    for reservation in found:
        reservation.returns = back.get(reservation.reservation_id, UNSET)
        reservation.promises = promises.get(reservation.reservation_id, UNSET)
    return found
