"""Ninety days of the demo's shop, drawn from a seed. Pure: the same seed and end give the same story."""

import math
import random
from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate

import msgspec

from onhand.shop.story.catalogue import CODES, SOURCES, Article, Source, articles
from onhand.shop.story.events import (
    Arrival,
    Cancellation,
    Delivery,
    Event,
    Lapse,
    Lines,
    Loss,
    Move,
    MoveArrival,
    Order,
    Purchase,
    Shipment,
)
from onhand.shop.story.words import COUNTRIES, DAMAGES

DAYS = 90
ORDERS = 7_000
PREORDERS = 40
FIRST_NUMBER = 10_001
RELEASE_IN = timedelta(days=30)
OPENING_WEEKS, REORDER_WEEKS, COVER_WEEKS = 3.0, 1.5, 3.5
LATE_SHARE, LATE_DAYS = 0.12, 24  # products whose supplier has not delivered of late
ON_ORDER_DAYS = 14  # at the end of the story so much is on its way
DELAYS_DAYS = (-1, 0, 0, 0, 0, 1, 1, 2, 3)
SPLIT_EVERY, SHORT_EVERY, CANCEL_EVERY = 7, 17, 29  # of the purchases: in two parts, never whole, never at all
UNITS_PER_LINE, LINES_PER_ORDER = 1.8, 1.9  # on average, as drawn below
HOUR_WEIGHTS = (1, 1, 0, 0, 0, 1, 2, 4, 6, 8, 9, 9, 8, 8, 8, 8, 8, 9, 10, 11, 11, 9, 6, 3)
WEEKDAY_WEIGHTS = (1.1, 1.0, 1.0, 1.0, 1.1, 0.8, 1.0)
CARTON_UNITS = 6
TRANSFERS, TRANSFERS_UNDER_WAY = 36, 4
LOSSES = 70
CUSTOMER_RETURNS = 120
HOLD_S = (900, 1800, 3600)
FATES = {"shipped": 84, "partial": 4, "cancelled": 6, "lapsed": 6}

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Setting(msgspec.Struct, frozen=True):
    """The shelf of a product in a warehouse that is ordered anew below the threshold. Units."""

    sku: str
    warehouse: str
    threshold: int
    quantity: int


class Story(msgspec.Struct, frozen=True):
    range: list[Article]
    settings: list[Setting]
    events: list[Event]
    last_order: str


def cartons(units: float) -> int:
    return max(1, math.ceil(units / CARTON_UNITS)) * CARTON_UNITS


def spread(article: Article, units: int) -> list[tuple[str, int]]:
    """Units over an article's warehouses: the first has half, the others share the rest."""
    first, *others = article.warehouses
    part = units // 2 // len(others) if others else 0
    return [(first, units - part * len(others)), *((other, part) for other in others if part)]


def tell(seed: int, end: datetime) -> Story:
    """The story that ends at that time."""
    range_ = articles(seed, (end + RELEASE_IN).date())
    teller = _Teller(seed, end, range_)
    events = sorted(teller.events(), key=lambda event: event.at)
    return Story(range_, teller.settings(), events, f"SO-{FIRST_NUMBER + ORDERS - 1}")


class _Teller:
    def __init__(self, seed: int, end: datetime, range_: list[Article]) -> None:
        self.random = random.Random(f"story {seed}")  # noqa: S311  a story, not a secret
        self.supplying = random.Random(f"supply {seed}")  # noqa: S311
        self.end, self.start = end, end - DAYS * DAY
        self.regular = [article for article in range_ if article.mode != "preorder"]
        self.coming = [article for article in range_ if article.mode == "preorder"]
        self.cumulative = list(accumulate(article.weight for article in self.regular))
        self.sold: list[tuple[datetime, str, int]] = []

    def per_week(self, article: Article) -> float:
        return article.weight * ORDERS * LINES_PER_ORDER * UNITS_PER_LINE * 7 / DAYS

    def settings(self) -> list[Setting]:
        return [
            Setting(article.sku, warehouse, max(2, round(share * 0.8)), cartons(3 * share))
            for article in self.regular
            for warehouse, units in spread(article, 1000)
            for share in [self.per_week(article) * units / 1000]
        ]

    def events(self) -> Iterator[Event]:
        orders = list(self.orders())
        yield from orders
        yield from self.supply()
        yield from self.losses()
        yield from self.moves()
        yield from self.returns()

    def orders(self) -> Iterator[Event]:
        times = sorted(self.moment() for _ in range(ORDERS))
        early = set(self.random.sample(range(ORDERS // 2, ORDERS), PREORDERS))
        for index, at in enumerate(times):
            number = f"SO-{FIRST_NUMBER + index}"
            country = self.random.choices(list(COUNTRIES), list(COUNTRIES.values()))[0]
            if index in early:
                yield Order(at, number, country, ((self.random.choice(self.coming).sku, 1),))
                continue
            lines = self.basket()
            self.sold += [(at, sku, units) for sku, units in lines]
            yield from self.fate(at, number, country, lines)

    def moment(self) -> datetime:
        """A time at which somebody shops: evenings more than nights, and of late more than before."""
        while True:
            day = int((DAYS + 1) * self.random.random() ** 0.9)
            at = self.start + day * DAY
            if self.random.random() * max(WEEKDAY_WEIGHTS) < WEEKDAY_WEIGHTS[at.weekday()]:
                break
        hour = self.random.choices(range(24), HOUR_WEIGHTS)[0]
        at = at.replace(hour=hour, minute=0, second=0, microsecond=0) + self.random.random() * HOUR
        return at if self.start + HOUR < at < self.end else self.moment()

    def basket(self) -> Lines:
        basket: Counter[str] = Counter()
        for _ in range(self.random.choices((1, 2, 3, 4, 6), (50, 27, 13, 7, 3))[0]):
            article = self.regular[min(bisect(self.cumulative, self.random.random()), len(self.regular) - 1)]
            basket[article.sku] += self.random.choices((1, 2, 3, 4, 6, 12), (62, 22, 7, 4, 4, 1))[0]
        return tuple(basket.items())

    def fate(self, at: datetime, number: str, country: str, lines: Lines) -> Iterator[Event]:
        fate = self.random.choices(list(FATES), list(FATES.values()))[0]
        hold_s = self.random.choice(HOLD_S) if fate == "lapsed" else None
        yield Order(at, number, country, lines, hold_s)
        if hold_s is not None:
            yield from self.until_now(Lapse(at + timedelta(seconds=hold_s + 1), number))
        elif fate == "cancelled":
            yield from self.until_now(Cancellation(at + self.random.uniform(0.2, 20) * HOUR, number))
        else:
            shipped = at + self.random.uniform(3, 30) * HOUR
            yield from self.until_now(Shipment(shipped, number, 1, partial=fate == "partial"))
            for step, days in ((2, 2.5), (3, 8.0)):  # What was not there the first time.
                yield from self.until_now(Shipment(shipped + days * DAY, number, step))

    def until_now(self, event: Event) -> Iterator[Event]:
        if event.at < self.end:
            yield event

    def supply(self) -> Iterator[Event]:
        """Opening stock, then a delivery every Monday for what runs low."""
        late = {article.sku for article in self.regular if self.random.random() < LATE_SHARE}
        sales: dict[str, list[tuple[datetime, int]]] = {}
        for at, sku, units in self.sold:
            sales.setdefault(sku, []).append((at, units))
        shelf = {article.sku: cartons(OPENING_WEEKS * self.per_week(article)) for article in self.regular}
        yield from self.opening(shelf)
        monday = self.start.replace(hour=7, minute=30, second=0, microsecond=0) + DAY
        monday += (7 - monday.weekday()) % 7 * DAY
        before = self.start
        number = 0
        while monday < self.end + ON_ORDER_DAYS * DAY:
            arriving: dict[str, int] = {}
            delayed_units: dict[str, int] = {}
            for article in self.regular:
                sku, demand = article.sku, self.per_week(article)
                shelf[sku] -= sum(units for at, units in sales.get(sku, ()) if before <= at < monday)
                delayed = sku in late and monday > self.end - LATE_DAYS * DAY
                if shelf[sku] < REORDER_WEEKS * demand:
                    units = (delayed_units if delayed else arriving)[sku] = cartons(COVER_WEEKS * demand - shelf[sku])
                    shelf[sku] += units
            for source in SOURCES:
                number += 1
                yield from self.purchase(source, number, monday, arriving)
                yield from self.overdue(source, number, monday, delayed_units)
            before, monday = monday, monday + 7 * DAY

    def opening(self, units_of: dict[str, int]) -> Iterator[Event]:
        """One delivery for each warehouse."""
        lines: dict[str, list[tuple[str, int]]] = {}
        for article in self.regular:
            for warehouse, units in spread(article, units_of[article.sku]):
                lines.setdefault(warehouse, []).append((article.sku, units))
        for step, (warehouse, mine) in enumerate(sorted(lines.items())):
            yield Arrival(self.start + step * HOUR / 10, f"IN-opening-{warehouse}", warehouse, tuple(mine))

    def lines_of(self, source: Source, units_of: dict[str, int]) -> tuple[tuple[str, str, int], ...]:
        return tuple(
            (article.sku, warehouse, units)
            for article in self.regular
            if article.source is source and article.sku in units_of
            for warehouse, units in spread(article, units_of[article.sku])
        )

    def purchase(self, source: Source, number: int, monday: datetime, units_of: dict[str, int]) -> Iterator[Event]:
        """Ordered in time for that Monday, and delivered about then."""
        placed = max(self.start + 2 * HOUR, monday - source.lead_time_days * DAY) + number % 5 * HOUR / 5
        lines = self.lines_of(source, units_of)
        if not lines or placed >= self.end:
            return
        name = f"PO-{number}"
        yield Purchase(placed, name, source.code, lines)
        arrives = max(placed + DAY, monday + self.supplying.choice(DELAYS_DAYS) * DAY) + number % 7 * HOUR / 2
        if number % CANCEL_EVERY == 0:
            yield from self.until_now(Delivery(placed + 2 * DAY, name, 0.0, final=True))
        elif number % SHORT_EVERY == 0:
            yield from self.until_now(Delivery(arrives, name, 0.8))
            yield from self.until_now(Delivery(arrives + 3 * DAY, name, 0.0, final=True))
        else:
            if number % SPLIT_EVERY == 0 or (number % 2 and self.end - 7 * DAY < arrives < self.end):
                yield from self.until_now(Delivery(arrives, name, 0.6))
                arrives += 7 * DAY
            yield from self.until_now(Delivery(arrives, name, 1.0))

    def overdue(self, source: Source, number: int, monday: datetime, units_of: dict[str, int]) -> Iterator[Event]:
        """Ordered, and announced for a day that is still to come."""
        placed = monday - source.lead_time_days * DAY + HOUR
        lines = self.lines_of(source, units_of)
        if lines and placed < self.end:
            expected = (self.end + self.supplying.randint(3, 12) * DAY).date()
            yield Purchase(placed, f"LATE-{number}", source.code, lines, expected)

    def sometime(self) -> datetime:
        return self.start + DAY + self.random.random() * (DAYS - 2) * DAY

    def losses(self) -> Iterator[Event]:
        for number in range(LOSSES):
            article = self.random.choice(self.regular[: len(self.regular) // 2])
            units = self.random.randint(1, 4)
            reason = self.random.choice(DAMAGES)
            yield Loss(self.sometime(), f"LOSS-{number}", article.warehouses[0], article.sku, units, reason)

    def moves(self) -> Iterator[Event]:
        """From where most of an article lies to where there is less. The last ones are still under way."""
        everywhere = [article for article in self.regular if len(article.warehouses) == len(CODES)]
        for number in range(TRANSFERS):
            first = self.random.choice(everywhere)
            source, destination = first.warehouses[0], self.random.choice(first.warehouses[1:])
            skus = {first.sku: 0, self.random.choice(everywhere).sku: 0}
            lines = tuple((sku, self.random.randint(1, 4)) for sku in skus)
            under_way = number < TRANSFERS_UNDER_WAY
            at = self.end - self.random.uniform(3, 30) * HOUR if under_way else self.sometime()
            yield Move(at, f"MOVE-{number}", source, destination, lines)
            if not under_way:
                yield from self.until_now(MoveArrival(at + self.random.uniform(20, 70) * HOUR, f"MOVE-{number}"))

    def returns(self) -> Iterator[Event]:
        early = [sale for sale in self.sold if sale[0] < self.end - 10 * DAY]
        home = {article.sku: article.warehouses[0] for article in self.regular}
        for number, (at, sku, _) in enumerate(self.random.sample(early, CUSTOMER_RETURNS)):
            back = at + self.random.uniform(5, 10) * DAY
            yield Arrival(back, f"RMA-{number + 1}", home[sku], ((sku, 1),), "return")
