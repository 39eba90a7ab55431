"""Reservations: what is held for whom, where and why; release, fulfill, extend."""

from collections.abc import Awaitable

import msgspec

from onhand.api.answer import Answer
from onhand.api.refusal import Refusal
from onhand.domain.errors import DomainError
from onhand.engine.engine import new_id
from onhand.services import reservations, viewing
from onhand.services.answers import Reservation
from onhand.services.requests import Extension, ReservationPart
from onhand.web.forms import numbered, request, units
from onhand.web.rendering import page
from onhand.web.telling import told
from onhand.web.visit import PageRoute, Visit, redirect

PAGE_ROWS = 50
ALLOCATIONS = 100  # of a line, at most: the number of a field is line * ALLOCATIONS + allocation
SHIP = ("reserve", "operate")


async def _orders(visit: Visit) -> Answer:
    found = await reservations.find(
        visit.onhand, order_id=visit.query.get("q") or None, limit=PAGE_ROWS, cursor=visit.query.get("cursor")
    )
    return page(visit, "orders.html", found=found)


async def _order(visit: Visit) -> Answer:
    return await _shown(visit)


async def _shown(visit: Visit, *, status: int = 200, wrong: str = "") -> Answer:
    reservation_id = visit.path["reservation_id"]
    held = await reservations.get(visit.onhand, reservation_id)
    events = await viewing.timeline(visit.onhand, reservation_id)
    return page(
        visit,
        "order.html",
        status=status,
        held=held,
        events=events,
        key=str(new_id()),
        wrong=wrong,
        values={name: value for name, value in visit.form.items() if name.startswith("units-")},
    )


async def _release(visit: Visit) -> Answer:
    return await _done(visit, reservations.release(visit.onhand, visit.someone.actor, *await _what(visit)))


async def _fulfill(visit: Visit) -> Answer:
    return await _done(visit, reservations.fulfill(visit.onhand, visit.someone.actor, *await _what(visit)))


async def _done(visit: Visit, deed: Awaitable[object]) -> Answer:
    try:
        await deed
    except DomainError as error:
        problem = await told(visit.onhand, error, visit.request_id)
        return await _shown(visit, status=problem.status, wrong=problem.detail)
    return redirect(f"/orders/{visit.path['reservation_id']}")


async def _what(visit: Visit) -> tuple[str, ReservationPart, str | None]:
    """All that is open, or the units that the form names."""
    reservation_id, key = visit.path["reservation_id"], visit.form.get("key") or None
    if not numbered(visit.form, "units"):
        return reservation_id, ReservationPart(), key
    return reservation_id, _part(await reservations.get(visit.onhand, reservation_id), visit.form), key


def _part(held: Reservation, form: dict[str, str]) -> ReservationPart:
    """Raises Refusal when no field has a number."""
    lines = []
    for number, _ in numbered(form, "units"):
        line, at = divmod(number, ALLOCATIONS)
        many = units(form, f"units-{number}")
        if many and line < len(held.lines) and at < len(held.lines[line].allocations):
            place = held.lines[line].allocations[at].warehouse
            lines.append({"sku": held.lines[line].sku, "quantity": many, "warehouse": place})
    if not lines:
        raise Refusal("VALIDATION_FAILED", "Say how many units: every field is empty or 0.")
    return request(ReservationPart, {"lines": lines})


async def _extend(visit: Visit) -> Answer:
    minutes = visit.form.get("minutes", "")
    try:
        extension = msgspec.convert({"expires_in_s": int(minutes) * 60}, Extension)
    except ValueError:
        raise Refusal("VALIDATION_FAILED", "minutes: a whole number, at most 30 days.") from None
    reservation_id = visit.path["reservation_id"]
    key = visit.form.get("key") or None
    return await _done(visit, reservations.extend(visit.onhand, visit.someone.actor, reservation_id, extension, key))


ROUTES = [
    PageRoute("GET", "/orders", _orders),
    PageRoute("GET", "/orders/{reservation_id}", _order),
    PageRoute("POST", "/orders/{reservation_id}/release", _release, scopes=SHIP),
    PageRoute("POST", "/orders/{reservation_id}/fulfill", _fulfill, scopes=SHIP),
    PageRoute("POST", "/orders/{reservation_id}/extend", _extend, scopes=("reserve",)),
]
