"""onhand transfer: what is on its way between warehouses."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from cyclopts import Parameter

from onhand.cli import opening
from onhand.cli.terminal import show, show_json, show_table
from onhand.services import answers, transfers
from onhand.services.context import Onhand
from onhand.services.requests import TransferLoss, TransferPart

ACTOR = "cli:transfer"
Moved = Annotated[str, Parameter(help="The transfer's id.")]
Status = Annotated[str | None, Parameter(help="Only those of this status, such as in_transit.")]
Reason = Annotated[str, Parameter(help="Why nothing more of it will come.")]
AsJson = Annotated[bool, Parameter(name="--json", help="Print the answer as JSON.")]
LISTED_MAX = 100


def listing(*, status: Status = None, as_json: AsJson = False) -> int:
    """The newest transfers."""

    async def work(onhand: Onhand) -> list[answers.Transfer]:
        return (await transfers.find(onhand, status=status, limit=LISTED_MAX)).items

    found = opening.run(work)
    if as_json:
        show_json(msgspec.to_builtins(found))
        return 0
    rows = [
        [each.transfer_id, each.from_, each.to, each.status, sum(line.quantity for line in each.lines)]
        for each in found
    ]
    show_table(["transfer", "from", "to", "status", "units"], rows, right=("units",))
    return 0


def look(transfer: Moved, /, *, as_json: AsJson = False) -> int:
    """A transfer with what has come of it."""
    return _show(lambda onhand: transfers.get(onhand, transfer), as_json=as_json)


def receive(transfer: Moved, /, *, as_json: AsJson = False) -> int:
    """All that is under way has come. What came in parts: `onhand import receipts`."""

    async def work(onhand: Onhand) -> answers.Transfer:
        return (await transfers.receive(onhand, ACTOR, transfer, TransferPart())).answer

    return _show(work, as_json=as_json)


def cancel(transfer: Moved, /, *, as_json: AsJson = False) -> int:
    """What is under way goes back to where it came from."""

    async def work(onhand: Onhand) -> answers.Transfer:
        return (await transfers.cancel(onhand, ACTOR, transfer)).answer

    return _show(work, as_json=as_json)


def write_off(transfer: Moved, /, *, reason: Reason, as_json: AsJson = False) -> int:
    """What is under way is lost: it comes neither there nor back."""

    async def work(onhand: Onhand) -> answers.Transfer:
        return (await transfers.write_off(onhand, ACTOR, transfer, TransferLoss(reason=reason))).answer

    return _show(work, as_json=as_json)


def _show(work: Callable[[Onhand], Awaitable[answers.Transfer]], *, as_json: bool) -> int:
    transfer = opening.run(work)
    if as_json:
        show_json(msgspec.to_builtins(transfer))
        return 0
    show(f"transfer {transfer.transfer_id} from {transfer.from_} to {transfer.to}: {transfer.status}")
    rows = [[x.sku, x.quantity, x.received, x.cancelled, x.lost] for x in transfer.lines]
    columns = ["sku", "quantity", "received", "cancelled", "lost"]
    show_table(columns, [list(row) for row in rows], right=tuple(columns[1:]))
    return 0
