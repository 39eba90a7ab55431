"""The queries of lead times with the types of their rows."""

from typing import NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class LeadTimeRow(NamedTuple):
    supplier_id: Id
    product_id: Id
    lead_time_days: int
    lead_time_in: str
    measured_after_receipts: int
    country: str | None
    holiday_region: str | None
    took_days: list[int]


PUT_LEAD_TIMES = Statement("put_lead_times")
READ_LEAD_TIMES = Query("read_lead_times", LeadTimeRow)
