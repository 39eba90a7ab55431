"""Lead times, agreed and measured, of the suppliers of products."""

from collections.abc import Sequence
from typing import Protocol

from onhand.db import queries_lead_time as q
from onhand.db.query import Connection
from onhand.domain.ids import Id
from onhand.domain.lead_time import LeadTime
from onhand.services.calendars import public_holidays


class SupplierTerms(Protocol):
    """What of a supplier decides when an order comes."""

    @property
    def lead_time_in(self) -> str: ...
    @property
    def measured_after_receipts(self) -> int: ...
    @property
    def country(self) -> str | None: ...
    @property
    def holiday_region(self) -> str | None: ...


async def of_products(
    connection: Connection, products: Sequence[Id], supplier: Id | None = None
) -> dict[tuple[Id, Id], LeadTime]:
    """(supplier, product) → lead time, for each that is sold; of one supplier, or of all. Raises psycopg.Error."""
    rows = await q.READ_LEAD_TIMES.all(connection, product_ids=sorted(set(products)), supplier_id=supplier)
    return {(row.supplier_id, row.product_id): lead_time(row, row.lead_time_days, row.took_days) for row in rows}


def lead_time(supplier: SupplierTerms, agreed_days: int, took_days: Sequence[int] | None) -> LeadTime:
    """From the rows of supplier, supplier_product and measured_lead_time."""
    return LeadTime(
        agreed_days,
        supplier.lead_time_in == "working_days",
        supplier.measured_after_receipts,
        took_days or (),
        public_holidays(supplier.country, supplier.holiday_region),
    )
