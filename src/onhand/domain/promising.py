"""Available to promise by date (ATP), and which supply covers which order.

The rule is the textbook's cumulative ATP with look-ahead (Vollmann, Berry, Whybark and Jacobs, Manufacturing Planning
and Control for Supply Chain Management, 6th ed. 2011, "Available-to-promise"; APICS Dictionary, "cumulative ATP with
look-ahead"): what may be promised for a day is the least that is left on that day or on any later one,

    ATP(t) = min over s >= t of (stock + supply up to s - demand up to s),

so a promise never takes a unit that a later promise counts on. Orders that wait are covered first in, first out.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import accumulate
from typing import NamedTuple


class Supply(NamedTuple):
    """Units that are there from a day on. source tells supplies of one day apart, so that their order never matters."""

    day: date
    source: str
    units: int


class Demand(NamedTuple):
    """Units promised already, due on a day."""

    day: date
    units: int


class Step(NamedTuple):
    """From this day on, until the next step, so many units can be promised in all."""

    day: date
    units: int


class Peg(NamedTuple):
    """Units of a supply that cover a part of an order; supply is None for what lies on the shelf."""

    supply: Supply | None
    units: int


class Schedule:
    """What can be promised by when, of one product in one place. stock: units on the shelf, free or not."""

    def __init__(self, stock: int, supplies: Iterable[Supply], demands: Iterable[Demand]) -> None:
        changes: dict[date, int] = {}
        for day, _, units in supplies:
            changes[day] = changes.get(day, 0) + units
        for day, units in demands:
            changes[day] = changes.get(day, 0) - units
        days = sorted(changes)
        left = list(accumulate((changes[day] for day in days), initial=stock))
        ahead = list(accumulate(reversed(left), min))[::-1]  # the least from here to the end
        self._first = ahead[0]
        self.steps = [Step(day, units) for day, units in zip(days, ahead[1:], strict=True)]

    def available(self, day: date) -> int:
        """Units that can be promised for this day; below zero when more is promised than will ever be there."""
        known = [step.units for step in self.steps if step.day <= day]
        return known[-1] if known else self._first

    def earliest(self, units: int, since: date) -> date | None:
        """The first day from since on for which so many can be promised; None = not with what is known to come."""
        if self.available(since) >= units:
            return since
        return next((step.day for step in self.steps if step.day > since and step.units >= units), None)


def in_order(supplies: Iterable[Supply]) -> list[Supply]:
    """As they will be used: the earliest first."""
    return sorted(supplies)


class Queue:
    """Supply dealt out first in, first out: to whom stands so many units behind the front. supplies as in_order."""

    def __init__(self, stock: int, supplies: Sequence[Supply]) -> None:
        self._sources: list[Supply | None] = [None, *supplies]
        self._ends = list(accumulate([max(0, stock), *(supply.units for supply in supplies)]))

    @property
    def units(self) -> int:
        """All that is there or known to come."""
        return self._ends[-1]

    def pegs(self, ahead: int, units: int) -> list[Peg]:
        """What covers an order of so many units behind ahead others, in the order of arrival; less than all of them
        where nothing more is known to come.
        """
        pegs = []
        place, end = ahead, ahead + units
        for index in range(bisect_left(self._ends, ahead + 1), len(self._ends)):
            taken = min(self._ends[index], end) - place
            if taken <= 0:
                break
            pegs.append(Peg(self._sources[index], taken))
            place += taken
        return pegs
