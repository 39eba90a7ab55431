"""Returns, and how full warehouses are, of a decided world as arrays."""

from collections.abc import Iterator
from typing import Any

from onhand.db import queries_return as q
from onhand.db import queries_room as room
from onhand.db.arrays import Ids, Ints, Texts
from onhand.db.query import Statement
from onhand.domain.world import World


def return_writes(world: World, cell: int) -> Iterator[tuple[Statement, dict[str, Any]]]:
    """New returns and their parts."""
    new = [each for each in world.returns.values() if each.new]
    if not new:
        return
    parts = [(each.return_id, part) for each in new for part in each.parts]
    yield (
        q.INSERT_RETURNS,
        {
            "cell": cell,
            "now": world.now,
            "return_ids": Ids([each.return_id for each in new]),
            "order_ids": Texts([each.order_id for each in new]),
            "reasons": Texts([each.reason for each in new]),
            "actors": Texts([each.created_by for each in new]),
        },
    )
    yield (
        q.INSERT_RETURN_LINES,
        {
            "cell": cell,
            "return_ids": Ids([return_id for return_id, _ in parts]),
            "line_numbers": Ints([part.line for _, part in parts]),
            "reservation_ids": Ids([part.reservation for _, part in parts]),
            "reservation_lines": Ints([part.reservation_line for _, part in parts]),
            "from_ids": Ids([part.shipped_from for _, part in parts]),
            "product_ids": Ids([part.product for _, part in parts]),
            # As text: arrays of ids are packed without nulls.
            "to_ids": Texts([None if part.warehouse is None else str(part.warehouse) for _, part in parts]),
            "quantities": Ints([part.quantity for _, part in parts]),
            "dispositions": Texts([part.disposition for _, part in parts]),
            "reasons": Texts([part.reason for _, part in parts]),
        },
    )


def room_writes(world: World, cell: int) -> Iterator[tuple[Statement, dict[str, Any]]]:
    """What came into warehouses that look at their capacity."""
    touched = [each for each in world.rooms.values() if each.touched]
    if touched:
        yield (
            room.UPDATE_ROOMS,
            {
                "cell": cell,
                "warehouse_ids": Ids([each.warehouse for each in touched]),
                "addeds": Texts([str(each.added) for each in touched]),
            },
        )
