"""Levels: what lies where, and the settings of each."""

from msgspec import UNSET

from onhand.db import queries_alert as alert
from onhand.db import queries_level as q
from onhand.domain.errors import FieldProblem, Invalid
from onhand.domain.ids import Id
from onhand.domain.limits import PAGE_DEFAULT_ROWS
from onhand.services import answers
from onhand.services.context import CELL, Onhand
from onhand.services.names import either, product_named, warehouse_named
from onhand.services.requests import LevelSettings


async def put(onhand: Onhand, sku: str, warehouse: str, settings: LevelSettings) -> answers.Level:
    """Set what is given; quantities never change here. Raises Unknown."""
    product_id = await product_named(onhand, sku)
    warehouse_id = (await warehouse_named(onhand, warehouse)).warehouse_id
    given = {name: getattr(settings, name) for name in settings.__struct_fields__}
    async with onhand.pool.connection() as connection, connection.transaction():
        await q.SET_LEVEL.first(
            connection,
            cell=CELL,
            product_id=product_id,
            warehouse_id=warehouse_id,
            **{name: None if value is UNSET else value for name, value in given.items()},
            **{f"set_{name}": value is not UNSET for name, value in given.items()},
        )
        await alert.REFRESH_ALERTS.run(connection, cell=CELL, product_ids=[product_id], warehouse_ids=[warehouse_id])
        rows = await q.LIST_LEVELS.all(
            connection,
            product_id=product_id,
            warehouse_id=warehouse_id,
            below_threshold=False,
            after_product=None,
            after_warehouse=None,
            row_limit=1,
        )
    onhand.display.forget(product_id)
    return _answer(rows[0])


async def find(
    onhand: Onhand,
    *,
    sku: str | None = None,
    product_id: str | None = None,
    warehouse: str | None = None,
    warehouse_id: str | None = None,
    below_threshold: bool = False,
    limit: int = PAGE_DEFAULT_ROWS,
    cursor: str | None = None,
) -> answers.Page:
    """Levels of a product, of a warehouse, below their threshold, or all. Raises Unknown, Invalid."""
    after = _cursor(cursor)
    product, place = either(sku, product_id, "sku"), either(warehouse, warehouse_id, "warehouse")
    async with onhand.pool.connection() as connection:
        rows = await q.LIST_LEVELS.all(
            connection,
            product_id=await product_named(onhand, product) if product is not None else None,
            warehouse_id=(await warehouse_named(onhand, place)).warehouse_id if place is not None else None,
            below_threshold=below_threshold,
            after_product=after[0],
            after_warehouse=after[1],
            row_limit=limit + 1,
        )
    following = f"{rows[limit - 1].product_id}.{rows[limit - 1].warehouse_id}" if len(rows) > limit else None
    return answers.Page([_answer(row) for row in rows[:limit]], following)


def _cursor(cursor: str | None) -> tuple[Id | None, Id | None]:
    if cursor is None:
        return None, None
    try:
        product, warehouse = cursor.split(".")
        return Id.parse(product), Id.parse(warehouse)
    except ValueError:
        detail = "Use the next_cursor of an earlier page."
        raise Invalid([FieldProblem("cursor", "INVALID_VALUE", detail)]) from None


def _answer(row: q.LevelRow) -> answers.Level:
    return answers.Level(**{name: getattr(row, name) for name in answers.Level.__struct_fields__})
