"""Reservations: what is held for whom, where and why; release, fulfill, extend."""

import msgspec

from onhand.api.answer import Answer
from onhand.api.refusal import Refusal
from onhand.engine.engine import new_id
from onhand.services import reservations, viewing
from onhand.services.requests import Extension, ReservationPart
from onhand.web.rendering import page
from onhand.web.visit import PageRoute, Visit, redirect

PAGE_ROWS = 50


async def _orders(visit: Visit) -> Answer:
    found = await reservations.find(
        visit.onhand, order_id=visit.query.get("q") or None, limit=PAGE_ROWS, cursor=visit.query.get("cursor")
    )
    return page(visit, "orders.html", found=found)


async def _order(visit: Visit) -> Answer:
    reservation_id = visit.path["reservation_id"]
    held = await reservations.get(visit.onhand, reservation_id)
    events = await viewing.timeline(visit.onhand, reservation_id)
    return page(visit, "order.html", held=held, events=events, key=str(new_id()))


async def _release(visit: Visit) -> Answer:
    await reservations.release(visit.onhand, visit.someone.actor, *_what(visit))
    return _back(visit)


async def _fulfill(visit: Visit) -> Answer:
    await reservations.fulfill(visit.onhand, visit.someone.actor, *_what(visit))
    return _back(visit)


def _what(visit: Visit) -> tuple[str, ReservationPart, str | None]:
    return visit.path["reservation_id"], ReservationPart(), visit.form.get("key") or None


async def _extend(visit: Visit) -> Answer:
    minutes = visit.form.get("minutes", "")
    try:
        extension = msgspec.convert({"expires_in_s": int(minutes) * 60}, Extension)
    except ValueError:
        raise Refusal("VALIDATION_FAILED", "minutes: a whole number, at most 30 days.") from None
    reservation_id = visit.path["reservation_id"]
    await reservations.extend(visit.onhand, visit.someone.actor, reservation_id, extension, visit.form.get("key"))
    return _back(visit)


def _back(visit: Visit) -> Answer:
    return redirect(f"/orders/{visit.path['reservation_id']}")


ROUTES = [
    PageRoute("GET", "/orders", _orders),
    PageRoute("GET", "/orders/{reservation_id}", _order),
    PageRoute("POST", "/orders/{reservation_id}/release", _release, scopes=("reserve", "operate")),
    PageRoute("POST", "/orders/{reservation_id}/fulfill", _fulfill, scopes=("reserve", "operate")),
    PageRoute("POST", "/orders/{reservation_id}/extend", _extend, scopes=("reserve",)),
]
