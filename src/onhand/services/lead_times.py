"""Lead times, agreed and measured, of the suppliers of products."""

from collections.abc import Sequence

from onhand.db import queries_lead_time as q
from onhand.db.query import Connection
from onhand.domain.ids import Id
from onhand.domain.lead_time import LeadTime


async def of_products(
    connection: Connection, products: Sequence[Id], supplier: Id | None = None
) -> dict[tuple[Id, Id], LeadTime]:
    """(supplier, product) → lead time, for each that is sold; of one supplier, or of all. Raises psycopg.Error."""
    rows = await q.READ_LEAD_TIMES.all(connection, product_ids=sorted(set(products)), supplier_id=supplier)
    return {(row.supplier_id, row.product_id): lead_time(*row[2:]) for row in rows}


def lead_time(
    agreed_days: int, lead_time_in: str, measured_after_receipts: int, took_days: Sequence[int] | None
) -> LeadTime:
    """From the columns of supplier_product, supplier and measured_lead_time."""
    return LeadTime(agreed_days, lead_time_in == "working_days", measured_after_receipts, took_days or ())
