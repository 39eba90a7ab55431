"""The sold-out gate: when a flash sale is over, its shoppers are refused without a lock on its level.

Only an order of one line, for what this process has itself seen to be sold out within the last SOLD_OUT_KNOWN_S
seconds, by the lock of a batch or by a read: the level where the line names a warehouse, else all levels of the
product. That is a hint and no more. The refusal rests on a read that began after the order came, one for all who wait
for it: whoever was told of a release or a receipt, by whichever process, is never refused for what was before it. In
any doubt the engine decides; what it sees, sold out or not, is the next hint.

Without an Idempotency-Key the refusal costs no transaction of its own. With one it is kept under the key first, those
of all who wait at the same moment in one INSERT (onhand.engine.refusing); a key that has another outcome gets that one.
"""

import time
from functools import lru_cache

from onhand.cache import metrics
from onhand.domain.commands import Reserve
from onhand.domain.errors import DomainError, InsufficientStock, Shortage
from onhand.domain.ids import Id
from onhand.domain.limits import SOLD_OUT_KNOWN_S
from onhand.engine.job import Answer, Done
from onhand.services.context import Onhand
from onhand.services.submitting import Submission


def enqueue(onhand: Onhand, made: Submission, done: Done) -> None:
    """As the engine's. What looks sold out is looked at once more, and then refused, or else the engine's affair.

    Raises Overloaded: nothing has changed, and done is not called.
    """
    came_s = time.monotonic()
    command = made.command
    sku = _sold_out(onhand, command, came_s - SOLD_OUT_KNOWN_S, surely=False) if isinstance(command, Reserve) else None
    if sku is None:
        onhand.engine.enqueue(made.command, made.key, done)
        return

    def confirmed() -> None:
        refusal = None
        if isinstance(command, Reserve) and _sold_out(onhand, command, came_s, surely=True) is not None:
            [line] = command.lines
            refusal = _refusal(line.product, line.warehouse, line.quantity)
            metrics.GATE.inc()
        try:
            onhand.engine.enqueue(made.command, made.key, done, refusal)
        except DomainError as error:
            done(Answer(error))

    onhand.display.confirm(sku, confirmed)


def _sold_out(onhand: Onhand, command: Reserve, since_s: float, *, surely: bool) -> str | None:
    """The SKU of the order's one line, if that is known to have been sold out at a moment after since_s."""
    if len(command.lines) != 1 or command.allow_partial:
        return None
    line = command.lines[0]
    directory, display = onhand.directory, onhand.display
    if line.warehouse is None:
        there = any(warehouse.active for warehouse in directory.by_id.values())
        sold_out = there and display.is_sold_out_everywhere(line.product, since_s, surely=surely)
    else:
        warehouse = directory.by_id.get(line.warehouse)
        there = warehouse is not None and warehouse.active
        sold_out = there and display.is_sold_out((line.product, line.warehouse), since_s)
    return directory.sku_of.get(line.product) if sold_out else None


@lru_cache(maxsize=1_024)
def _refusal(product: Id, warehouse: Id | None, quantity: int) -> InsufficientStock:
    """Shared by all who are refused alike: copy before raising."""
    return InsufficientStock([Shortage(0, product, warehouse, quantity, 0)], 1)
