"""Webhooks get their events: at least once, each signed, tried again for more than a day.

Several processes may deliver at once. A delivery is claimed for a while by writing down when it is due again; whoever
is killed in the middle leaves it to be sent a second time, under the same webhook-id.
"""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from importlib.metadata import version

import msgspec
import structlog

from onhand.db import queries_event as q
from onhand.domain.ids import Id
from onhand.domain.limits import (
    WEBHOOK_IN_FLIGHT_MAX,
    WEBHOOK_IN_FLIGHT_OF_ONE_MAX,
    WEBHOOK_LEASE_S,
    WEBHOOK_RETRY_AFTER_S,
    WEBHOOK_SWEEP_EVERY_S,
    WEBHOOK_TIMEOUT_S,
)
from onhand.domain.signing import signature
from onhand.services import feed
from onhand.services.context import CELL, Onhand
from onhand.services.posting import NotSentError, post

USER_AGENT = f"onhand/{version('onhand')}"
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
SPREAD = 0.1  # of a delay, at random on top: receivers that come back are not met by everything at once
ERROR_MAX_CHARS = 300
GONE = 410

log = structlog.get_logger()


async def run(onhand: Onhand, stop: asyncio.Event) -> None:
    """Deliver until stop is set; then finish what is under way."""
    under_way: dict[asyncio.Task[None], Id] = {}
    while not stop.is_set():
        try:
            await feed.place(onhand)
            for claimed in await _claim(onhand, under_way):
                task = asyncio.create_task(_deliver(onhand, claimed))
                under_way[task] = claimed.webhook_id
                task.add_done_callback(under_way.pop)
        except Exception:
            log.exception("job_failed", job="deliver")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), WEBHOOK_SWEEP_EVERY_S)
    await asyncio.gather(*under_way)


async def _claim(onhand: Onhand, under_way: dict[asyncio.Task[None], Id]) -> list[q.ClaimedRow]:
    free = WEBHOOK_IN_FLIGHT_MAX - len(under_way)
    if free <= 0:
        return []
    now = onhand.now()
    busy = [webhook for webhook, sent in Counter(under_way.values()).items() if sent >= WEBHOOK_IN_FLIGHT_OF_ONE_MAX]
    async with onhand.pool.connection() as connection:
        return await q.CLAIM_DELIVERIES.all(
            connection,
            cell=CELL,
            now=now,
            leased_until=now + timedelta(seconds=WEBHOOK_LEASE_S),
            busy=busy,
            each=WEBHOOK_IN_FLIGHT_OF_ONE_MAX,
            row_limit=free,
        )


async def _deliver(onhand: Onhand, claimed: q.ClaimedRow) -> None:
    """One attempt, and what became of it. Never raises: the lease brings back what could not be written down."""
    try:
        [event] = await feed.clouds(onhand, [claimed])
        body = msgspec.json.encode(event)
        status, error = None, None
        try:
            status = await post(claimed.url, _headers(claimed, body, onhand.now()), body, WEBHOOK_TIMEOUT_S)
        except NotSentError as failed:
            error = str(failed)[:ERROR_MAX_CHARS]
        await _end(onhand, claimed, status, error)
    except Exception:
        log.exception("delivery_failed", webhook_id=str(claimed.webhook_id), event_id=str(claimed.event_id))


def _headers(claimed: q.ClaimedRow, body: bytes, now: datetime) -> dict[str, str]:
    message_id, timestamp_s = str(claimed.event_id), int(now.timestamp())
    secrets = [claimed.secret]
    if claimed.old_secret is not None and claimed.old_secret_until is not None and now < claimed.old_secret_until:
        secrets.append(claimed.old_secret)
    return {
        "Content-Type": CONTENT_TYPE,
        "User-Agent": USER_AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp_s, body) for secret in secrets),
    }


async def _end(onhand: Onhand, claimed: q.ClaimedRow, status: int | None, error: str | None) -> None:
    now = onhand.now()
    delivered = status is not None and 200 <= status < 300
    again = None if delivered or status == GONE else next_attempt(claimed.attempts, now)
    state = "delivered" if delivered else "failed" if again is None else "pending"
    async with onhand.pool.connection() as connection:
        await q.END_DELIVERY.run(
            connection,
            cell=CELL,
            webhook_id=claimed.webhook_id,
            event_id=claimed.event_id,
            attempts=claimed.attempts,
            status=state,
            next_attempt_at=again,
            last_status=status,
            last_error=error,
        )
        if status == GONE:
            reason = "The receiver answered 410 Gone."
            await q.DISABLE_WEBHOOK.run(connection, webhook_id=claimed.webhook_id, reason=reason, now=now)
    if not delivered:
        tell = log.warning if again is None else log.info
        tell(
            "webhook_not_delivered",
            webhook_id=str(claimed.webhook_id),
            event_id=str(claimed.event_id),
            attempts=claimed.attempts,
            status=status,
            error=error,
            next_attempt_at=again and again.isoformat(),
        )


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """When to try again after so many attempts; None = no more."""
    if attempts > len(WEBHOOK_RETRY_AFTER_S):
        return None
    delay_s = WEBHOOK_RETRY_AFTER_S[attempts - 1]
    return now + timedelta(seconds=delay_s * (1 + SPREAD * random.random()))  # noqa: S311  nothing secret
