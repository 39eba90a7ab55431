"""The queries of cycle counts with the types of their rows."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class CountRow(NamedTuple):
    count_id: Id
    warehouse_id: Id
    status: str
    approval_limit: int | None
    approved_by: str | None
    created_at: datetime
    created_by: str
    posted_at: datetime | None
    approval_value: str | None
    currency: str | None


class CountLineRow(NamedTuple):
    count_id: Id
    line: int
    product_id: Id
    expected: int
    expected_version: int
    counted: int | None
    book: int | None
    book_version: int | None
    unit_cost: str | None


class CountIdRow(NamedTuple):
    count_id: Id


class CountedLevelRow(NamedTuple):
    product_id: Id


class ExportedCountRow(NamedTuple):
    count_id: Id
    status: str
    warehouse: str
    line: int
    sku: str
    expected: int
    moved: int | None
    counted_quantity: int | None
    variance: int | None
    unit_cost: str | None
    variance_value: Decimal | None
    currency: str | None
    approved_by: str | None
    created_at: datetime
    created_by: str
    posted_at: datetime | None


INSERT_COUNT = Statement("insert_count")
INSERT_COUNT_LINES = Statement("insert_count_lines")
LOCK_COUNT = Query("lock_count", CountRow)
READ_COUNTS = Query("read_counts", CountRow)
READ_COUNT_LINES = Query("read_count_lines", CountLineRow)
FIND_COUNTS = Query("find_counts", CountIdRow)
SHARE_COUNTED_LEVELS = Query("share_counted_levels", CountedLevelRow)
RECORD_COUNTS = Statement("record_counts")
APPROVE_COUNT = Statement("approve_count")
END_COUNT = Statement("end_count")
EXPORT_COUNTS = Query("export_counts", ExportedCountRow)
