"""The buyer: what is delivered, and when. Deterministic; knows the past, and of a new product a forecast.

A product arrives in the week of its first sale: three weeks of the forecast, and not less than a small lot. Every
Monday the buyer looks at the shelf, orders up to COVER_WEEKS of the demand of the last weeks, and gets it a week later.
A demand that grows therefore outruns the deliveries: orders wait, or find the shelf empty.
"""

from collections import Counter, deque
from collections.abc import Mapping
from datetime import datetime, timedelta

from onhand.shop.orders.events import Delivery
from onhand.shop.orders.places import spread

FORECAST_WEEKS = 4
OPENING_WEEKS = 3
TREND_WEEKS = 4
COVER_WEEKS = 5
REORDER_WEEKS = 3  # the shelf below so much demand is filled up
CARTON_UNITS = 12
LOT_PRICE = 60.0  # a first lot is worth about this much
LOT_MIN_UNITS, LOT_MAX_UNITS = 12, 96
WEEK = timedelta(weeks=1)


class Launch(Counter[int]):
    """The sales of a product by the number of weeks since its first; price: what it cost then."""

    def __init__(self, monday: datetime, price: float) -> None:
        super().__init__()
        self.monday = monday
        self.price = price

    def opening_units(self) -> int:
        forecast = sum(units for week, units in self.items() if week < FORECAST_WEEKS) / FORECAST_WEEKS
        lot = min(LOT_MAX_UNITS, max(LOT_MIN_UNITS, LOT_PRICE / max(self.price, 0.01)))
        return cartons(max(lot, OPENING_WEEKS * forecast))


def cartons(units: float) -> int:
    """Whole cartons, at least so many units."""
    return -(-int(units + 0.999) // CARTON_UNITS) * CARTON_UNITS


def monday_of(at: datetime) -> datetime:
    """Monday, 06:00, of that week: before anybody shops."""
    day = at.replace(hour=6, minute=0, second=0, microsecond=0)
    return day - timedelta(days=at.weekday())


class Buyer:
    def __init__(self, launches: Mapping[str, Launch]) -> None:
        self._openings: dict[datetime, list[tuple[str, int]]] = {}
        for sku, launch in launches.items():
            self._openings.setdefault(launch.monday, []).append((sku, launch.opening_units()))
        self._shelf: Counter[str] = Counter()
        self._week: Counter[str] = Counter()
        self._weeks: deque[Counter[str]] = deque(maxlen=TREND_WEEKS)
        self._ordered: Counter[str] = Counter()

    def moved(self, sku: str, units: int) -> None:
        """Stock came back, was found or was lost."""
        self._shelf[sku] = max(0, self._shelf[sku] + units)

    def sold(self, sku: str, units: int) -> None:
        self._week[sku] += units
        self.moved(sku, -units)

    def monday(self, monday: datetime) -> tuple[Delivery, ...]:
        """What arrives this Monday; what comes the next is decided now."""
        arrivals = self._ordered
        self._weeks.append(self._week)
        self._week = Counter()
        for sku, units in self._openings.pop(monday, []):
            arrivals[sku] += units
        self._shelf.update(arrivals)
        self._ordered = self._reorder()
        return tuple(
            Delivery(sku, warehouse, part)
            for sku, units in sorted(arrivals.items())
            for warehouse, part in spread(sku, units)
        )

    def _reorder(self) -> Counter[str]:
        demand: Counter[str] = Counter()
        for week in self._weeks:
            demand.update(week)
        wanted: Counter[str] = Counter()
        for sku, units in demand.items():
            per_week = units / len(self._weeks)
            if self._shelf[sku] < REORDER_WEEKS * per_week:
                wanted[sku] = cartons(COVER_WEEKS * per_week - self._shelf[sku])
        return wanted
