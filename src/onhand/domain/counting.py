"""What a count has found: variances in units and in money, and whether they may be posted just so."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple


class Found(NamedTuple):
    """One counted line. unit_cost in the session's currency; None: nobody knows."""

    variance: int
    unit_cost: Decimal | None

    @property
    def value(self) -> Decimal | None:
        """Of the variance; what is missing is below zero."""
        return None if self.unit_cost is None else self.variance * self.unit_cost


class Totals(NamedTuple):
    """Over all counted lines. units_off and value_off add up what is missing and what is too much without their signs.

    Values leave out lines of unknown cost; unvalued says how many of those differ.
    """

    units: int
    units_off: int
    value: Decimal
    value_off: Decimal
    unvalued: int


def totals(found: Iterable[Found]) -> Totals:
    lines = list(found)
    values = [line.value for line in lines if line.value is not None]
    return Totals(
        sum(line.variance for line in lines),
        sum(abs(line.variance) for line in lines),
        sum(values, Decimal(0)),
        sum((abs(value) for value in values), Decimal(0)),
        sum(line.variance != 0 and line.unit_cost is None for line in lines),
    )


def needs_approval(found: Iterable[Found], approval_limit: int | None, approval_value: Decimal | None) -> bool:
    """Whether a line differs by more units than the limit, or all of them together are worth more than the value.

    With a limit in money, a difference of unknown cost needs approval too: nobody can say that it is small.
    """
    lines = list(found)
    if approval_limit is not None and any(abs(line.variance) > approval_limit for line in lines):
        return True
    if approval_value is None:
        return False
    off = totals(lines)
    return off.value_off > approval_value or off.unvalued > 0
