"""What a buyer sets, from demand alone: thresholds and quantities. Pure.

Reorder point: Silver, Pyke and Thomas, *Inventory and Production Management in Supply Chains*, 4th ed., chapter 6:
demand over the lead time and its safety stock, z standard deviations of that demand, lead times varying too.
"""

import math
import statistics
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import NamedTuple

from onhand.domain.lead_time import LeadTime
from onhand.shop.orders import events as e
from onhand.shop.orders.buyer import cartons
from onhand.shop.supply.vendors import lead_days, vendor_of

FORECAST_DAYS = 28  # of a new product's demand, as a buyer expects it
OPENING_DAYS = 14
OPENING_MIN_UNITS = 12
TREND_WEEKS = 8
COVER_DAYS = 28
REVIEW_DAYS = 1.0  # an order may wait so long for the next look
NOTHING_MEASURED: Mapping[str, LeadTime] = MappingProxyType({})
SERVICE_Z = 1.645  # 95 % of the replenishment cycles without a stock-out, were demand normal


class Launch(NamedTuple):
    """A product's first sale, and units a day over its first FORECAST_DAYS."""

    on: date
    per_day: float

    @property
    def opening_units(self) -> int:
        return max(OPENING_MIN_UNITS, cartons(self.per_day * OPENING_DAYS))


class Setting(NamedTuple):
    threshold: int
    quantity: int


def launches(events: Iterable[e.Event]) -> dict[str, Launch]:
    """Of each product that is ordered, by SKU."""
    first: dict[str, date] = {}
    units: Counter[str] = Counter()
    for event in events:
        if isinstance(event, e.Place):
            day = event.at.date()
            for line in event.lines:
                if day < first.setdefault(line.sku, day) + timedelta(days=FORECAST_DAYS):
                    units[line.sku] += line.units
    return {sku: Launch(day, units[sku] / FORECAST_DAYS) for sku, day in first.items()}


def setting(sku: str, per_day: float, deviation: float, measured: LeadTime | None = None) -> Setting:
    """per_day: mean demand; deviation: standard deviation of a day's demand. Units.

    measured: the lead time and its spread where there are enough receipts, else what was agreed, kept to the day.
    """
    days, spread = float(lead_days(vendor_of(sku))), 0.0
    if measured is not None and measured.source == "measured":
        days, spread = measured.mean_days or days, measured.spread_days or 0.0
    days += REVIEW_DAYS
    unforeseen = math.sqrt(days * deviation**2 + per_day**2 * spread**2)
    threshold = math.ceil(per_day * days + SERVICE_Z * unforeseen)
    return Setting(max(1, threshold), max(1, math.ceil(per_day * COVER_DAYS)))


class Demand:
    """What was asked for in the last TREND_WEEKS, whether it was there or not."""

    def __init__(self, known: Mapping[str, Launch]) -> None:
        self._known = known
        self._weeks: deque[Counter[str]] = deque([Counter()], maxlen=TREND_WEEKS + 1)  # and the one that is not over

    def asked(self, sku: str, units: int) -> None:
        self._weeks[-1][sku] += units

    def next_week(self) -> None:
        self._weeks.append(Counter())

    def settings(self, today: date, measured: Mapping[str, LeadTime] = NOTHING_MEASURED) -> dict[str, Setting]:
        """By SKU, of all that is sold by now: by the forecast until there are four weeks of sales."""
        return {
            sku: self._setting(sku, launch, today, measured.get(sku))
            for sku, launch in self._known.items()
            if launch.on <= today
        }

    def _setting(self, sku: str, launch: Launch, today: date, measured: LeadTime | None) -> Setting:
        weeks = [week[sku] for week in list(self._weeks)[:-1]][-max(1, (today - launch.on).days // 7) :]
        if min(len(weeks), (today - launch.on).days // 7) < FORECAST_DAYS // 7:
            return setting(sku, launch.per_day, launch.per_day, measured)
        return setting(sku, statistics.mean(weeks) / 7, statistics.stdev(weeks) / math.sqrt(7), measured)
