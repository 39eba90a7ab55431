"""Batches of any commands, for Hypothesis: three products, three warehouses, and each other's reservations."""

from itertools import permutations

from hypothesis import strategies as st

from onhand.domain.commands import (
    Adjust,
    AdjustLine,
    CancelTransfer,
    Command,
    Dispatch,
    Expire,
    Extend,
    Fulfill,
    Header,
    OpenLine,
    Receive,
    ReceiveTransfer,
    Release,
    Reserve,
    ReserveLine,
    ShipTo,
    StockLine,
    TransferLineWanted,
)
from onhand.domain.limits import QUANTITY_MAX_UNITS
from support.worlds import EAST, NORTH, WEST, A, B, C, an_id

LIMITS = {A: 0, B: 5, C: None}
PRODUCTS, PLACES = st.sampled_from([A, B, C]), st.sampled_from([EAST, NORTH, WEST])
MAYBE_PLACE = st.none() | PLACES
UNITS = st.integers(1, 8) | st.just(QUANTITY_MAX_UNITS - 5)
FEW = st.integers(1, 4)
SHIP_TO = st.none() | st.builds(ShipTo, latitude=st.floats(-90, 90), longitude=st.floats(-180, 180))


def _lines(of: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(of, min_size=1, max_size=3).map(tuple)


def _command(number: int) -> st.SearchStrategy[Command]:
    """The number-th command of a batch; it may speak of what any of the others made."""
    header = st.just(Header(an_id("op", number), "test"))
    other = st.integers(0, max(0, number - 1)).map(lambda n: an_id("op", n))
    parts = st.none() | _lines(st.builds(OpenLine, product=PRODUCTS, quantity=FEW, warehouse=MAYBE_PLACE))
    moves = _lines(st.builds(TransferLineWanted, product=PRODUCTS, quantity=FEW))
    adjusted = st.builds(
        AdjustLine,
        product=PRODUCTS,
        warehouse=PLACES,
        reason=st.just("count"),
        counted_quantity=st.integers(0, 9),
        expected_on_hand=st.none() | st.integers(0, 2),
    ) | st.builds(
        AdjustLine, product=PRODUCTS, warehouse=PLACES, reason=st.just("lost"), quantity_change=st.integers(-5, 3)
    )
    return st.one_of(
        st.builds(Receive, header, _lines(st.builds(StockLine, product=PRODUCTS, warehouse=PLACES, quantity=UNITS))),
        st.builds(Adjust, header, _lines(adjusted)),
        st.builds(
            Reserve,
            header=header,
            lines=_lines(st.builds(ReserveLine, product=PRODUCTS, quantity=UNITS, warehouse=MAYBE_PLACE)),
            ship_to=SHIP_TO,
            expires_in_s=st.sampled_from([None, 60, -1]),  # -1: has run out already
            allow_split=st.booleans(),
            allow_partial=st.booleans(),
        ),
        st.builds(Release, header, other, parts),
        st.builds(Fulfill, header, other, parts),
        st.builds(Extend, header, other, st.sampled_from([None, 60])),
        st.builds(Expire, header, other),
        st.sampled_from(list(permutations([EAST, NORTH, WEST], 2))).flatmap(
            lambda ends: st.builds(Dispatch, header, st.just(ends[0]), st.just(ends[1]), moves, st.booleans())
        ),
        st.builds(ReceiveTransfer, header, other, st.none() | moves),
        st.builds(CancelTransfer, header, other),
    )


BATCHES = st.integers(1, 14).flatmap(lambda size: st.tuples(*(_command(number) for number in range(size)))).map(list)
