"""When what is asked for ships, from what is known, and on what evidence.

The units are placed as a reservation would place them; what lies on the shelf ships by the warehouse's calendar, the
rest is covered by what is on its way, behind all who wait already, and else by the supplier's lead time.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from onhand.cache.entry import Stock
from onhand.domain.commands import Reserve, ReserveLine, ShipTo
from onhand.domain.errors import NoActiveWarehouse, Unknown, WarehouseInactive
from onhand.domain.ids import Id
from onhand.domain.level import Level
from onhand.domain.placing import place
from onhand.domain.promising import Demand, Queue, Schedule, Supply, in_order
from onhand.domain.replenishment import arrival_date
from onhand.domain.routing import Ranker
from onhand.domain.shipping import Window, expected_now, lead_time_spread_days
from onhand.domain.world import World
from onhand.engine.directory import NotAtHandError
from onhand.engine.engine import new_id
from onhand.services import wording
from onhand.services.answers import Promise
from onhand.services.calendars import Place
from onhand.services.context import Onhand
from onhand.services.names import product_named, warehouse_named
from onhand.services.outlook import Incoming, LeadTime, Product
from onhand.services.submitting import header

IN_STOCK, BACKORDER, PREORDER = "in_stock", "backorder", "preorder"
HIGH, MEDIUM, LOW = "high", "medium", "low"  # how sure
NOWHERE = Id(bytes(16))
Evidence = dict[str, Any]


class Asked(NamedTuple):
    """moment: when it is ordered. warehouse: only from there."""

    quantity: int
    moment: datetime
    language: str = wording.DEFAULT
    warehouse: Id | None = None
    ship_to: ShipTo | None = None
    status: str | None = None  # as it is shown beside the promise, where it is known already


class Dated(NamedTuple):
    """When units of one level ship, and why. stock: they all lie on the shelf."""

    window: Window
    evidence: list[Evidence]
    stock: bool = False


async def promise_of(
    onhand: Onhand,
    name: str,
    quantity: int = 1,
    at: datetime | None = None,
    ship_to: ShipTo | None = None,
    *,
    warehouse: str | None = None,
    language: str = wording.DEFAULT,
) -> Promise | None:
    """Of a product by SKU or id; None when so many cannot be ordered, or nobody knows when there will be more.

    at: when it is ordered, now if not given. Raises Unknown, psycopg.Error.
    """
    product = await onhand.outlook.product(await product_named(onhand, name))
    if product is None:
        raise Unknown("sku", name)
    source = (await warehouse_named(onhand, warehouse)).warehouse_id if warehouse is not None else None
    places = await onhand.outlook.calendars.places()
    asked = Asked(quantity, at or onhand.now(), language, source, ship_to)
    await onhand.directory.warehouses()
    return promised(projected(product, places, asked.moment, onhand.now()), onhand.directory.ranker, places, asked)


def promised(product: Product, ranker: Ranker, places: Mapping[Id, Place], asked: Asked) -> Promise | None:
    """From what is known of a product at the moment of the order."""
    picks = _picks(product, ranker, asked)
    dated = [dating for level, units in picks if (dating := _dated(product, level, units, places, asked)) is not None]
    if not dated or len(dated) < len(picks):
        return None
    window, evidence = dated[0].window, [each for dating in dated for each in dating.evidence]
    for dating in dated[1:]:
        window = window.after(dating.window)
    today = places[picks[0][0].warehouse].local(asked.moment).date()
    kind = asked.status or (IN_STOCK if all(dating.stock for dating in dated) else BACKORDER)
    if is_preorder(product, today):
        kind = PREORDER
    return Promise(window.first, window.last, said(kind, window, today, asked.language), evidence)


def said(kind: str, window: Window, today: date, language: str) -> str:
    """In the shopper's words."""
    if kind == PREORDER:
        return wording.preorder(window, today, language)
    if kind == IN_STOCK:
        return wording.in_stock(window, today, language)
    return wording.backorder(window, today, language)


def is_preorder(product: Product, today: date) -> bool:
    return product.selling_mode == PREORDER and product.release_date is not None and product.release_date > today


def _picks(product: Product, ranker: Ranker, asked: Asked) -> list[tuple[Level, int]]:
    """Which levels an order would be held at, and how many units of each; nothing when so many cannot be had."""
    world = World(
        now=asked.moment,
        new_id=new_id,
        ranker=ranker,
        levels=product.levels,
        limits={product.product: product.backorder_limit},
    )
    world.safety = {product.product: product.safety}
    line = ReserveLine(product.product, asked.quantity, asked.warehouse)
    try:
        placement = place(world, Reserve(header("promise"), (line,), ship_to=asked.ship_to))
    except (NoActiveWarehouse, WarehouseInactive):
        return []
    if placement.short:
        return []
    return [(world.level(pick.product, pick.warehouse), pick.quantity) for pick in placement.picks]


def _dated(product: Product, level: Level, units: int, places: Mapping[Id, Place], asked: Asked) -> Dated | None:
    """None: some of it has no date."""
    at = places.get(level.warehouse)
    if at is None:  # Made a moment ago.
        return None
    return Waiting(product, level, at, asked.moment).dated(level.backordered, units)


class Waiting:
    """The queue at a level at a moment, and what will cover it. What is the same for all who wait is reckoned once."""

    def __init__(self, product: Product, level: Level, at: Place, moment: datetime) -> None:
        self.product = product
        self.at = at
        self.local = at.local(moment)
        coming = [arriving for arriving in product.incoming if arriving.warehouse == level.warehouse]
        self.coming = {arriving.source: arriving for arriving in coming}
        self.queue = queue_of(level.free, coming, self.local.date())
        ships = at.calendar.from_stock(self.local)
        self.shelf = Window(ships, ships)
        self._windows: dict[str, Window] = {}
        self._released: Window | None = None
        if is_preorder(product, self.local.date()) and product.release_date is not None:
            released = at.calendar.on_or_after(product.release_date)
            self._released = Window(released, released)

    def dated(self, ahead: int, units: int) -> Dated | None:
        """When so many ship that stand behind ahead others; None: some of them have no date."""
        dated = Dated(self.shelf, [], stock=True)
        left = units
        for peg in self.queue.pegs(ahead, units):
            left -= peg.units
            if peg.supply is None:
                stock = {"type": "stock", "warehouse": self.at.code, "quantity": peg.units, "confidence": HIGH}
                dated.evidence.append(stock)
            else:
                dated = _later(dated, self._arriving(peg.supply.source, peg.units))
        if left and self.product.lead_time is not None:
            dated = _later(dated, reordered(self.product.lead_time, left, self.at, self.local))
            left = 0
        if self._released is not None:
            release_date, sure = self.product.release_date, LOW if left else HIGH
            evidence = {"type": "release_date", "release_date": release_date, "confidence": sure}
            return _later(dated, Dated(self._released, [evidence]))
        return None if left else dated

    def _arriving(self, source: str, units: int) -> Dated:
        arriving = self.coming[source]
        evidence = arrival_evidence(arriving, units, self.at, self.local)
        window = self._windows.get(source)
        if window is None:
            window = self._windows[source] = arrival_window(arriving, self.at, self.local)
        return Dated(window, [evidence])


def _later(one: Dated, other: Dated) -> Dated:
    return Dated(one.window.after(other.window), [*one.evidence, *other.evidence])


def queue_of(stock: int, coming: Sequence[Incoming], today: date) -> Queue:
    """What covers those who wait at a level, as it will come. What is overdue is reckoned with today."""
    supplies = [
        Supply(expected_now(each.expected, today, each.spread_days)[0], each.source, each.units) for each in coming
    ]
    return Queue(stock, in_order(supplies))


def arrival_window(arriving: Incoming, at: Place, local: datetime) -> Window:
    """When units of a purchase order or transfer ship."""
    reckoned, spread_days = expected_now(arriving.expected, local.date(), arriving.spread_days)
    return at.calendar.from_arrival(reckoned, spread_days, local)


def arrival_evidence(arriving: Incoming, units: int, at: Place, local: datetime) -> Evidence:
    """What covers so many units."""
    today = local.date()
    evidence = {
        "type": arriving.type,
        f"{arriving.type}_id": str(arriving.source_id),
        "supplier" if arriving.type == "purchase_order" else "from": arriving.origin,
        "warehouse": at.code,
        "expected_arrival_date": arriving.expected,
        "quantity": arriving.units,
        "covers": units,
        "confidence": LOW if arriving.expected < today else MEDIUM,
    }
    if arriving.expected < today:
        evidence["overdue_days"] = (today - arriving.expected).days
    return evidence


def reordered(lead_time: LeadTime, units: int, at: Place, local: datetime) -> Dated:
    """When units ship that nobody has ordered of the supplier yet, if that is done today."""
    working_days = lead_time.lead_time_in == "working_days"
    arrives = arrival_date(local.date(), lead_time.days, working_days=working_days, holidays=lead_time.holidays)
    evidence = {
        "type": "lead_time",
        "supplier": lead_time.supplier,
        "lead_time_days": lead_time.days,
        "lead_time_in": lead_time.lead_time_in,
        "warehouse": at.code,
        "expected_arrival_date": arrives,
        "covers": units,
        "confidence": LOW,
    }
    return Dated(at.calendar.from_arrival(arrives, lead_time_spread_days(lead_time.days), local), [evidence])


def projected(product: Product, places: Mapping[Id, Place], moment: datetime, now: datetime) -> Product:
    """The product as it will be at a later moment, if all comes as expected and nobody orders until then.

    Units that are due by then and taken in lie on the shelf, those who wait are covered first (cumulative ATP).
    """
    if moment <= now:
        return product
    levels, later = [], []
    for level in product.levels:
        at = places.get(level.warehouse)
        coming = [each for each in product.incoming if each.warehouse == level.warehouse]
        if at is None or not coming:
            levels.append(level)
            later += coming
            continue
        today = at.local(now).date()
        ready = {each.source: _ready(each, at, now) for each in coming}
        supplies = [Supply(ready[each.source], each.source, each.units) for each in coming]
        day = at.local(moment).date()
        units = Schedule(level.on_hand, supplies, [Demand(today, level.reserved)]).available(day)
        levels.append(
            Level(
                level.product,
                level.warehouse,
                on_hand=level.reserved + units,
                reserved=level.reserved,
                backordered=max(0, -units),
                backorder_limit=level.backorder_limit,
            )
        )
        later += [each for each in coming if ready[each.source] > day]
    return product._replace(levels=levels, incoming=later)


def _ready(arriving: Incoming, at: Place, now: datetime) -> date:
    """The day on which it is expected to be on the shelf."""
    reckoned, _ = expected_now(arriving.expected, at.local(now).date(), arriving.spread_days)
    return at.calendar.plus(reckoned, at.calendar.receiving_days)


def at_hand(onhand: Onhand, stock: Stock, status: str, quantity: int, now: datetime, language: str) -> Promise | None:
    """Without waiting, for what is displayed beside its status; the same all through a minute. Raises NotAtHandError.

    What is in stock ships by calendars alone, whatever it is; for the rest it takes what is on its way.
    """
    facts, outlook = stock.facts, onhand.outlook
    places = outlook.calendars.at_hand
    by_calendar = status == IN_STOCK and not onhand.directory.ranker.spares
    known = None if by_calendar else outlook.at_hand(facts.product)
    if places is None or (known is None and not by_calendar):
        raise NotAtHandError
    if onhand.directory.warehouses_at_hand is None:
        raise NotAtHandError
    kept = outlook.kept_of(int(now.timestamp()) // 60)
    ranker, asked = onhand.directory.ranker, Asked(quantity, now, language, status=status)
    key: Any
    if known is not None:
        key = facts.product, known.read_s, status, quantity, language
        if key not in kept:
            kept[key] = promised(known, ranker, places, asked)
        return kept[key]
    shelf = frozenset(
        [(place, min(part.available, quantity)) for place, part in stock.parts.items() if part.available > 0]
    )
    key = shelf, quantity, language
    if key not in kept:
        kept[key] = promised(_on_shelves(shelf), ranker, places, asked)
    return kept[key]


def _on_shelves(units_of: frozenset[tuple[Id, int]]) -> Product:
    """Any product that lies so on shelves."""
    levels = [Level(NOWHERE, place, on_hand=units) for place, units in units_of]
    return Product(NOWHERE, "", "deny", None, None, None, levels, (), 0.0)
