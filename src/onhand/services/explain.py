"""Why a number is what it is: for the engineer on call."""

from onhand.db import queries_ledger, queries_reservation
from onhand.services import answers, levels
from onhand.services.context import CELL, Onhand
from onhand.services.ledger import entry
from onhand.services.names import product_named
from onhand.services.products import get as get_product

RESERVATIONS_MAX = 200
OPERATIONS_MAX = 50
SUMMED = ("on_hand", "reserved", "backordered", "available", "incoming", "damaged", "quality_control", "set_aside")


async def explain(onhand: Onhand, sku: str) -> answers.Explanation:
    """Levels, who holds what, and the last operations of a product. Raises Unknown."""
    product = await get_product(onhand, sku)
    product_id = await product_named(onhand, sku)
    found = (await levels.find(onhand, sku=sku, limit=1_000)).items
    async with onhand.pool.connection() as connection:
        held = await queries_reservation.READ_OPEN_LINES_OF_PRODUCT.all(
            connection, cell=CELL, product_id=product_id, row_limit=RESERVATIONS_MAX + 1
        )
        last = await queries_ledger.LIST_LEDGER_OF_PRODUCT.all(
            connection,
            cell=CELL,
            product_id=product_id,
            warehouse_id=None,
            type=None,
            reference_id=None,
            operation_id=None,
            from_time=None,
            to_time=None,
            before=None,
            row_limit=OPERATIONS_MAX,
        )
    return answers.Explanation(
        sku=product.sku,
        product_id=product.product_id,
        name=product.name,
        selling=product.selling,
        totals={name: sum(getattr(level, name) for level in found) for name in SUMMED},
        levels=found,
        reservations=[answers.OpenReservation(str(row.reservation_id), *row[1:]) for row in held[:RESERVATIONS_MAX]],
        reservations_complete=len(held) <= RESERVATIONS_MAX,
        last_operations=[entry(row) for row in last],
    )
