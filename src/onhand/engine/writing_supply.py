"""Purchase orders of a decided world as arrays."""

from collections.abc import Iterator
from typing import Any

from onhand.db import queries_lead_time as ql
from onhand.db import queries_supply as q
from onhand.db.arrays import Ids, Ints, Texts, Times
from onhand.db.query import Statement
from onhand.domain.world import World


def supply_writes(world: World, cell: int) -> Iterator[tuple[Statement, dict[str, Any]]]:
    """Orders and their lines, made or changed; what deliveries took; notes of levels below their threshold."""
    if world.notes:
        yield (
            q.INSERT_REORDER_NOTES,
            {
                "cell": cell,
                "note_ids": Ids([world.new_id() for _ in world.notes]),
                "product_ids": Ids([key[0] for key in world.notes]),
                "warehouse_ids": Ids([key[1] for key in world.notes]),
            },
        )
    if world.lead_times:
        yield (
            ql.PUT_LEAD_TIMES,
            {
                "supplier_ids": Ids([supplier for supplier, _, _ in world.lead_times]),
                "product_ids": Ids([product for _, product, _ in world.lead_times]),
                "days": Ints([days for _, _, days in world.lead_times]),
            },
        )
    touched = [order for order in world.purchase_orders.values() if order.touched]
    for new in (True, False):
        orders = [order for order in touched if order.new is new]
        if not orders:
            continue
        dates = [order.expected_arrival_date for order in orders]
        header: dict[str, Any] = {
            "cell": cell,
            "purchase_order_ids": Ids([order.purchase_order_id for order in orders]),
            "statuses": Texts([str(order.status) for order in orders]),
            "arrival_dates": Texts([None if date is None else date.isoformat() for date in dates]),
            "placed_ats": Times([order.placed_at for order in orders]),
        }
        lines = [(order.purchase_order_id, line) for order in orders for line in order.lines]
        detail: dict[str, Any] = {
            "cell": cell,
            "purchase_order_ids": Ids([order_id for order_id, _ in lines]),
            "line_numbers": Ints([line.line for _, line in lines]),
            "receiveds": Ints([line.received for _, line in lines]),
            "damageds": Ints([line.damaged for _, line in lines]),
            "quality_controls": Ints([line.quality_control for _, line in lines]),
            "cancelleds": Ints([line.cancelled for _, line in lines]),
            "opens": Ints([line.open for _, line in lines]),
        }
        if new:
            header |= {
                "now": world.now,
                "supplier_ids": Ids([order.supplier for order in orders]),
                "actors": Texts([order.created_by for order in orders]),
            }
            detail |= {
                "product_ids": Ids([line.product for _, line in lines]),
                "warehouse_ids": Ids([line.warehouse for _, line in lines]),
                "quantities": Ints([line.quantity for _, line in lines]),
            }
        yield (q.INSERT_PURCHASE_ORDERS if new else q.UPDATE_PURCHASE_ORDERS), header
        yield (q.INSERT_PURCHASE_ORDER_LINES if new else q.UPDATE_PURCHASE_ORDER_LINES), detail


def state_writes(world: World, cell: int) -> Iterator[tuple[Statement, dict[str, Any]]]:
    """What moved into and out of damaged and quality_control, and the levels after it. After their other writes."""
    entries = world.state_entries
    yield (
        q.INSERT_LEDGER_STATES,
        {
            "cell": cell,
            "txn_ids": Ids([entry.txn_id for entry in entries]),
            "states": Texts([entry.state for entry in entries]),
            "product_ids": Ids([entry.product for entry in entries]),
            "warehouse_ids": Ids([entry.warehouse for entry in entries]),
            "quantities": Ints([entry.quantity for entry in entries]),
        },
    )
    levels = [world.levels[key] for key in dict.fromkeys((entry.product, entry.warehouse) for entry in entries)]
    yield (
        q.UPDATE_LEVEL_STATES,
        {
            "cell": cell,
            "product_ids": Ids([level.product for level in levels]),
            "warehouse_ids": Ids([level.warehouse for level in levels]),
            "damageds": Ints([level.damaged for level in levels]),
            "quality_controls": Ints([level.quality_control for level in levels]),
            "set_asides": Ints([level.set_aside for level in levels]),
        },
    )
