"""The rules of routing: which are on, in which order. Kept in the database, read by every process once a second."""

from datetime import datetime

import msgspec

from onhand.db import queries_routing as q
from onhand.domain.errors import FieldProblem, Invalid
from onhand.domain.routing import Rule, rules_of
from onhand.services.context import Onhand
from onhand.services.requests import RoutingRules


class Setting(msgspec.Struct):
    """rules: asked in this order; off: those that are not asked; nobody has set them where updated_by is null."""

    rules: list[Rule]
    off: list[Rule]
    updated_at: datetime | None = None
    updated_by: str | None = None


async def get(onhand: Onhand) -> Setting:
    """As the database has them. Raises psycopg.Error."""
    async with onhand.pool.connection() as connection:
        row = await q.READ_ROUTING_SETTING.first(connection)
    rules = rules_of(row.rules if row is not None else None)
    off = [rule for rule in Rule if rule not in rules]
    return Setting(list(rules), off) if row is None else Setting(list(rules), off, row.updated_at, row.updated_by)


async def put(onhand: Onhand, actor: str, request: RoutingRules) -> Setting:
    """Order and switch them, for the orders of all processes from now on. Raises Invalid, psycopg.Error."""
    for index, rule in enumerate(request.rules):
        if rule in request.rules[:index]:
            detail = f"{rule} stands there already."
            raise Invalid([FieldProblem(f"rules[{index}]", "INVALID_VALUE", detail)])
    async with onhand.pool.connection() as connection, connection.transaction():
        rules = [str(rule) for rule in request.rules]
        await q.PUT_ROUTING_SETTING.run(connection, rules=rules, now=onhand.now(), actor=actor)
        await q.MOVE_WAREHOUSE_REVISION.run(connection)
    await onhand.directory.read_warehouses()
    return await get(onhand)
