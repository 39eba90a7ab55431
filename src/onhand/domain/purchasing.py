"""What happens to purchase orders. A placed line is incoming at its level; a receipt is a RECEIVE."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from onhand.domain.admitting import Incoming, admit
from onhand.domain.commands import (
    ArrivalLine,
    CancelPurchaseOrder,
    CreatePurchaseOrder,
    PlacePurchaseOrder,
    ReceivePurchaseOrder,
    Replenish,
    ReplenishLine,
    ReschedulePurchaseOrder,
)
from onhand.domain.errors import (
    LevelOverflow,
    PurchaseOrderClosed,
    PurchaseOrderNotPlaced,
    QuantityExceedsOpen,
    Unknown,
)
from onhand.domain.ids import Id
from onhand.domain.lead_time import days_taken
from onhand.domain.level import LevelKey
from onhand.domain.outcomes import Nothing, PurchaseOrderDone
from onhand.domain.purchase_order import (
    UNDER_WAY,
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseOrderStatus,
    purchase_order_status_of,
)
from onhand.domain.replenishment import order_quantity
from onhand.domain.states import take_in
from onhand.domain.world import World, fits, must_be_active


def create(world: World, command: CreatePurchaseOrder) -> PurchaseOrderDone:
    """Write an order down as a draft: nothing is incoming yet."""
    order = world.purchase_orders.get(command.header.operation_id)
    if order is None:  # Else an earlier attempt was committed, and its answer was lost.
        for index, line in enumerate(command.lines):
            must_be_active(world, index, line.warehouse)
            level = world.level(line.product, line.warehouse)
            level.touched = level.touched or not level.exists  # Whoever changes the order locks its levels.
        order = PurchaseOrder(
            purchase_order_id=command.header.operation_id,
            supplier=command.supplier,
            status=PurchaseOrderStatus.DRAFT,
            expected_arrival_date=command.expected_arrival_date,
            placed_at=None,
            created_at=world.now,
            created_by=command.header.actor,
            lines=[PurchaseOrderLine(n, x.product, x.warehouse, x.quantity) for n, x in enumerate(command.lines)],
            new=True,
            touched=True,
        )
        _write(world, order)
    return _done(order)


def _write(world: World, order: PurchaseOrder) -> None:
    world.purchase_orders[order.purchase_order_id] = order
    _draft(world, order, 1)


def _draft(world: World, order: PurchaseOrder, sign: int) -> None:
    """Units of drafts are no part of a level, but are on order all the same."""
    for line in order.lines:
        world.drafted[line.key] += sign * line.open


def replenish(world: World, command: Replenish) -> PurchaseOrderDone | Nothing:
    """Order what lifts these levels to their thresholds, as they are now, all that is on order counted.

    Nothing where all of them are there already: whoever came first has ordered.
    """
    done = world.purchase_orders.get(command.header.operation_id)
    if done is not None:  # An earlier attempt was committed, and its answer was lost.
        return _done(done)
    lacking = [(line, _lacking(world, line)) for line in command.lines]
    wanted = [(line, units) for line, units in lacking if units]
    lines = [PurchaseOrderLine(number, x.product, x.warehouse, units) for number, (x, units) in enumerate(wanted)]
    if not lines:
        return Nothing()
    order = PurchaseOrder(
        purchase_order_id=command.header.operation_id,
        supplier=command.supplier,
        status=PurchaseOrderStatus.DRAFT,
        expected_arrival_date=command.expected_arrival_date if command.place else None,
        placed_at=None,
        created_at=world.now,
        created_by=command.header.actor,
        lines=lines,
        new=True,
        touched=True,
    )
    _write(world, order)
    if command.place:
        _draft(world, order, -1)
        _send(world, order)
    return _done(order)


def _lacking(world: World, line: ReplenishLine) -> int:
    level = world.level(line.product, line.warehouse)
    place_of = world.warehouses.get(line.warehouse)
    if level.reorder_threshold is None or (place_of is not None and not place_of.active):
        return 0
    units = order_quantity(
        level.position + world.drafted[level.key],
        level.reorder_threshold,
        line.reorder_quantity,
        minimum_order=line.minimum_order,
        pack_size=line.pack_size,
    )
    return units if fits(level, units) else 0


def place(world: World, command: PlacePurchaseOrder) -> PurchaseOrderDone:
    """The order goes to the supplier: what it asks for is incoming. Placing it again changes nothing."""
    order = _order(world, command.purchase_order)
    if order.status in UNDER_WAY:
        return _done(order)
    if order.status != PurchaseOrderStatus.DRAFT:
        raise PurchaseOrderClosed(order.purchase_order_id, order.status)
    demand: Counter[LevelKey] = Counter()
    for line in order.lines:
        must_be_active(world, line.line, line.warehouse)
        demand[line.key] += line.quantity  # Two lines may name one level: judge their sum.
        if not fits(world.level(*line.key), demand[line.key]):
            raise LevelOverflow(line.line, line.product, line.warehouse, line.quantity)
    _draft(world, order, -1)
    _send(world, order)
    order.expected_arrival_date = order.expected_arrival_date or command.expected_arrival_date
    return _done(order)


def _send(world: World, order: PurchaseOrder) -> None:
    """What a draft asks for becomes incoming."""
    for line in order.lines:
        level = world.level(*line.key)
        level.incoming += line.open
        level.touched = True
    order.status = PurchaseOrderStatus.PLACED
    order.placed_at = world.now
    order.touched = True


def receive(world: World, command: ReceivePurchaseOrder) -> PurchaseOrderDone:
    """Take in what has arrived, all or some: a RECEIVE. It covers backorders first.

    More than was ordered is taken in up to over_delivery_percent of the line; a rest of at most under_delivery_percent
    closes short.
    """
    order = _order(world, command.purchase_order)
    if order.status == PurchaseOrderStatus.DRAFT:
        raise PurchaseOrderNotPlaced(order.purchase_order_id)
    if order.status not in UNDER_WAY:
        raise PurchaseOrderClosed(order.purchase_order_id, order.status)
    arrivals = _arrivals(order, command.lines, command.over_delivery_percent)
    more: Counter[LevelKey] = Counter()
    for line, arrived in arrivals:
        more[line.key] += max(0, arrived.units - line.open)  # The rest was incoming, and counted then.
        if not fits(world.level(*line.key), more[line.key]):
            raise LevelOverflow(arrived.index, line.product, line.warehouse, arrived.units)
    coming = (Incoming(arrived.index, line.product, line.warehouse, arrived.units) for line, arrived in arrivals)
    warnings = admit(world, command.header, coming)
    world.open_operation(command.header, "RECEIVE")
    _measure(world, order, arrivals)
    for line, arrived in arrivals:
        level = world.level(*line.key)
        before = level.position
        level.incoming -= min(arrived.units, line.open)
        line.received += arrived.units
        line.damaged += arrived.damaged
        line.quality_control += arrived.quality_control
        take_in(world, level, command.header, arrived.units, arrived.damaged, arrived.quality_control)
        world.watch(level, before)
        if line.open * 100 <= line.quantity * command.under_delivery_percent:
            _write_off(world, line)
    order.status = purchase_order_status_of(order.lines)
    order.touched = True
    done = _done(order)
    done.warnings = warnings
    return done


def _measure(world: World, order: PurchaseOrder, arrivals: Sequence[tuple[PurchaseOrderLine, "_Arrived"]]) -> None:
    """How long each product took: once per delivery, however many levels it is for."""
    if order.placed_at is not None:
        days = days_taken(order.placed_at.date(), world.now.date())
        products = dict.fromkeys(line.product for line, _ in arrivals)
        world.lead_times += [(order.supplier, product, days) for product in products]


class _Arrived(msgspec.Struct):
    """Units of one line of an order; damaged and quality_control are part of units.

    index: of the line of the request that says so, the last one; of the order's own where it is received whole.
    """

    index: int
    units: int = 0
    damaged: int = 0
    quality_control: int = 0


def _arrivals(
    order: PurchaseOrder, lines: Sequence[ArrivalLine] | None, over_percent: int
) -> list[tuple[PurchaseOrderLine, _Arrived]]:
    """Which lines, and how many units of each; what exceeds the order goes to the last line that names the level."""
    if lines is None:
        return [(line, _Arrived(line.line, line.open)) for line in order.lines if line.open]
    taken = {line.line: _Arrived(line.line) for line in order.lines}
    for index, wanted in enumerate(lines):
        mine = [x for x in order.lines if x.product == wanted.product and wanted.warehouse in (None, x.warehouse)]
        if not mine:
            raise QuantityExceedsOpen(index, wanted.product, wanted.quantity, 0)
        left = _Arrived(index, wanted.quantity, wanted.damaged, wanted.quality_control)
        for line in mine:
            _deal(left, taken[line.line], max(0, min(left.units, line.open - taken[line.line].units)))
        last, beyond = mine[-1], left.units
        _deal(left, taken[last.line], beyond)
        too_many = last.received + last.cancelled + taken[last.line].units - _most(last, over_percent)
        if beyond and too_many > 0:
            raise QuantityExceedsOpen(index, wanted.product, wanted.quantity, max(0, wanted.quantity - too_many))
    return [(line, taken[line.line]) for line in order.lines if taken[line.line].units]


def _deal(left: _Arrived, line: _Arrived, units: int) -> None:
    """Give a line so many of what is left: of the damaged first, then of those to be looked at."""
    if units:
        line.index = left.index
    damaged = min(units, left.damaged)
    quality_control = min(units - damaged, left.quality_control)
    left.units, line.units = left.units - units, line.units + units
    left.damaged, line.damaged = left.damaged - damaged, line.damaged + damaged
    left.quality_control -= quality_control
    line.quality_control += quality_control


def _most(line: PurchaseOrderLine, over_percent: int) -> int:
    return line.quantity + line.quantity * over_percent // 100


def reschedule(world: World, command: ReschedulePurchaseOrder) -> PurchaseOrderDone:
    """The supplier names another day for what is still to come."""
    order = _order(world, command.purchase_order)
    if order.status not in {PurchaseOrderStatus.DRAFT, *UNDER_WAY}:
        raise PurchaseOrderClosed(order.purchase_order_id, order.status)
    order.expected_arrival_date = command.expected_arrival_date
    order.touched = True
    return _done(order)


def cancel(world: World, command: CancelPurchaseOrder) -> PurchaseOrderDone:
    """Nothing more will come: cancelled, or closed short where something has come. Again changes nothing."""
    order = _order(world, command.purchase_order)
    if order.status in (PurchaseOrderStatus.CANCELLED, PurchaseOrderStatus.CLOSED_SHORT):
        return _done(order)
    if order.status == PurchaseOrderStatus.RECEIVED:
        raise PurchaseOrderClosed(order.purchase_order_id, order.status)
    if order.status == PurchaseOrderStatus.DRAFT:
        _draft(world, order, -1)
    for line in order.lines:
        if order.status == PurchaseOrderStatus.DRAFT:
            line.cancelled += line.open
        else:
            _write_off(world, line)
    order.status = purchase_order_status_of(order.lines)
    order.touched = True
    return _done(order)


def _write_off(world: World, line: PurchaseOrderLine) -> None:
    """What is open of a placed line will not come."""
    units = line.open
    if units:
        level = world.level(*line.key)
        before = level.position
        level.incoming -= units
        level.touched = True
        world.watch(level, before)
        line.cancelled += units


def _order(world: World, purchase_order: Id) -> PurchaseOrder:
    order = world.purchase_orders.get(purchase_order)
    if order is None:
        raise Unknown("purchase_order", str(purchase_order))
    return order


def _done(order: PurchaseOrder) -> PurchaseOrderDone:
    """A copy: a later command of the same batch may change the order."""
    lines = [
        PurchaseOrderLine(
            x.line, x.product, x.warehouse, x.quantity, x.received, x.damaged, x.quality_control, x.cancelled
        )
        for x in order.lines
    ]
    return PurchaseOrderDone(
        PurchaseOrder(
            order.purchase_order_id,
            order.supplier,
            order.status,
            order.expected_arrival_date,
            order.placed_at,
            order.created_at,
            order.created_by,
            lines,
        )
    )
