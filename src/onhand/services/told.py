"""What was promised to those who wait, whether it still holds, and what became of it when it does not.

Promises are derived (ADR 10); what was told first is not. A job writes it down for each line that waits, and compares:
when a day moves, the row follows and an event says why. Reserving stock asks for nothing of it.
"""

import time
from collections.abc import Sequence
from datetime import date, datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from onhand.db import queries_event
from onhand.db import queries_told as q
from onhand.db.arrays import Ids, Ints, Texts
from onhand.db.query import Connection
from onhand.domain.commands import USUAL_PRIORITY
from onhand.domain.errors import FieldProblem, Invalid
from onhand.domain.ids import Id
from onhand.domain.level import Level
from onhand.domain.limits import (
    AVAILABILITY_FETCH_MAX_SKUS,
    PAGE_DEFAULT_ROWS,
    PROMISES_LONG_LOOK_S,
    PROMISES_READ_MAX_LINES,
    PROMISES_REST,
)
from onhand.engine.engine import new_id
from onhand.services import answers
from onhand.services.calendars import Place
from onhand.services.context import CELL, Onhand
from onhand.services.names import product_named, warehouse_named
from onhand.services.outlook import Product, read_products
from onhand.services.promises import Waiting

MOVED = "promise.moved"
UNSTEADY = ("quantity", "overdue_days")  # of the evidence: they change without any promise being another
FRONT = (0, Id(bytes(16)), -1)  # before whoever stands first in a queue
DAY, DAY_OF = "expected_arrival_date", {"release_date": "release_date"}  # by type of evidence
SOURCES = ("purchase_order_id", "transfer_id")


class Told(NamedTuple):
    """What has become of the promise to one who waits."""

    row: q.ToldRow
    ships_from: date | None
    ships_to: date | None
    evidence: list[dict[str, Any]]

    @property
    def moved(self) -> bool:
        """Whether other days are true now than those that were known last."""
        return self.row.evidence is not None and (self.ships_from, self.ships_to) != (
            self.row.ships_from,
            self.row.ships_to,
        )


class Follower:
    """The job of one process. It remembers on what the promises of each product rested when it last looked."""

    def __init__(self) -> None:
        self._seen: dict[Id, bytes] = {}
        self._rests_until_s: dict[Id, float] = {}  # after a long look, so that one long queue is not all that is read

    async def follow(self, onhand: Onhand) -> int:
        """Write down what is told to those who wait, and tell what has moved; return how many promises were written.

        May run in several processes, be killed, and be run again: each product is done in a transaction of its own.
        Raises psycopg.Error.
        """
        places = await onhand.outlook.calendars.places()
        async with onhand.pool.connection() as connection:
            waiting = [row.product_id for row in await q.READ_WAITING_PRODUCTS.all(connection, cell=CELL)]
        for gone in self._seen.keys() - set(waiting):
            del self._seen[gone]
            self._rests_until_s.pop(gone, None)
        written = 0
        for start in range(0, len(waiting), AVAILABILITY_FETCH_MAX_SKUS):
            part = waiting[start : start + AVAILABILITY_FETCH_MAX_SKUS]
            async with onhand.pool.connection() as connection:
                products = await read_products(connection, onhand.directory, CELL, part)
                turns = dict(
                    await q.READ_OUT_OF_TURN.all(connection, cell=CELL, product_ids=part, usual=USUAL_PRIORITY)
                )
            for id_, product in products.items():
                seen = _fingerprint(product, turns.get(id_, 0), places, onhand.now())
                began_s = time.monotonic()
                if self._seen.get(id_) == seen or self._rests_until_s.get(id_, began_s) > began_s:
                    continue
                done = await _follow_product(onhand, id_, places)
                took_s = time.monotonic() - began_s
                if took_s > PROMISES_LONG_LOOK_S:
                    self._rests_until_s[id_] = began_s + took_s * PROMISES_REST
                else:
                    self._rests_until_s.pop(id_, None)
                if done is not None:
                    self._seen[id_] = seen
                    written += done
        return written


def _fingerprint(product: Product, turns: int, places: dict[Id, Place], now: datetime) -> bytes:
    """Of all that the promises of a product rest on: what is the same gives the same promises."""
    levels = [(level.warehouse, level.version, level.backordered) for level in product.levels if level.backordered]
    ships = [places[place].calendar.from_stock(places[place].local(now)) for place, _, _ in levels if place in places]
    facts = (levels, turns, ships, now.date(), product[1:6], product.incoming)
    return blake2b(msgspec.msgpack.encode(facts, enc_hook=bytes), digest_size=16).digest()


async def _follow_product(onhand: Onhand, product_id: Id, places: dict[Id, Place]) -> int | None:
    """None: another process is at it."""
    async with onhand.pool.connection() as connection, connection.transaction():
        held = await q.HOLD_PROMISES_OF.first(connection, number=int.from_bytes(product_id[-8:], "big", signed=True))
        if held is None or not held.held:
            return None
        product = (await read_products(connection, onhand.directory, CELL, [product_id])).get(product_id)
        if product is None:
            return None
        written = 0
        for level in product.levels:
            at = places.get(level.warehouse)
            if level.backordered and at is not None:
                written += await _follow_level(onhand, connection, product, level, at)
        await q.DELETE_KEPT_PROMISES.run(connection, cell=CELL, product_id=product_id)
        return written


async def _follow_level(onhand: Onhand, connection: Connection, product: Product, level: Level, at: Place) -> int:
    now = onhand.now()
    waiting = Waiting(product, level, at, now)
    ahead, written, after = 0, 0, FRONT
    while True:
        rows = await q.READ_TOLD_IN_TURN.all(
            connection,
            cell=CELL,
            product_id=level.product,
            warehouse_id=level.warehouse,
            priority=after[0],
            after_id=after[1],
            after_line=after[2],
            row_limit=PROMISES_READ_MAX_LINES,
        )
        told = []
        for row in rows:
            told.append(_told(waiting, ahead, row))
            ahead += row.backordered
        changed = [each for each in told if each.row.evidence != each.evidence or each.moved]
        if changed:
            await _write(connection, product, level, at, changed, now)
        written += len(changed)
        if len(rows) < PROMISES_READ_MAX_LINES:
            return written
        after = rows[-1].priority, rows[-1].reservation_id, rows[-1].line


def _told(waiting: Waiting, ahead: int, row: q.ToldRow) -> Told:
    dated = waiting.dated(ahead, row.backordered)
    if dated is None:
        return Told(row, None, None, [])
    return Told(row, dated.window.first, dated.window.last, [_steady(each) for each in dated.evidence])


def _steady(evidence: dict[str, Any]) -> dict[str, Any]:
    """As it is kept: what JSON makes of it."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in evidence.items()
        if name not in UNSTEADY
    }


async def _write(
    connection: Connection, product: Product, level: Level, at: Place, changed: Sequence[Told], now: datetime
) -> None:
    await q.PUT_PROMISES.run(
        connection,
        cell=CELL,
        product_id=level.product,
        warehouse_id=level.warehouse,
        now=now,
        reservation_ids=Ids([each.row.reservation_id for each in changed]),
        line_numbers=Ints([each.row.line for each in changed]),
        ships_froms=[each.ships_from for each in changed],
        ships_tos=[each.ships_to for each in changed],
        evidences=Texts([msgspec.json.encode(each.evidence).decode() for each in changed]),
    )
    moved = [each for each in changed if each.moved]
    if moved:
        await queries_event.INSERT_EVENTS.run(
            connection,
            cell=CELL,
            now=now,
            event_ids=Ids([new_id() for _ in moved]),
            types=Texts([MOVED] * len(moved)),
            subjects=Texts([str(each.row.reservation_id) for each in moved]),
            datas=Texts([msgspec.json.encode(_event(each, product, level, at)).decode() for each in moved]),
        )


def _event(told: Told, product: Product, level: Level, at: Place) -> dict[str, Any]:
    row = told.row
    first = row.told_to or told.ships_to
    return {
        "reservation_id": str(row.reservation_id),
        "line": row.line,
        "sku": product.sku,
        "warehouse": at.code,
        "product_id": str(level.product),
        "warehouse_id": str(level.warehouse),
        "quantity": row.backordered,
        "ships_from": told.ships_from,
        "ships_to": told.ships_to,
        "before": {"ships_from": row.ships_from, "ships_to": row.ships_to},
        "told": {"ships_from": row.told_from or told.ships_from, "ships_to": first},
        "at_risk": told.ships_to is None or (first is not None and told.ships_to > first),
        "because": _because(row.evidence or [], told.evidence),
        "evidence": told.evidence,
    }


def _because(before: Sequence[dict[str, Any]], now: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Supplies that covered it and are expected on another day, or cover it no more; those that cover it anew."""
    was, comes = {_source(each): each for each in before}, {_source(each): each for each in now}
    causes = []
    for source in dict.fromkeys([*was, *comes]):
        old, new = was.get(source), comes.get(source)
        day, day_before = (None if each is None else each.get(DAY_OF.get(each["type"], DAY)) for each in (new, old))
        if old is None or new is None or day != day_before:
            known = {name: value for name, value in (new or old or {}).items() if name in ("type", *SOURCES)}
            causes.append({**known, "day": day, "was": day_before, "covers": new is not None})
    return causes


def _source(evidence: dict[str, Any]) -> tuple[str, Any]:
    return evidence["type"], next((evidence[name] for name in SOURCES if name in evidence), None)


async def find(
    onhand: Onhand,
    *,
    at_risk: bool = False,
    sku: str | None = None,
    warehouse: str | None = None,
    limit: int = PAGE_DEFAULT_ROWS,
    cursor: str | None = None,
) -> answers.Page:
    """Promises to those who wait now, the oldest reservation first; at_risk: only those that will be broken.

    Raises Unknown, Invalid.
    """
    after = _cursor(cursor)
    given = {
        "cell": CELL,
        "product_id": await product_named(onhand, sku) if sku is not None else None,
        "of_warehouse": (await warehouse_named(onhand, warehouse)).warehouse_id if warehouse is not None else None,
        "after_id": after[0],
        "after_line": after[1],
        "after_warehouse": after[2],
        "row_limit": limit + 1,
    }
    async with onhand.pool.connection() as connection:
        if at_risk:
            rows = await q.LIST_PROMISES_AT_RISK.all(connection, **given)
        else:
            rows = await q.LIST_PROMISES.all(connection, reservation_ids=None, **given)
    last = rows[limit - 1] if len(rows) > limit else None
    following = None if last is None else f"{last.reservation_id}.{last.line}.{last.warehouse_id}"
    return answers.Page([_answer(row) for row in rows[:limit]], following)


def _cursor(cursor: str | None) -> tuple[Id | None, int | None, Id | None]:
    if cursor is None:
        return None, None, None
    try:
        reservation, line, warehouse = cursor.split(".")
        return Id.parse(reservation), int(line), Id.parse(warehouse)
    except ValueError:
        detail = "Use the next_cursor of an earlier page."
        raise Invalid([FieldProblem("cursor", "INVALID_VALUE", detail)]) from None


async def of_reservations(onhand: Onhand, reservations: Sequence[Id]) -> dict[str, list[answers.ToldPromise]]:
    """By reservation, those of which something waits. Raises psycopg.Error."""
    async with onhand.pool.connection() as connection:
        rows = await q.LIST_PROMISES.all(
            connection,
            cell=CELL,
            reservation_ids=list(reservations),
            product_id=None,
            of_warehouse=None,
            after_id=None,
            after_line=None,
            after_warehouse=None,
            row_limit=None,
        )
    found: dict[str, list[answers.ToldPromise]] = {}
    for row in rows:
        found.setdefault(str(row.reservation_id), []).append(_answer(row))
    return found


def _answer(row: q.PromiseRow) -> answers.ToldPromise:
    late = None if row.ships_to is None or row.told_to is None else max(0, (row.ships_to - row.told_to).days)
    return answers.ToldPromise(
        reservation_id=str(row.reservation_id),
        order_id=row.order_id,
        line=row.line,
        sku=row.sku,
        warehouse=row.warehouse,
        quantity=row.quantity,
        told_at=row.told_at,
        told={"ships_from": row.told_from, "ships_to": row.told_to},
        ships_from=row.ships_from,
        ships_to=row.ships_to,
        at_risk=row.at_risk,
        late_days=late,
        evidence=row.evidence,
        changed_at=row.changed_at,
    )
