"""onhand bench planning: how long the plan of one order takes."""

from typing import Annotated

from cyclopts import Parameter

from onhand.bench import planning
from onhand.cli.bench import AsJson
from onhand.cli.errors import FAILED, CliError
from onhand.cli.terminal import show, show_json, show_table
from onhand.domain.routing import DEFAULT_RULES, Rule

Places = Annotated[int, Parameter(help="Warehouses, most of which have some of each product.")]
Lines = Annotated[int, Parameter(help="Lines of an order.")]
Count = Annotated[int, Parameter(help="Orders that are planned.")]


def run_planning(*, warehouses: Places = 50, lines: Lines = 20, orders: Count = 2_000, as_json: AsJson = False) -> int:
    """Plan orders in process, on thin stock: by the rules as onhand comes, and with safety stock left."""
    if not (1 <= warehouses <= 1_000 and 1 <= lines <= 1_000 and orders >= 1):
        raise CliError("--warehouses and --lines are from 1 to 1,000, --orders from 1 on")
    every = [
        planning.run(warehouses, lines, orders, rules)
        for rules in (DEFAULT_RULES, (*DEFAULT_RULES, Rule.LEAVE_SAFETY_STOCK))
    ]
    if as_json:
        show_json(every)
    else:
        show(f"{orders:,} orders of {lines} lines at {warehouses} warehouses; processor time of one plan")
        columns = ["rules", "p50 ms", "p99 ms", "max ms", "shipments"]
        rows = [
            [", ".join(x.rules), f"{x.p50_ms:.2f}", f"{x.p99_ms:.2f}", f"{x.max_ms:.2f}", f"{x.shipments:.1f}"]
            for x in every
        ]
        show_table(columns, rows, right=tuple(columns[1:]))
    return 0 if all(each.met for each in every) else FAILED
