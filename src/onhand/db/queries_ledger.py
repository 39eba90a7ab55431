"""The queries of operations and of the ledger with the types of their rows."""

from datetime import datetime
from typing import NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class OperationIdRow(NamedTuple):
    operation_id: Id


class LedgerRow(NamedTuple):
    txn_id: Id
    operation_id: Id
    type: str
    sku: str
    warehouse: str
    quantity: int
    on_hand: int
    reserved: int
    reason: str | None
    reference_type: str | None
    reference_id: str | None
    created_at: datetime
    created_by: str
    states: dict[str, int] | None


INSERT_OPERATIONS = Statement("insert_operations")
FIND_OPERATIONS = Query("find_operations", OperationIdRow)
INSERT_LEDGER = Statement("insert_ledger")
LIST_LEDGER = Query("list_ledger", LedgerRow)
LIST_LEDGER_OF_PRODUCT = Query("list_ledger_of_product", LedgerRow)
