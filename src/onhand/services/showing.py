"""Answers for display from what is at hand, made once for as long as nothing changes that they are made of.

A product page is looked at far more often than its numbers change. What is made of them (bytes, an ETag) is kept beside
the product in the process, and goes with the first change of its stock or settings; what else an answer rests on is
compared by identity. Only its age is told anew.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from onhand.cache.entry import Stock
from onhand.domain.ids import Id
from onhand.domain.limits import AVAILABILITY_SHOWN_MAX
from onhand.domain.routing import Warehouse
from onhand.engine.directory import NotAtHandError
from onhand.services import availability, promises
from onhand.services.answers import Numbers
from onhand.services.availability import ANY, OUT_OF_STOCK, Asked, Moment
from onhand.services.calendars import Place
from onhand.services.context import Onhand
from onhand.services.outlook import Product

Made = TypeVar("Made")
Make = Callable[[Numbers], Made]


class _Grounds(NamedTuple):
    """What an answer rests on beside its product. places: unless it is out of stock; known: unless it is in stock."""

    warehouses: Mapping[Id, Warehouse]
    minute: int
    places: Mapping[Id, Place] | None
    known: Product | None

    def hold(self, onhand: Onhand, product: Id, warehouses: Mapping[Id, Warehouse], minute: int) -> bool:
        outlook = onhand.outlook
        return (
            self.warehouses is warehouses
            and self.minute == minute
            and (self.places is None or self.places is outlook.calendars.at_hand)
            and (self.known is None or self.known is outlook.at_hand(product))
        )


def one(onhand: Onhand, stock: Stock, moment: Moment, quantity: int, language: str, make: Make[Made]) -> Made:
    """What make has made of the numbers and their promise. Raises NotAtHandError."""
    warehouses, minute = onhand.directory.warehouses_at_hand, moment.minute
    if warehouses is None:
        raise NotAtHandError
    shown = stock.shown if stock.shown is not None else {}
    kept = shown.get((quantity, language))
    if kept is not None and kept[0].hold(onhand, stock.facts.product, warehouses, minute):
        made: Made = kept[1]
        return made
    told = availability.numbers(stock, Asked(quantity=quantity), warehouses, moment.now)
    places, known = None, None
    if told.status != OUT_OF_STOCK:
        told.promise = promises.at_hand(onhand, stock, told.status, quantity, moment.now, language)
        places = onhand.outlook.calendars.at_hand
        known = None if told.status == promises.IN_STOCK else onhand.outlook.at_hand(stock.facts.product)
    made = make(told)
    if len(shown) >= AVAILABILITY_SHOWN_MAX:
        shown.clear()
    shown[quantity, language] = _Grounds(warehouses, minute, places, known), made
    return made


async def read(
    onhand: Onhand, sku: str, quantity: int, language: str, make: Make[Made]
) -> tuple[Made, Stock, Moment] | None:
    """As one, after reading what it takes. None: availability.get can tell. Raises psycopg.Error."""
    stock = (await onhand.display.stocks([sku])).get(sku)
    if stock is None:
        return None
    await onhand.directory.warehouses()
    await onhand.outlook.calendars.places()
    for _ in range(2):
        moment = availability.moment_of(onhand)
        try:
            return one(onhand, stock, moment, quantity, language, make), stock, moment
        except NotAtHandError:  # It is not in stock: what is on its way counts.
            await onhand.outlook.product(stock.facts.product)
    return None


def many(stocks: Sequence[Stock], warehouses: Mapping[Id, Warehouse], moment: Moment, make: Make[Made]) -> list[Made]:
    """What make has made of the numbers of each, without promises."""
    minute = moment.minute
    found: list[Made] = []
    for stock in stocks:
        shown = stock.shown
        kept = None if shown is None else shown.get(ANY)
        if kept is not None and kept[0] is warehouses and kept[1] == minute:
            found.append(kept[2])
            continue
        made = make(availability.numbers(stock, ANY, warehouses, moment.now))
        if shown is not None:  # From the second look on: of millions of products most are looked at once.
            shown[ANY] = (warehouses, minute, made) if ANY in shown else None
        found.append(made)
    return found
