"""Stock as the pages list and search it: every page is a walk along an index that stops when it is full.

A query is the beginning of a SKU, or beginnings of words of the name: first the products whose SKU begins so, then
those whose name has the words. Common words are found by walking the SKUs, rare ones by the full-text index.
"""

import re
from typing import NamedTuple

from onhand.db import queries_stock_page as q
from onhand.db.query import Connection
from onhand.domain.errors import FieldProblem, Invalid
from onhand.domain.ids import Id
from onhand.services import answers
from onhand.services.context import CELL, Onhand
from onhand.services.names import parse_id, warehouse_named

SHOWN = ("all", "below", "backordered", "none")  # all, or the kind of an alert that a level has
ORDERS = ("sku", "name", "newest")
WALKED = 2_500  # products, or alerts, looked at before the full-text index is asked
LAST = "\U0010ffff"  # No text that begins like this one comes after it.
_WORD = re.compile(r"\w+")
_BREAK = "\x1f"  # in no name and no SKU

Found = list[q.FoundProductRow]


class Asked(NamedTuple):
    """What is looked for. kind: of an alert, None for all; place: only there, None for everywhere."""

    query: str
    place: Id | None
    kind: str | None
    rows: int

    @property
    def prefix(self) -> str:
        return self.query.upper()

    @property
    def words(self) -> str:
        return " & ".join(f"{word}:*" for word in _WORD.findall(self.query))

    @property
    def alert(self) -> dict[str, object]:
        return {"cell": CELL, "kind": self.kind, "warehouse_id": self.place}


async def search(
    onhand: Onhand,
    *,
    query: str = "",
    warehouse: str = "",
    shown: str = "all",
    order: str = "sku",
    limit: int = 50,
    cursor: str | None = None,
) -> answers.Page:
    """Products with what lies in all warehouses or in one. A query and what is not `all` come in SKU order.

    shown: one of SHOWN: products of which a level (in this warehouse) is below its threshold, owed, or empty.
    order: one of ORDERS. Raises Unknown, Invalid.
    """
    place = (await warehouse_named(onhand, warehouse)).warehouse_id if warehouse else None
    asked = Asked(query.strip(), place, None if shown == "all" else shown, limit + 1)
    async with onhand.pool.connection() as connection:
        if asked.query:
            found, ends = await _matching(connection, asked, cursor)
        elif asked.kind is not None:
            found, ends = await _alerted(connection, asked, cursor)
        else:
            found, ends = await _listed(connection, asked, order, cursor)
        ids = [row.product_id for row in found[:limit]]
        rows = await q.READ_STOCK_OF_PRODUCTS.all(connection, cell=CELL, product_ids=ids, warehouse_id=place)
    return answers.Page(rows, ends[limit - 1] if len(found) > limit else None)


async def _listed(connection: Connection, asked: Asked, order: str, cursor: str | None) -> tuple[Found, list[str]]:
    if order == "name":
        name, _, sku = (cursor or "").partition(_BREAK)
        found = await q.PAGE_PRODUCTS_BY_NAME.all(connection, after_name=name, after_sku=sku, row_limit=asked.rows)
        return found, [f"{row.name}{_BREAK}{row.sku}" for row in found]
    if order == "newest":
        before = parse_id(cursor, "cursor") if cursor else Id(b"\xff" * 16)
        found = await q.PAGE_PRODUCTS_BY_AGE.all(connection, before=before, row_limit=asked.rows)
        return found, [str(row.product_id) for row in found]
    found = await q.PAGE_PRODUCTS_BY_SKU.all(connection, after_sku=cursor or None, row_limit=asked.rows)
    return found, [row.sku for row in found]


async def _alerted(connection: Connection, asked: Asked, cursor: str | None) -> tuple[Found, list[str]]:
    after = {"after_sku": cursor or None, "row_limit": asked.rows}
    if asked.place is None:
        found = await q.PAGE_PRODUCTS_OF_ALERT_ANYWHERE.all(connection, cell=CELL, kind=asked.kind, **after)
    else:
        found = await q.PAGE_PRODUCTS_OF_ALERT.all(connection, **asked.alert, **after)
    return found, [row.sku for row in found]


async def _matching(connection: Connection, asked: Asked, cursor: str | None) -> tuple[Found, list[str]]:
    """The cursor is the letter of its part, p or w, and the last SKU."""
    part, last = (cursor[:1], cursor[1:]) if cursor else ("p", "")
    if part not in ("p", "w"):
        raise Invalid([FieldProblem("cursor", "INVALID_VALUE", "Use the next_cursor of an earlier page.")])
    found: Found = []
    ends: list[str] = []
    if part == "p":
        found = await _by_prefix(connection, asked, last or None)
        ends = [f"p{row.sku}" for row in found]
        last = ""
    if len(found) < asked.rows and asked.words:
        more = await _by_words(connection, asked._replace(rows=asked.rows - len(found)), last or None)
        found += more
        ends += [f"w{row.sku}" for row in more]
    return found, ends


async def _by_prefix(connection: Connection, asked: Asked, after: str | None) -> Found:
    low = after.upper() if after else asked.prefix
    bounds = {"low": low, "high": asked.prefix + LAST, "after_sku": after, "row_limit": asked.rows}
    if asked.kind is None:
        return await q.FIND_PRODUCTS_BY_PREFIX.all(connection, **bounds)
    return await q.FIND_ALERTS_BY_PREFIX.all(connection, **asked.alert, **bounds)


async def _by_words(connection: Connection, asked: Asked, after: str | None) -> Found:
    wanted = {"words": asked.words, "prefix": asked.prefix, "after_sku": after, "row_limit": asked.rows}
    if asked.kind is None:
        found = await q.WALK_PRODUCTS_BY_WORDS.all(connection, walk_limit=WALKED, **wanted)
    else:
        found = await q.WALK_ALERTS_BY_WORDS.all(connection, walk_limit=WALKED, **asked.alert, **wanted)
    if len(found) == asked.rows:
        return found
    return await q.FIND_PRODUCTS_BY_WORDS.all(connection, **asked.alert, **wanted)
