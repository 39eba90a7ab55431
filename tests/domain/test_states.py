"""States are closed, and every transition that can happen is in the table."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onhand.domain.reservation import OPEN, TRANSITIONS, Allocation, Status, status_of
from onhand.domain.transfer import TransferLine, TransferStatus, transfer_status_of
from support.worlds import EAST, A, an_id


def allocations(*parts: tuple[int, int, int]) -> list[Allocation]:
    """open, fulfilled, released of each."""
    return [Allocation(an_id("r", 1), n, A, EAST, sum(x), x[1], x[2]) for n, x in enumerate(parts) if sum(x)]


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        (((3, 0, 0),), Status.ACTIVE),
        (((2, 0, 1),), Status.ACTIVE),
        (((2, 1, 0),), Status.PARTIALLY_FULFILLED),
        (((1, 0, 0), (0, 1, 0)), Status.PARTIALLY_FULFILLED),
        (((0, 3, 0),), Status.FULFILLED),
        (((0, 1, 2),), Status.FULFILLED),
        (((0, 0, 3), (0, 1, 0)), Status.FULFILLED),
        (((0, 0, 3),), Status.RELEASED),
    ],
)
def test_the_state_that_the_units_are_in(parts: tuple[tuple[int, int, int], ...], status: Status) -> None:
    assert status_of(allocations(*parts)) is status


def test_every_state_has_its_row_and_the_open_ones_a_way_out() -> None:
    assert set(TRANSITIONS) == set(Status)
    assert {status for status, following in TRANSITIONS.items() if following} == set(OPEN)


def test_every_step_that_units_can_take_is_in_the_table_and_no_other() -> None:
    """From every division of three units, every number of them shipped, given back or run out."""
    seen: dict[Status, set[Status]] = {status: set() for status in Status}
    for fulfilled, released in product(range(4), repeat=2):
        still_open = 3 - fulfilled - released
        if still_open <= 0:
            continue
        before = status_of(allocations((still_open, fulfilled, released)))
        seen[before].add(Status.EXPIRED)
        for shipped, returned in product(range(still_open + 1), repeat=2):
            if shipped + returned <= still_open:
                after = (still_open - shipped - returned, fulfilled + shipped, released + returned)
                seen[before].add(status_of(allocations(after)))
    assert {status: frozenset(following) for status, following in seen.items()} == TRANSITIONS


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=4))
def test_transfers_too(parts: list[tuple[int, int, int]]) -> None:
    lines = [TransferLine(n, A, sum(x), x[1], x[2]) for n, x in enumerate(parts)]
    status = transfer_status_of(lines)
    under_way, received = sum(x[0] for x in parts), sum(x[1] for x in parts)
    assert (status in (TransferStatus.IN_TRANSIT, TransferStatus.PARTIALLY_RECEIVED)) == (under_way > 0)
    assert (status in (TransferStatus.RECEIVED, TransferStatus.PARTIALLY_RECEIVED)) == (received > 0)
