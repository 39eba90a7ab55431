"""How many can be promised next, summed over active warehouses. Display only: the engine decides a sale."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from onhand.cache.entry import Part, Stock
from onhand.domain.commands import ShipTo
from onhand.domain.errors import Unknown
from onhand.domain.ids import Id
from onhand.domain.routing import Warehouse
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


class Moment(NamedTuple):
    """now by the wall and by time.monotonic(): read once for all products of a request."""

    now: datetime
    now_s: float

    @property
    def minute(self) -> int:
        """Promises and statuses are the same all through one."""
        return int(self.now.timestamp()) // 60

    def age_s(self, stock: Stock) -> float:
        return max(0.0, self.now_s - stock.seen_s)


def moment_of(onhand: Onhand) -> Moment:
    return Moment(onhand.now(), time.monotonic())


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
    asked, stock, moment = Asked(place, quantity, at), found[sku], moment_of(onhand)
    answer = _aged(numbers(stock, asked, warehouses, moment.now), stock, moment)
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
        answer = _aged(numbers(stock._replace(parts=parts), asked, warehouses, moment.now), stock, moment)
    wanted = promises.Asked(quantity, at or moment.now, language, place, ship_to, answer.status)
    answer.promise = (
        None if answer.status == OUT_OF_STOCK else promises.promised(product, onhand.directory.ranker, places, wanted)
    )
    return answer


async def stocks(onhand: Onhand, skus: Sequence[str], *, consistency: Consistency = "cached") -> list[Stock]:
    """Several, in the order asked. Raises Unknown with the path of the first that does not exist."""
    found = await _read(onhand, list(dict.fromkeys(skus)), consistency)
    for index, sku in enumerate(skus):
        if sku not in found:
            raise Unknown("sku", sku, f"skus[{index}]")
    return [found[sku] for sku in skus]


async def many(
    onhand: Onhand, skus: Sequence[str], *, consistency: Consistency = "cached"
) -> list[answers.Availability]:
    """Of several, in the order asked. Raises Unknown with the path of the first that does not exist."""
    found = await stocks(onhand, skus, consistency=consistency)
    warehouses, moment = await onhand.directory.warehouses(), moment_of(onhand)
    return [_aged(numbers(stock, ANY, warehouses, moment.now), stock, moment) for stock in found]


async def _read(onhand: Onhand, skus: list[str], consistency: Consistency) -> Mapping[str, Stock]:
    if consistency == "cached":
        return await onhand.display.stocks(skus)
    await onhand.directory.read_warehouses()
    return await onhand.display.strong(skus)


def _aged(told: answers.Numbers, stock: Stock, moment: Moment) -> answers.Availability:
    age_s = moment.age_s(stock)
    return answers.Availability(
        told.sku,
        told.available,
        told.status,
        told.warehouses,
        told.promise,
        as_of=moment.now - timedelta(seconds=age_s),
        age_ms=round(age_s * 1000),
    )


def numbers(stock: Stock, asked: Asked, warehouses: Mapping[Id, Warehouse], now: datetime) -> answers.Numbers:
    """Without a promise. Of the moment it takes only the day."""
    facts = stock.facts
    places: list[tuple[str, Part]] = []
    available, only = 0, asked.warehouse
    for place, part in stock.parts.items():
        warehouse = warehouses.get(place)
        if warehouse is not None and warehouse.active and (only is None or only == place):
            places.append((warehouse.code, part))
            if part.available > 0:
                available += part.available
    places.sort()
    release = facts.release_date if facts.selling_mode == "preorder" else None
    preorder = release is not None and release > (asked.at or now).date()
    return answers.Numbers(
        facts.sku,
        available,
        _status(facts.selling_mode, places, available, asked.quantity, preorder=preorder),
        [answers.WarehouseAvailability(code, max(0, part.available)) for code, part in places],
        None,
    )


def _status(mode: str, places: Sequence[tuple[str, Part]], available: int, quantity: int, *, preorder: bool) -> str:
    """The four values that Google's product data uses. backorder: levels may still go so far below zero."""
    if available >= quantity:
        return "preorder" if preorder else "in_stock"
    room = _room(places, quantity)
    if preorder:
        return "preorder" if room or not places else OUT_OF_STOCK
    if room or (not places and mode != "deny"):
        return "backorder"
    return OUT_OF_STOCK


def _room(places: Sequence[tuple[str, Part]], quantity: int) -> bool:
    room = 0
    for _, part in places:
        if part.backorder_limit is None:
            return True
        room += max(0, part.available + part.backorder_limit)
    return room >= quantity
