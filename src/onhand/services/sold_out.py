"""The sold-out gate: when a flash sale is over, its shoppers are refused without a transaction.

Only an order of one line with its warehouse named and without an Idempotency-Key (the same key gives the same answer:
only the engine can promise that), on a level that this process has itself seen to be sold out within the last
SOLD_OUT_KNOWN_S seconds, by the lock of a batch or by a read. In any doubt the engine decides; what it sees, sold out
or not, is the next news. A commit in this process is known at once: a release opens the gate with its answer.
"""

from onhand.domain.commands import Reserve
from onhand.domain.errors import InsufficientStock, Shortage
from onhand.services.context import Onhand


def must_not_be(onhand: Onhand, command: Reserve) -> None:
    """Raises InsufficientStock, as the engine does."""
    if len(command.lines) != 1 or command.allow_partial:
        return
    line = command.lines[0]
    if line.warehouse is None:
        return
    warehouse = onhand.directory.by_id.get(line.warehouse)
    if warehouse is None or not warehouse.active:
        return
    if onhand.display.is_sold_out((line.product, line.warehouse)):
        raise InsufficientStock([Shortage(0, line.product, line.warehouse, line.quantity, 0)], 1)
