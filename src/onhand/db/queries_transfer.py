"""The queries of transfers, with the types of their rows."""

from datetime import datetime
from typing import NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class TransferRow(NamedTuple):
    transfer_id: Id
    from_warehouse_id: Id
    to_warehouse_id: Id
    status: str
    created_at: datetime
    created_by: str


class TransferLineRow(NamedTuple):
    transfer_id: Id
    line: int
    product_id: Id
    quantity: int
    received: int
    cancelled: int
    lost: int


class TransferIdRow(NamedTuple):
    transfer_id: Id


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


READ_TRANSFERS = Query("read_transfers", TransferRow)
READ_TRANSFER_LINES = Query("read_transfer_lines", TransferLineRow)
INSERT_TRANSFERS = Statement("insert_transfers")
UPDATE_TRANSFERS = Statement("update_transfers")
INSERT_TRANSFER_LINES = Statement("insert_transfer_lines")
UPDATE_TRANSFER_LINES = Statement("update_transfer_lines")
FIND_TRANSFERS = Query("find_transfers", TransferIdRow)
FIND_LOSS_DIFFERENCES = Query("find_loss_differences", LossDifferenceRow)
EXPORT_TRANSFERS = Query("export_transfers", ExportedTransferRow)
