"""How many can be promised next, summed over active warehouses. Display only: the engine decides a sale."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from onhand.cache.entry import Part, Stock
from onhand.domain.commands import ShipTo
from onhand.domain.errors import Unknown
from onhand.domain.ids import Id
from onhand.domain.routing import Warehouse
from onhand.engine.directory import NotAtHandError
from onhand.services import answers, promises, wording
from onhand.services.context import Onhand
from onhand.services.names import is_id, product_named, warehouse_named

Consistency = Literal["cached", "strong"]
OUT_OF_STOCK = "out_of_stock"


class Asked(NamedTuple):
    """warehouse: only there. quantity: units that must be there for in_stock. at: as if it were that time."""

    warehouse: Id | None = None
    quantity: int = 1
    at: datetime | None = None


ANY = Asked()
SHOWN_AT_ONCE = 100


def at_hand(
    onhand: Onhand, sku: str, *, quantity: int = 1, language: str = wording.DEFAULT
) -> answers.Availability | None:
    """As get, in all warehouses, when the process holds what it takes: without waiting."""
    warehouses = onhand.directory.warehouses_at_hand
    found = onhand.display.at_hand([sku]) if warehouses is not None else None
    if found is None or warehouses is None:
        return None
    stock, moment = found[sku], _moment(onhand)
    answer = _answer(moment, stock, Asked(quantity=quantity), warehouses)
    if answer.status != OUT_OF_STOCK:
        try:
            answer.promise = promises.at_hand(onhand, stock, answer.status, quantity, moment.now, language)
        except NotAtHandError:
            return None
    return answer


def many_at_hand(onhand: Onhand, skus: Sequence[str]) -> list[answers.Availability] | None:
    """As many, when the process holds what it takes and they are few: without waiting."""
    warehouses = onhand.directory.warehouses_at_hand
    found = onhand.display.at_hand(skus) if warehouses is not None and len(skus) <= SHOWN_AT_ONCE else None
    if found is None or warehouses is None:
        return None
    moment = _moment(onhand)
    return [_answer(moment, found[sku], ANY, warehouses) for sku in skus]


async def get(
    onhand: Onhand,
    name: str,
    *,
    warehouse: str | None = None,
    quantity: int = 1,
    consistency: Consistency = "cached",
    at: datetime | None = None,
    ship_to: ShipTo | None = None,
    language: str = wording.DEFAULT,
) -> answers.Availability:
    """Of one product, by SKU or product id, in all warehouses or in one, with its promise.

    at: as it will be then, if all that is on its way comes as expected and nobody orders meanwhile.
    Raises Unknown, psycopg.OperationalError.
    """
    place = (await warehouse_named(onhand, warehouse)).warehouse_id if warehouse is not None else None
    found = await _read(onhand, [name], consistency)
    sku = name
    if not found and is_id(name):  # Only then: an unknown SKU is not looked for again and again.
        product_id = await product_named(onhand, name)
        sku = (await onhand.directory.skus({product_id}))[product_id]
        found = await _read(onhand, [sku], consistency)
    if sku not in found:
        raise Unknown("sku", name)
    warehouses = await onhand.directory.warehouses()
    asked, stock, moment = Asked(place, quantity, at), found[sku], _moment(onhand)
    answer = _answer(moment, stock, asked, warehouses)
    if answer.status == OUT_OF_STOCK and at is None:
        return answer
    known = (await onhand.outlook.read([stock.facts.product])) if consistency == "strong" else {}
    product = known.get(stock.facts.product) or await onhand.outlook.product(stock.facts.product)
    if product is None:
        raise Unknown("sku", name)
    places = await onhand.outlook.calendars.places()
    product = promises.projected(product, places, at or moment.now, moment.now)
    if at is not None:
        parts = {x.warehouse: Part(x.version, x.available, x.backorder_limit, stock.seen_s) for x in product.levels}
        answer = _answer(moment, stock._replace(parts=parts), asked, warehouses)
    wanted = promises.Asked(quantity, at or moment.now, language, place, ship_to, answer.status)
    answer.promise = (
        None if answer.status == OUT_OF_STOCK else promises.promised(product, onhand.directory.ranker, places, wanted)
    )
    return answer


async def many(
    onhand: Onhand, skus: Sequence[str], *, consistency: Consistency = "cached"
) -> list[answers.Availability]:
    """Of several, in the order asked. Raises Unknown with the path of the first that does not exist."""
    found = await _read(onhand, list(dict.fromkeys(skus)), consistency)
    for index, sku in enumerate(skus):
        if sku not in found:
            raise Unknown("sku", sku, f"skus[{index}]")
    warehouses = await onhand.directory.warehouses()
    shown: list[answers.Availability] = []
    for first in range(0, len(skus), SHOWN_AT_ONCE):
        if first:
            await asyncio.sleep(0)  # Orders and short reads need not wait for a long one.
        moment = _moment(onhand)
        shown += [_answer(moment, found[sku], ANY, warehouses) for sku in skus[first : first + SHOWN_AT_ONCE]]
    return shown


async def _read(onhand: Onhand, skus: list[str], consistency: Consistency) -> Mapping[str, Stock]:
    if consistency == "cached":
        return await onhand.display.stocks(skus)
    await onhand.directory.read_warehouses()
    return await onhand.display.strong(skus)


class _Moment(NamedTuple):
    """now by the wall and by time.monotonic(): read once for all products of a request."""

    now: datetime
    now_s: float


def _moment(onhand: Onhand) -> _Moment:
    return _Moment(onhand.now(), time.monotonic())


def _answer(moment: _Moment, held: Stock, asked: Asked, warehouses: Mapping[Id, Warehouse]) -> answers.Availability:
    facts = held.facts
    age_s = max(0.0, moment.now_s - held.seen_s)
    places = []
    for place, part in held.parts.items():
        warehouse = warehouses.get(place)
        if warehouse is not None and warehouse.active and asked.warehouse in (None, place):
            places.append((warehouse.code, part))
    places.sort()
    available = sum(part.available for _, part in places if part.available > 0)
    release = facts.release_date if facts.selling_mode == "preorder" else None
    preorder = release is not None and release > (asked.at or moment.now).date()
    return answers.Availability(
        sku=facts.sku,
        available=available,
        status=_status(facts.selling_mode, [part for _, part in places], available, asked.quantity, preorder=preorder),
        warehouses=[answers.WarehouseAvailability(code, max(0, part.available)) for code, part in places],
        promise=None,
        as_of=moment.now - timedelta(seconds=age_s),
        age_ms=round(age_s * 1000),
    )


def _status(mode: str, places: Sequence[Part], available: int, quantity: int, *, preorder: bool) -> str:
    """The four values that Google's product data uses. backorder: levels may still go so far below zero."""
    enough = available >= quantity
    room = _room(places, quantity)
    if preorder:
        return "preorder" if enough or room or not places else OUT_OF_STOCK
    if enough:
        return "in_stock"
    if room or (not places and mode != "deny"):
        return "backorder"
    return OUT_OF_STOCK


def _room(places: Sequence[Part], quantity: int) -> bool:
    room = 0
    for part in places:
        if part.backorder_limit is None:
            return True
        room += max(0, part.available + part.backorder_limit)
    return room >= quantity
