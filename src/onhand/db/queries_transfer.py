"""The queries of what became of transfers, with the types of their rows."""

from datetime import datetime
from typing import NamedTuple

from onhand.db.query import Query
from onhand.domain.ids import Id


class LossDifferenceRow(NamedTuple):
    transfer: str | None
    product_id: Id
    warehouse_id: Id
    transfer_lost: int
    ledger_lost: int


class ExportedTransferRow(NamedTuple):
    transfer_id: Id
    status: str
    from_warehouse: str
    to_warehouse: str
    line: int
    sku: str
    quantity: int
    open: int
    received: int
    cancelled: int
    lost: int
    created_at: datetime
    created_by: str


FIND_LOSS_DIFFERENCES = Query("find_loss_differences", LossDifferenceRow)
EXPORT_TRANSFERS = Query("export_transfers", ExportedTransferRow)
