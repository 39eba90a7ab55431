"""Webhooks: who is told of events, and with which secret the messages are signed."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET

from onhand.db import queries_event as q
from onhand.db.arrays import Ids, Texts
from onhand.db.query import Connection
from onhand.domain.errors import FieldProblem, Invalid, Unknown
from onhand.domain.ids import Id
from onhand.domain.limits import PAGE_DEFAULT_ROWS, WEBHOOK_OLD_SECRET_S
from onhand.domain.signing import secret_bytes, secret_text
from onhand.engine.engine import new_id
from onhand.services import answers, feed
from onhand.services.context import CELL, Onhand
from onhand.services.names import parse_id
from onhand.services.webhook_requests import (
    Delivery,
    NewlyMade,
    NewWebhook,
    Queued,
    Replay,
    Webhook,
    WebhookPatch,
)

SECRET_BYTES = 32
FIELDS = ("url", "types", "description", "active", "disabled_because", "created_at", "updated_at")


async def create(onhand: Onhand, request: NewWebhook) -> NewlyMade:
    """Events that happen from now on are sent to it. Raises Invalid."""
    _check_url(request.url)
    webhook_id, secret = new_id(), _secret(request.secret)
    async with onhand.pool.connection() as connection:
        await q.INSERT_WEBHOOK.run(
            connection,
            webhook_id=webhook_id,
            url=request.url,
            types=_types(request.types),
            description=request.description,
            active=request.active,
            secret=secret,
            now=onhand.now(),
        )
        return _with_secret(await _read(connection, webhook_id), secret)


async def get(onhand: Onhand, name: str) -> Webhook:
    """Raises Unknown, Invalid."""
    async with onhand.pool.connection() as connection:
        return _answer(await _read(connection, parse_id(name, "webhook_id")))


async def find(onhand: Onhand, *, limit: int = PAGE_DEFAULT_ROWS, cursor: str | None = None) -> answers.Page:
    """Oldest first. Raises Invalid."""
    after = parse_id(cursor, "cursor") if cursor else None
    async with onhand.pool.connection() as connection:
        rows = await q.LIST_WEBHOOKS.all(connection, after=after, row_limit=limit + 1)
    items = [_answer(row) for row in rows[:limit]]
    return answers.Page(items, items[-1].webhook_id if len(rows) > limit else None)


async def patch(onhand: Onhand, name: str, request: WebhookPatch) -> Webhook:
    """Change what is given. Raises Unknown, Invalid."""
    webhook_id = parse_id(name, "webhook_id")
    if request.url is not UNSET:
        _check_url(request.url)
    types = None if request.types is UNSET else _types(request.types)
    async with onhand.pool.connection() as connection:
        await q.UPDATE_WEBHOOK.run(
            connection,
            webhook_id=webhook_id,
            url=None if request.url is UNSET else request.url,
            types=types,
            set_types=request.types is not UNSET,
            description=None if request.description is UNSET else request.description,
            set_description=request.description is not UNSET,
            active=None if request.active is UNSET else request.active,
            now=onhand.now(),
        )
        return _answer(await _read(connection, webhook_id))


async def delete(onhand: Onhand, name: str) -> None:
    """With everything that waits for it. Raises Unknown, Invalid."""
    async with onhand.pool.connection() as connection:
        if not await q.DELETE_WEBHOOK.run(connection, webhook_id=parse_id(name, "webhook_id")):
            raise Unknown("webhook", name)


async def rotate(onhand: Onhand, name: str, wanted: str | None) -> NewlyMade:
    """A new secret; the old one signs beside it for a day. Raises Unknown, Invalid."""
    webhook_id, secret = parse_id(name, "webhook_id"), _secret(wanted)
    until = onhand.now() + timedelta(seconds=WEBHOOK_OLD_SECRET_S)
    async with onhand.pool.connection() as connection:
        await q.CHANGE_WEBHOOK_SECRET.run(
            connection, webhook_id=webhook_id, secret=secret, until=until, now=onhand.now()
        )
        return _with_secret(await _read(connection, webhook_id), secret)


async def test(onhand: Onhand, actor: str, name: str) -> Queued:
    """An event of type webhook.test, for this webhook alone. Raises Unknown, Invalid."""
    webhook_id = parse_id(name, "webhook_id")
    async with onhand.pool.connection() as connection:
        await _read(connection, webhook_id)
        await q.INSERT_EVENTS.run(
            connection,
            cell=CELL,
            now=onhand.now(),
            event_ids=Ids([new_id()]),
            types=Texts(["webhook.test"]),
            subjects=Texts([str(webhook_id)]),
            datas=Texts([msgspec.json.encode({"webhook_id": str(webhook_id), "asked_by": actor}).decode()]),
        )
    await feed.place(onhand)
    return Queued(1)


async def replay(onhand: Onhand, name: str, request: Replay) -> Queued:
    """Send the events after this one (again). Raises Unknown, Invalid."""
    webhook_id = parse_id(name, "webhook_id")
    after = parse_id(request.after, "after") if request.after else None
    await feed.place(onhand)
    async with onhand.pool.connection() as connection:
        await _read(connection, webhook_id)
        queued = await q.INSERT_REPLAYED_DELIVERIES.run(
            connection,
            cell=CELL,
            webhook_id=webhook_id,
            after=await feed.position_of(connection, after),
            now=onhand.now(),
        )
    return Queued(queued)


async def deliveries(
    onhand: Onhand, name: str, *, status: str | None, limit: int = PAGE_DEFAULT_ROWS, cursor: str | None = None
) -> answers.Page:
    """Newest event first. Raises Unknown, Invalid."""
    webhook_id = parse_id(name, "webhook_id")
    before = parse_id(cursor, "cursor") if cursor else None
    async with onhand.pool.connection() as connection:
        await _read(connection, webhook_id)
        rows = await q.LIST_DELIVERIES.all(
            connection, cell=CELL, webhook_id=webhook_id, status=status, before=before, row_limit=limit + 1
        )
    items = [Delivery(str(row.event_id), *row[1:]) for row in rows[:limit]]
    return answers.Page(items, items[-1].event_id if len(rows) > limit else None)


async def _read(connection: Connection, webhook_id: Id) -> q.WebhookRow:
    row = await q.READ_WEBHOOK.first(connection, webhook_id=webhook_id)
    if row is None:
        raise Unknown("webhook", str(webhook_id))
    return row


def _answer(row: q.WebhookRow) -> Webhook:
    return Webhook(webhook_id=str(row.webhook_id), **{name: getattr(row, name) for name in FIELDS})


def _with_secret(row: q.WebhookRow, secret: str) -> NewlyMade:
    return NewlyMade(webhook_id=str(row.webhook_id), secret=secret, **{name: getattr(row, name) for name in FIELDS})


def _secret(wanted: str | None) -> str:
    if wanted is None:
        return secret_text(secrets.token_bytes(SECRET_BYTES))
    try:
        secret_bytes(wanted)
    except ValueError:  # What was given is not repeated: it may be a secret of something else.
        detail = "A secret is whsec_ and base64 of 24 to 64 bytes."
        raise Invalid([FieldProblem("secret", "INVALID_VALUE", detail)]) from None
    return wanted


def _types(types: Sequence[str] | None) -> list[str] | None:
    return None if types is None else sorted(set(types))


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        problem = "" if parts.hostname and parts.port != 0 else "There is no host in it."
        if parts.username is not None or parts.password is not None:
            problem = "Credentials have no place in an address: the signature says who sends."
        if parts.fragment:
            problem = "A fragment is never sent."
    except ValueError:
        problem = "This is not an address."
    if problem:
        raise Invalid([FieldProblem("url", "INVALID_VALUE", problem)])
