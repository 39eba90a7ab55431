"""The queries that prove the books, with the types of their rows."""

from datetime import datetime
from typing import Any, NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class LedgerDifferenceRow(NamedTuple):
    product_id: Id
    warehouse_id: Id
    level_on_hand: int
    ledger_on_hand: int
    level_reserved: int
    ledger_reserved: int
    level_version: int
    ledger_version: int


class ReservationDifferenceRow(NamedTuple):
    product_id: Id
    warehouse_id: Id
    level_reserved: int
    open_reserved: int
    level_backordered: int
    open_backordered: int


class StatusDifferenceRow(NamedTuple):
    reservation_id: Id
    status: str
    open: int


class ChainBreakRow(NamedTuple):
    product_id: Id
    warehouse_id: Id
    version: int
    type: str
    quantity: int
    on_hand: int
    reserved: int
    before_version: int
    before_on_hand: int
    before_reserved: int


class LimitBreakRow(NamedTuple):
    product_id: Id
    warehouse_id: Id
    on_hand: int
    reserved: int
    backordered: int
    backorder_limit: int | None


class OrphanRow(NamedTuple):
    operation_id: Id
    entries: int


class ProvedRow(NamedTuple):
    levels: int
    ledger_rows: int
    reservations: int
    on_hand: int
    reserved: int
    backordered: int


class LastEntryRow(NamedTuple):
    txn_id: Id
    operation_id: Id
    type: str
    quantity: int
    on_hand: int
    reserved: int
    version: int
    reason: str | None
    created_at: datetime
    created_by: str


class LevelSumsRow(NamedTuple):
    ledger_on_hand: int
    ledger_reserved: int
    ledger_version: int
    open_reserved: int
    open_backordered: int
    ledger_damaged: int
    ledger_quality_control: int
    ledger_set_aside: int


class GuardRow(NamedTuple):
    guards: int


class ReportRow(NamedTuple):
    report: dict[str, Any]


FIND_LEDGER_DIFFERENCES = Query("find_ledger_differences", LedgerDifferenceRow)
FIND_RESERVATION_DIFFERENCES = Query("find_reservation_differences", ReservationDifferenceRow)
FIND_STATUS_DIFFERENCES = Query("find_status_differences", StatusDifferenceRow)
FIND_CHAIN_BREAKS = Query("find_chain_breaks", ChainBreakRow)
FIND_LIMIT_BREAKS = Query("find_limit_breaks", LimitBreakRow)
FIND_ORPHANED_LEDGER = Query("find_orphaned_ledger", OrphanRow)
COUNT_PROVED = Query("count_proved", ProvedRow)
READ_LAST_ENTRIES = Query("read_last_entries", LastEntryRow)
SUM_LEVEL = Query("sum_level", LevelSumsRow)
READ_LEDGER_GUARD = Query("read_ledger_guard", GuardRow)
INSERT_RECONCILIATION = Statement("insert_reconciliation")
READ_LAST_RECONCILIATION = Query("read_last_reconciliation", ReportRow)
