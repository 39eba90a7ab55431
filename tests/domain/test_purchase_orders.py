"""Purchase orders: what is incoming, what is taken in, and when it ends."""

from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onhand.domain.commands import (
    ArrivalLine,
    CancelPurchaseOrder,
    CreatePurchaseOrder,
    PlacePurchaseOrder,
    ReceivePurchaseOrder,
)
from onhand.domain.errors import (
    LevelOverflow,
    PurchaseOrderClosed,
    PurchaseOrderNotPlaced,
    QuantityExceedsOpen,
    Unknown,
    WarehouseInactive,
)
from onhand.domain.ids import Id
from onhand.domain.level import Level
from onhand.domain.limits import QUANTITY_MAX_UNITS
from onhand.domain.outcomes import PurchaseOrderDone
from onhand.domain.purchase_order import PurchaseOrder
from onhand.domain.replenishment import arrival_date, order_quantity
from onhand.domain.routing import Warehouse
from onhand.domain.world import World
from support.worlds import (
    EAST,
    WEST,
    A,
    B,
    a_world,
    an_id,
    broken,
    header,
    line,
    quantities,
    refused,
    reserved,
    stock,
    verdict,
)

DAY = date(2026, 3, 6)
SUPPLIER = an_id("supplier", 1)


def ordered(world: World, command: object) -> PurchaseOrder:
    done = verdict(world, command)
    assert isinstance(done, PurchaseOrderDone), done
    return done.purchase_order


def created(world: World, *lines: tuple[Id, Id, int]) -> PurchaseOrder:
    return ordered(world, CreatePurchaseOrder(header(), SUPPLIER, tuple(stock(n, p, w) for p, w, n in lines)))


def placed(world: World, *lines: tuple[Id, Id, int]) -> PurchaseOrder:
    order = created(world, *lines)
    return ordered(world, PlacePurchaseOrder(header(), order.purchase_order_id, DAY))


def receive(order: PurchaseOrder, *lines: ArrivalLine, **rules: int) -> ReceivePurchaseOrder:
    return ReceivePurchaseOrder(header(), order.purchase_order_id, lines or None, **rules)


def test_a_draft_is_not_incoming_and_a_placed_order_is() -> None:
    world = a_world()
    order = created(world, (A, EAST, 5), (A, EAST, 2), (B, WEST, 3))
    assert (order.status, world.levels[A, EAST].incoming) == ("draft", 0)
    again = [ordered(world, PlacePurchaseOrder(header(), order.purchase_order_id, DAY)) for _ in range(2)]
    assert [(each.status, each.expected_arrival_date) for each in again] == [("placed", DAY)] * 2
    assert (world.levels[A, EAST].incoming, world.levels[B, WEST].incoming) == (7, 3)
    assert broken(world) == []


def test_the_date_of_the_order_itself_stands() -> None:
    world = a_world()
    own = DAY + timedelta(days=30)
    order = ordered(world, CreatePurchaseOrder(header(), SUPPLIER, (stock(1),), own))
    assert ordered(world, PlacePurchaseOrder(header(), order.purchase_order_id, DAY)).expected_arrival_date == own


def test_it_is_received_in_parts_and_covers_backorders() -> None:
    world = a_world(Level(A, EAST, backorder_limit=None))
    reserved(world, line(3))
    order = placed(world, (A, EAST, 5), (B, WEST, 2))
    part = ordered(world, receive(order, ArrivalLine(A, 4)))
    assert (part.status, [x.open for x in part.lines]) == ("partially_received", [1, 2])
    assert (quantities(world), world.levels[A, EAST].incoming) == ((4, 3, 0), 1)
    rest = ordered(world, receive(order))
    assert (rest.status, [x.received for x in rest.lines]) == ("received", [5, 2])
    assert [entry.type for entry in world.entries] == ["RESERVE", *["RECEIVE"] * 3]
    assert refused(world, receive(order), PurchaseOrderClosed).status == "received"
    assert broken(world) == []


def test_more_than_was_ordered_is_taken_in_as_far_as_agreed() -> None:
    world = a_world()
    order = placed(world, (A, EAST, 20))
    error = refused(world, receive(order, ArrivalLine(A, 23), over_delivery_percent=10), QuantityExceedsOpen)
    assert (error.requested, error.open) == (23, 22)
    assert refused(world, receive(order, ArrivalLine(A, 21)), QuantityExceedsOpen).open == 20
    done = ordered(world, receive(order, ArrivalLine(A, 22), over_delivery_percent=10))
    assert (done.status, quantities(world), world.levels[A, EAST].incoming) == ("received", (22, 0, 0), 0)
    assert broken(world) == []


def test_a_small_rest_closes_short() -> None:
    world = a_world()
    order = placed(world, (A, EAST, 20))
    assert ordered(world, receive(order, ArrivalLine(A, 17), under_delivery_percent=10)).status == "partially_received"
    done = ordered(world, receive(order, ArrivalLine(A, 1), under_delivery_percent=10))
    assert (done.status, done.lines[0].cancelled, world.levels[A, EAST].incoming) == ("closed_short", 2, 0)
    assert broken(world) == []


@pytest.mark.parametrize(("taken", "status"), [(0, "cancelled"), (1, "closed_short")])
def test_what_is_cancelled_is_no_longer_incoming(taken: int, status: str) -> None:
    world = a_world()
    order = placed(world, (A, EAST, 5))
    if taken:
        ordered(world, receive(order, ArrivalLine(A, taken)))
    for _ in range(2):  # Again changes nothing.
        assert ordered(world, CancelPurchaseOrder(header(), order.purchase_order_id)).status == status
    assert world.levels[A, EAST].incoming == 0
    refused(world, receive(order), PurchaseOrderClosed)
    refused(world, PlacePurchaseOrder(header(), order.purchase_order_id, DAY), PurchaseOrderClosed)
    assert broken(world) == []


def test_what_cannot_be_is_refused_and_leaves_no_trace() -> None:
    closed = {EAST: Warehouse(EAST, "EAST", 51.0, 12.0, "DE", active=False)}
    refused(a_world(warehouses=closed), CreatePurchaseOrder(header(), SUPPLIER, (stock(1),)), WarehouseInactive)
    world = a_world()
    draft = created(world, (A, EAST, 1))
    refused(world, receive(draft), PurchaseOrderNotPlaced)
    for command in (
        receive(PurchaseOrder(an_id("none", 1), SUPPLIER, "", None, None, world.now, "", [])),
        CancelPurchaseOrder(header(), an_id("none", 1)),
        PlacePurchaseOrder(header(), an_id("none", 1), DAY),
    ):
        assert refused(world, command, Unknown).kind == "purchase_order"
    full = a_world(Level(A, EAST, on_hand=QUANTITY_MAX_UNITS - 3))
    two = created(full, (A, EAST, 2), (A, EAST, 2))
    refused(full, PlacePurchaseOrder(header(), two.purchase_order_id, DAY), LevelOverflow)
    one = placed(full, (A, EAST, 3))
    refused(full, receive(one, ArrivalLine(A, 4), over_delivery_percent=100), LevelOverflow)
    assert full.levels[A, EAST].incoming == 3
    assert not full.entries


ORDERS = st.lists(st.tuples(st.sampled_from([A, B]), st.sampled_from([EAST, WEST]), st.integers(1, 9)), min_size=1)
STEPS = st.lists(
    st.tuples(st.sampled_from([A, B]), st.sampled_from([None, EAST, WEST]), st.integers(1, 12))
    | st.sampled_from(["all", "cancel", "place"]),
    max_size=8,
)


@given(ORDERS, STEPS, st.sampled_from([0, 10, 50]), st.sampled_from([0, 20]))
def test_incoming_is_what_is_open_whatever_happens(
    lines: list[tuple[Id, Id, int]], steps: list, over: int, under: int
) -> None:
    world = a_world()
    order = created(world, *lines)
    numbers = count()
    for step in steps:
        match step:
            case "place":
                verdict(world, PlacePurchaseOrder(header(), order.purchase_order_id, DAY))
            case "cancel":
                if next(numbers) % 2:
                    verdict(world, CancelPurchaseOrder(header(), order.purchase_order_id))
            case "all":
                verdict(world, receive(order, over_delivery_percent=over, under_delivery_percent=under))
            case product, warehouse, units:
                arrival = ArrivalLine(product, units, warehouse)
                verdict(world, receive(order, arrival, over_delivery_percent=over, under_delivery_percent=under))
        assert broken(world) == []
        for each in world.purchase_orders[order.purchase_order_id].lines:
            assert each.received <= each.quantity * (100 + over) // 100


@pytest.mark.parametrize(
    ("placed_on", "days", "working", "calendar"),
    [
        (date(2026, 3, 2), 0, date(2026, 3, 2), date(2026, 3, 2)),
        (date(2026, 3, 2), 4, date(2026, 3, 6), date(2026, 3, 6)),
        (date(2026, 3, 2), 5, date(2026, 3, 9), date(2026, 3, 7)),  # Monday and a working week
        (date(2026, 3, 6), 1, date(2026, 3, 9), date(2026, 3, 7)),  # Friday
        (date(2026, 3, 7), 1, date(2026, 3, 9), date(2026, 3, 8)),  # Saturday
        (date(2026, 3, 7), 5, date(2026, 3, 13), date(2026, 3, 12)),
    ],
)
def test_lead_times_in_working_and_in_calendar_days(placed_on: date, days: int, working: date, calendar: date) -> None:
    assert arrival_date(placed_on, days, working_days=True) == working
    assert arrival_date(placed_on, days, working_days=False) == calendar


@given(
    st.integers(-50, 50),
    st.integers(0, 50),
    st.none() | st.integers(1, 40),
    st.integers(1, 30),
    st.integers(1, 12),
)
def test_an_order_lifts_the_level_to_its_threshold(
    position: int, threshold: int, usual: int | None, minimum: int, pack: int
) -> None:
    units = order_quantity(position, threshold, usual, minimum_order=minimum, pack_size=pack)
    if position >= threshold:
        assert units == 0
    else:
        assert position + units >= threshold
        assert units % pack == 0
        assert units >= minimum
        needed = max(minimum, threshold - position, usual if usual is not None else 2 * threshold - position)
        assert units < needed + pack
