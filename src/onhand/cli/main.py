"""The onhand command: which commands there are, and how each ends.

Commands are named as text and imported when they are run, so that `onhand --help` does not wait for a database driver.
"""

import os
import sys
import traceback
from importlib.metadata import version
from typing import NoReturn

from cyclopts import App, CycloptsError, Parameter

from onhand.cli import examples

INTERRUPTED = 130
PIPE_CLOSED = 141  # what a shell reports of a program that its reader left

app = App(
    name="onhand",
    help="The truth about stock: on hand, reserved, available.",
    help_epilogue=examples.ONHAND,
    help_format="plaintext",
    version=lambda: version("onhand"),
    default_parameter=Parameter(negative="", show_default=False),
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)


def _add(parent: App, name: str | tuple[str, ...], target: str, about: str) -> None:
    parent.command(f"onhand.cli.{target}", name=name, help=about, help_epilogue=examples.OF[target])


def _group(name: str, about: str) -> App:
    group = App(name=name, help=about, help_epilogue=examples.OF[name])
    app.command(group)
    return group


_add(app, "serve", "serving:serve", "Serve the API, and do its jobs, on the configured database.")
_add(app, "migrate", "migrating:migrate", "Bring the database to this version of onhand.")
_add(app, "config", "config:config", "Print every setting and where it comes from.")
_add(app, "doctor", "doctor:doctor", "Check the installation: exit 1 if anything fails.")
_key = _group("key", "API keys: make, list, revoke.")
_add(_key, "create", "key:create", "Make a key and print it, this once, alone on stdout.")
_add(_key, "list", "key:listing", "The keys there are; not the keys themselves, which onhand does not know.")
_add(_key, "revoke", "key:revoke", "End a key; it opens nothing from the next request on.")
_user = _group("user", "People who log in to the pages.")
_add(_user, "create", "user:create", "Make a user and print a link that logs them in, once.")
_import = _group("import", "CSV in: what there is, what it is supplied by, what happens on the floor.")
_add(_import, "products", "importing:products", "Make products, or change them (--update).")
_add(_import, "stock", "importing:stock", "Receive stock: a RECEIVE for each row.")
_add(_import, "suppliers", "importing:suppliers", "Suppliers and what they sell: one row per supplier and product.")
_add(_import, "returns", "importing:returns", "Take back what customers sent: a return for each row.")
_add(
    _import,
    ("purchase-orders", "purchase_orders"),
    "importing:purchase_orders",
    "Purchase orders, one row per line, as `onhand export purchase-orders` writes them.",
)
_add(_import, "warehouses", "importing_floor:warehouses", "Make warehouses, or change them (--update).")
_add(_import, "levels", "importing_floor:levels", "Thresholds, quantities and limits of levels.")
_add(_import, "receipts", "importing_floor:receipts", "What arrived: of a purchase order, a transfer, or neither.")
_add(_import, "adjustments", "importing_floor:adjustments", "What was found, lost or counted: an ADJUST for each row.")
_add(
    _import,
    ("state-changes", "state_changes"),
    "importing_floor:state_changes",
    "What moves into and out of damaged and quality control.",
)
_add(_import, "transfers", "importing_floor:transfers", "What goes from one warehouse to another.")
_add(_import, "orders", "orders:orders", "Replay a file of orders, as a shop would have lived it.")
_export = _group("export", "CSV out: what there is, what it is supplied by, what happened.")
_add(_export, "products", "exporting:products", "Products, as `onhand import products` reads them.")
_add(_export, "stock", "exporting:stock", "What is on hand, as `onhand import stock` reads it.")
_add(_export, "warehouses", "exporting:warehouses", "Warehouses, as `onhand import warehouses` reads them.")
_add(_export, "levels", "exporting:levels", "Every level with all its quantities and settings.")
_add(_export, "ledger", "exporting:ledger", "The ledger, oldest first.")
_add(_export, "reservations", "exporting:reservations", "Reservations, one row per line and warehouse, oldest first.")
_add(_export, "suppliers", "exporting:suppliers", "Suppliers, one row per product they sell, with its terms.")
_add(
    _export,
    ("purchase-orders", "purchase_orders"),
    "exporting:purchase_orders",
    "Purchase orders, one row per line, oldest first.",
)
_add(_export, "transfers", "exporting:transfers", "Transfers, one row per line, oldest first.")
_add(_export, "counts", "exporting:counts", "Cycle counts, one row per line, oldest first.")
_add(_export, "returns", "exporting:returns", "What customers sent back, oldest first.")
_reorder = _group("reorder", "Purchase orders for what runs low.")
_add(_reorder, "run", "reordering:run", "The daily batch: order what levels below their threshold lack.")
_order = _group("purchase-order", "What was ordered of suppliers: list, place, receive, cancel.")
_add(_order, "list", "purchasing:listing", "The newest purchase orders.")
_add(_order, "show", "purchasing:look", "A purchase order with what has come of it.")
_add(_order, "place", "purchasing:place", "A draft goes to its supplier.")
_add(_order, "receive", "purchasing:receive", "All that is open has come, and is good.")
_add(_order, "cancel", "purchasing:cancel", "What is still to come will not come.")
_transfer = _group("transfer", "What is on its way between warehouses: list, receive, cancel, write off.")
_add(_transfer, "list", "transferring:listing", "The newest transfers.")
_add(_transfer, "show", "transferring:look", "A transfer with what has come of it.")
_add(_transfer, "receive", "transferring:receive", "All that is under way has come.")
_add(_transfer, "cancel", "transferring:cancel", "What is under way goes back.")
_add(_transfer, "write-off", "transferring:write_off", "What is under way is lost.")
_add(app, "capacity", "filling:report", "How full warehouses are, measured now.")
_count = _group("count", "Cycle counts while selling: start, record, approve, post.")
_add(_count, "start", "count:start", "Begin to count products of a warehouse.")
_add(_count, "record", "count:record", "Write down what lies on the shelf: a row per product.")
_add(_count, "show", "count:look", "A count with its variances.")
_add(_count, "list", "count:listing", "The newest counts.")
_add(_count, "approve", "count:approve", "Let a count be posted that found more than its limits.")
_add(_count, "post", "count:post", "Post the variances: an ADJUST.")
_add(_count, "cancel", "count:cancel", "End a count and post nothing.")
_routing = _group("routing", "By which rules orders are routed.")
_add(_routing, "show", "routing:look", "The rules in their order, and those that are off.")
_add(_routing, "set", "routing:put", "Order and switch the rules: those not named are off.")
_promises = _group("promises", "When those ship that wait.")
_add(_promises, "list", "promises:listing", "Who waits, for what, and until when.")
_add(_promises, ("at-risk", "at_risk"), "promises:at_risk", "Promises that will be broken: later than told, or open.")
_geo = _group("geo", "Where addresses lie.")
_add(_geo, "import", "geo:import_", "Take in a postal code file of GeoNames.")
_add(app, "reconcile", "reconciling:reconcile", "Prove that ledger, levels and reservations agree.")
_add(app, "demo", "demo:demo", "A demo shop: fill an empty store, or keep orders coming.")
app.command(
    "onhand.cli.bench:app",
    name="bench",
    help="Measure, with the textbook algorithm beside it.",
)


def run() -> NoReturn:
    """The entry point: run one command and exit with its code."""
    arguments = sys.argv[1:]
    debug = "--debug" in arguments
    try:
        exit_code = _run([argument for argument in arguments if argument != "--debug"], debug=debug)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read us has left (| head). Nothing more can be said there, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        exit_code = PIPE_CLOSED
    sys.exit(exit_code)


def _run(arguments: list[str], *, debug: bool) -> int:
    try:
        result = app(arguments, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        _complain(str(error), "`onhand --help` lists the commands.")
        return 2
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  the last place where it can be told
        from onhand.cli.errors import explain  # noqa: PLC0415  needs the database driver

        if debug:
            traceback.print_exc()
        told = explain(error)
        _complain(told.message, told.hint)
        return told.exit_code
    return result if isinstance(result, int) else 0


def _complain(message: str, hint: str | None = None) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"onhand: error: {message}\n")
    if hint:
        sys.stderr.write(f"  {hint}\n")
