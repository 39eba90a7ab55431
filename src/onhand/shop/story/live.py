"""The customers of the demo, one at a time: they order; most orders ship soon, some are cancelled or forgotten."""

import heapq
import random
import time

from onhand.domain.errors import DomainError, OutcomeUnknown, Overloaded, Unavailable
from onhand.services import levels, purchase_orders, reservations, stock
from onhand.services.context import Onhand
from onhand.services.requests import (
    NewReceipt,
    NewReservation,
    ReceiptLine,
    Reference,
    ReservationLine,
    ReservationPart,
    ShipTo,
)
from onhand.services.supply_requests import Arrival
from onhand.shop.story.catalogue import articles
from onhand.shop.story.words import COUNTRIES

ACTOR = "demo:live"
FATES = {"ship": 80, "cancel": 8, "forget": 12}
SHIPS_AFTER_S = (5.0, 60.0)
CANCELLED_AFTER_S = (3.0, 40.0)
HOLD_S, FORGOTTEN_HOLD_S = 15 * 60, 90
DUE_AT_ONCE_MAX = 5  # after a pause, what has fallen due comes bit by bit
RESTOCK_EVERY_S = 30.0
RESTOCK_MAX_LINES = 20
DELIVERIES_SEEN_MAX = 100
AWAY = (Unavailable, OutcomeUnknown, Overloaded)


class Customers:
    """What the customers want next. Raises what services raise when the database is away; a refusal is life."""

    def __init__(self, onhand: Onhand, seed: int) -> None:
        self.onhand = onhand
        self.random = random.Random(f"live {seed} {time.time_ns()}")  # noqa: S311  a story, not a secret
        range_ = articles(seed, onhand.now().date())
        self.skus = [article.sku for article in range_]
        self.weights = [article.weight for article in range_]
        self.orders = 0
        self._due: list[tuple[float, str, str]] = []
        self._restock_at = 0.0

    async def next(self) -> None:
        """One order comes in; what is due of earlier ones is done; deliveries come, low shelves are filled up."""
        await self._do_what_is_due()
        if time.monotonic() >= self._restock_at:
            self._restock_at = time.monotonic() + RESTOCK_EVERY_S
            await self._take_in()
            await self._restock()
        await self._order()

    async def _order(self) -> None:
        skus = dict.fromkeys(self.random.choices(self.skus, self.weights, k=self.random.choice((1, 1, 1, 2, 2, 3))))
        fate = self.random.choices(list(FATES), list(FATES.values()))[0]
        request = NewReservation(
            lines=[ReservationLine(sku=sku, quantity=self.random.choice((1, 1, 1, 2, 3))) for sku in skus],
            order_id=f"LIVE-{time.time_ns() // 1_000_000:x}".upper(),
            ship_to=ShipTo(country=self.random.choices(list(COUNTRIES), list(COUNTRIES.values()))[0]),
            expires_in_s=FORGOTTEN_HOLD_S if fate == "forget" else HOLD_S,
        )
        try:
            answer, _ = await reservations.reserve(self.onhand, ACTOR, request)
        except AWAY:
            raise
        except DomainError:
            return  # Sold out.
        self.orders += 1
        if fate != "forget":
            after_s = self.random.uniform(*(SHIPS_AFTER_S if fate == "ship" else CANCELLED_AFTER_S))
            heapq.heappush(self._due, (time.monotonic() + after_s, fate, answer.reservation_id))

    async def _do_what_is_due(self) -> None:
        for _ in range(DUE_AT_ONCE_MAX):
            if not self._due or self._due[0][0] > time.monotonic():
                return
            _, fate, reservation_id = self._due[0]
            call = reservations.fulfill if fate == "ship" else reservations.release
            try:
                await call(self.onhand, ACTOR, reservation_id, ReservationPart())
            except AWAY:
                raise
            except DomainError:
                pass  # Not there yet, or forgotten meanwhile: the hold runs out by itself.
            heapq.heappop(self._due)

    async def _take_in(self) -> None:
        """What suppliers were to deliver by today has come."""
        today = self.onhand.now().date()
        for status in ("placed", "partially_received"):
            for order in (await purchase_orders.find(self.onhand, status=status, limit=DELIVERIES_SEEN_MAX)).items:
                if order.expected_arrival_date is not None and order.expected_arrival_date <= today:
                    await self._receive(order.purchase_order_id)

    async def _receive(self, purchase_order_id: str) -> None:
        try:
            await purchase_orders.receive(self.onhand, ACTOR, purchase_order_id, Arrival())
        except AWAY:
            raise
        except DomainError:
            pass  # Somebody was quicker.

    async def _restock(self) -> None:
        """The shop sells in an hour what it sold in its 90 days: its suppliers alone could not follow."""
        low = (await levels.find(self.onhand, below_threshold=True, limit=RESTOCK_MAX_LINES)).items
        lines = [
            ReceiptLine(sku=level.sku, warehouse=level.warehouse, quantity=level.reorder_quantity + level.backordered)
            for level in low
            if level.reorder_quantity is not None
        ]
        if lines:
            name = f"LIVE-{self.onhand.now():%Y%m%d-%H%M%S}"
            await stock.receive(self.onhand, ACTOR, NewReceipt(lines=lines, reference=Reference("delivery", name)))
