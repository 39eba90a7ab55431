"""What variances are worth, and when somebody has to approve them."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from onhand.domain.counting import Found, needs_approval, totals

COST = st.none() | st.decimals(0, 10**6, places=4)
LINES = st.lists(st.builds(Found, st.integers(-100, 100), COST), max_size=8)
LIMIT = st.none() | st.integers(0, 100)
VALUE = st.none() | st.decimals(0, 10**6, places=4)


def found(variance: int, cost: str | None) -> Found:
    return Found(variance, None if cost is None else Decimal(cost))


def test_what_is_missing_and_what_is_too_much_do_not_hide_each_other() -> None:
    lines = [found(-3, "4.25"), found(3, "4.25"), found(0, None), found(-2, None)]
    told = totals(lines)
    assert (told.units, told.units_off, told.value, told.value_off, told.unvalued) == (-2, 8, 0, Decimal("25.5"), 1)
    assert not needs_approval(lines[:2], None, Decimal("25.50"))
    assert needs_approval(lines[:2], None, Decimal("25.49"))


def test_a_limit_in_units_is_of_each_line() -> None:
    lines = [found(-3, None), found(3, None)]
    assert not needs_approval(lines, 3, None)
    assert needs_approval(lines, 2, None)


def test_a_difference_of_unknown_cost_is_not_within_a_limit_in_money() -> None:
    assert needs_approval([found(1, None)], None, Decimal(10**9))
    assert not needs_approval([found(0, None)], None, Decimal(0))
    assert not needs_approval([found(1, None)], None, None)


@given(lines=LINES, limit=LIMIT, value=VALUE, more=st.integers(0, 10))
def test_a_higher_limit_never_asks_for_more(
    lines: list[Found], limit: int | None, value: Decimal | None, more: int
) -> None:
    if not needs_approval(lines, limit, value):
        assert not needs_approval(
            lines, None if limit is None else limit + more, None if value is None else value + more
        )
    if all(line.variance == 0 for line in lines):
        assert not needs_approval(lines, limit, value)


@given(lines=LINES)
def test_sums_are_those_of_the_lines_and_exact(lines: list[Found]) -> None:
    told = totals(lines)
    assert told.value == sum((x.variance * x.unit_cost for x in lines if x.unit_cost is not None), Decimal(0))
    assert abs(told.value) <= told.value_off
    assert (told.units_off == 0) == all(x.variance == 0 for x in lines)
