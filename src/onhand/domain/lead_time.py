"""How long a supplier takes: as agreed, and as measured from what was received. Pure arithmetic."""

import math
import statistics
from collections.abc import Container, Sequence
from datetime import date, timedelta
from typing import Literal

import msgspec

from onhand.domain.replenishment import arrival_date, working_day

Source = Literal["agreed", "measured"]


class LeadTime(msgspec.Struct, frozen=True):
    """Of one product of one supplier.

    agreed_days: in working days (Monday to Friday without holidays) where working_days says so, else in calendar days.
    took_days: what the last receipts took, in calendar days from placed to received, the newest first.
    measured_after_receipts: from so many of them on they count, and not what was agreed; 0 = never.
    """

    agreed_days: int
    working_days: bool = False
    measured_after_receipts: int = 0
    took_days: Sequence[int] = ()
    holidays: Container[date] = frozenset()

    @property
    def receipts(self) -> int:
        return len(self.took_days)

    @property
    def mean_days(self) -> float | None:
        """Arithmetic mean, calendar days; None before the first receipt."""
        return sum(self.took_days) / len(self.took_days) if self.took_days else None

    @property
    def spread_days(self) -> float | None:
        """Sample standard deviation (divisor n − 1), calendar days; None before the second receipt."""
        return statistics.stdev(self.took_days) if len(self.took_days) > 1 else None

    @property
    def source(self) -> Source:
        """Which of the two `arrival` goes by."""
        return "measured" if 0 < self.measured_after_receipts <= self.receipts else "agreed"

    def arrival(self, placed: date) -> date:
        """The day on which an order placed on that day is expected.

        Measured: the mean, rounded up to whole days; a supplier that counts working days delivers on no other day.
        """
        if self.source == "agreed" or self.mean_days is None:
            return arrival_date(placed, self.agreed_days, working_days=self.working_days, holidays=self.holidays)
        arrival = placed + timedelta(days=math.ceil(self.mean_days))
        return working_day(arrival, self.holidays) if self.working_days else arrival


def days_taken(placed: date, received: date) -> int:
    """Calendar days; 0 where clocks disagree."""
    return max(0, (received - placed).days)
