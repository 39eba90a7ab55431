"""onhand capacity: how full warehouses are."""

from typing import Annotated

import msgspec
from cyclopts import Parameter

from onhand.cli import opening
from onhand.cli.terminal import show_json, show_table
from onhand.services import capacity
from onhand.services.capacity import Filled
from onhand.services.context import Onhand

Warehouse = Annotated[str | None, Parameter(help="Only this warehouse, by its code.")]
AsJson = Annotated[bool, Parameter(name="--json", help="Print the report as JSON.")]
COLUMNS = ["warehouse", "capacity", "in", "policy", "used", "free", "full", "units", "without dimensions"]


def report(*, warehouse: Warehouse = None, as_json: AsJson = False) -> int:
    """How full warehouses are, measured now. Reads every level."""

    async def work(onhand: Onhand) -> list[Filled]:
        return await capacity.every(onhand) if warehouse is None else [await capacity.filled(onhand, warehouse)]

    found = opening.run(work)
    if as_json:
        show_json(msgspec.to_builtins(found))
        return 0
    rows = [
        [
            each.warehouse,
            each.capacity,
            each.capacity_in,
            each.capacity_policy,
            each.used,
            each.free,
            None if each.capacity is None else f"{100 * each.used // each.capacity} %",
            each.units,
            each.unmeasured,
        ]
        for each in found
    ]
    show_table(COLUMNS, rows, right=("capacity", "used", "free", "full", "units", "without dimensions"))
    return 0
