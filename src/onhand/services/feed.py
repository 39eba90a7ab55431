"""The feed of events: CloudEvents 1.0 in an order in which a reader who goes on after an event misses none."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from onhand.db import queries_event as q
from onhand.db.arrays import Ids, Texts
from onhand.db.query import Connection
from onhand.domain.ids import Id
from onhand.domain.limits import EVENTS_PLACED_MAX, PAGE_DEFAULT_ROWS
from onhand.services import answers
from onhand.services.context import CELL, Onhand
from onhand.services.names import labels, parse_id

SOURCE = "/onhand"
TYPES = {
    "reservation.short": "A count or a loss left units of a reservation without stock.",
    "reservation.covered": "New stock covers units of a reservation that had none.",
    "reservation.expired": "A hold ran out and gave its stock back.",
    "level.below_threshold": "What lies on a level, less what is owed, fell below its reorder_threshold.",
    "promise.moved": "Units that wait for stock ship on other days than was known.",
    "webhook.test": "Somebody asked for a test of a webhook.",
}


class Happened(Protocol):
    @property
    def event_id(self) -> Id: ...
    @property
    def type(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def data(self) -> dict[str, Any]: ...


async def find(onhand: Onhand, after: str | None = None, limit: int = PAGE_DEFAULT_ROWS) -> answers.Page:
    """Oldest first, those after an event's id. What was committed before the question is in it. Raises Invalid."""
    last = parse_id(after, "after") if after else None
    await place(onhand)
    async with onhand.pool.connection() as connection:
        position = await position_of(connection, last)
        rows = await q.LIST_EVENTS.all(connection, cell=CELL, after=position, row_limit=limit + 1)
    items = await clouds(onhand, rows[:limit])
    return answers.Page(items, items[-1]["id"] if len(rows) > limit else None)


async def position_of(connection: Connection, event: Id | None) -> int:
    """Where the feed goes on after this event; None = its beginning."""
    row = None if event is None else await q.FIND_EVENT_POSITION.first(connection, cell=CELL, event_id=event)
    return 0 if row is None else row.goes_on_after


async def place(onhand: Onhand) -> int:
    """Give events their place in the feed, and webhooks the events that they want; return how many events.

    Events of transactions that run meanwhile come behind. May run anywhere, many at once: one waits for the other.
    """
    placed = 0
    while True:
        async with onhand.pool.connection() as connection:
            look = await q.LOOK_FOR_UNPLACED_EVENTS.first(connection, cell=CELL)
            if look is None or not look.unplaced:
                return placed
            async with connection.transaction():
                placed += await _place(connection, onhand.now())


async def _place(connection: Connection, now: datetime) -> int:
    feed = await q.LOCK_EVENT_FEED.first(connection, cell=CELL)
    position = 0 if feed is None else feed.position
    rows = await q.PLACE_EVENTS.all(connection, cell=CELL, position=position, row_limit=EVENTS_PLACED_MAX)
    if not rows:
        return 0
    await q.MOVE_EVENT_FEED.run(connection, cell=CELL, position=position + len(rows))
    await q.INSERT_DELIVERIES.run(
        connection,
        cell=CELL,
        now=now,
        event_ids=Ids([row.event_id for row in rows]),
        types=Texts([row.type for row in rows]),
        subjects=Texts([row.subject for row in rows]),
    )
    return len(rows)


async def clouds(onhand: Onhand, rows: Sequence[Happened]) -> list[dict[str, Any]]:
    """As CloudEvents: ids of products and warehouses come with their names."""
    products = {Id.parse(row.data["product_id"]) for row in rows if "product_id" in row.data}
    places = {Id.parse(row.data["warehouse_id"]) for row in rows if "warehouse_id" in row.data}
    names = await labels(onhand, products, places)
    told = []
    for row in rows:
        data = dict(row.data)
        if row.type.startswith("reservation."):
            data.setdefault("reservation_id", row.subject)
        if "product_id" in data:
            data["sku"] = names.sku[Id.parse(data["product_id"])]
        if "warehouse_id" in data:
            data["warehouse"] = names.warehouse[Id.parse(data["warehouse_id"])]
        told.append(
            {
                "specversion": "1.0",
                "id": str(row.event_id),
                "source": SOURCE,
                "type": row.type,
                "subject": row.subject,
                "time": row.created_at,
                "datacontenttype": "application/json",
                "data": data,
            }
        )
    return told
