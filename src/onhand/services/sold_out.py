"""The sold-out gate: when a flash sale is over, its shoppers are refused without a lock on its level.

Only in a crowd (onhand.services.crowd): while few ask, the engine decides, which is exact in every process at every
moment. And only an order of one line, for what this process has itself seen to be sold out within the last
SOLD_OUT_KNOWN_S seconds, by the lock of a batch or by a read: the level where the line names a warehouse, else all
levels of the product. While orders keep coming it is read again before that time is over. In any doubt the engine
decides; what it sees, sold out or not, is the next news. A commit in this process is known at once: a release opens the
gate with its answer.

Without an Idempotency-Key the refusal costs no transaction at all. With one it is kept under the key first, those of
all who wait at the same moment in one INSERT (onhand.engine.refusing); a key that has another outcome gets that one.
"""

from functools import lru_cache

from onhand.domain.commands import Reserve
from onhand.domain.errors import InsufficientStock, Shortage
from onhand.domain.ids import Id
from onhand.services.context import Onhand


def refusal(onhand: Onhand, command: Reserve) -> InsufficientStock | None:
    """As the engine would have it; None: ask the engine. Shared by all who are refused alike: copy before raising."""
    if len(command.lines) != 1 or command.allow_partial:
        return None
    line = command.lines[0]
    directory, display = onhand.directory, onhand.display
    sku = directory.sku_of.get(line.product)
    if sku is None:
        return None
    if line.warehouse is None:
        if not display.is_sold_out_everywhere(line.product, sku) or not any(w.active for w in directory.by_id.values()):
            return None
    else:
        warehouse = directory.by_id.get(line.warehouse)
        if warehouse is None or not warehouse.active or not display.is_sold_out((line.product, line.warehouse), sku):
            return None
    return _refusal(line.product, line.warehouse, line.quantity)


@lru_cache(maxsize=1_024)
def _refusal(product: Id, warehouse: Id | None, quantity: int) -> InsufficientStock:
    return InsufficientStock([Shortage(0, product, warehouse, quantity, 0)], 1)
