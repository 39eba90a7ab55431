"""Holds that have run out give their stock back."""

import asyncio

import structlog

from onhand.db import queries_reservation as q
from onhand.db.query import Connection
from onhand.domain.commands import Expire, Header
from onhand.domain.errors import DomainError
from onhand.domain.ids import Id
from onhand.domain.limits import EXPIRY_SWEEP_MAX_RESERVATIONS
from onhand.domain.reservation import OPEN
from onhand.engine.engine import new_id
from onhand.services.context import CELL, Onhand

log = structlog.get_logger()

ACTOR = "system:expiry"


async def sweep(onhand: Onhand) -> int:
    """Release every hold that has run out by now; return how many timers fired. May run anywhere, twice at once.

    A timer goes only after its reservation was dealt with, so a crash in between repeats it and harms nothing.
    """
    fired = 0
    while True:
        async with onhand.pool.connection() as connection:
            due = await q.READ_DUE_TIMERS.all(
                connection, cell=CELL, now=onhand.now(), row_limit=EXPIRY_SWEEP_MAX_RESERVATIONS
            )
        if not due:
            return fired
        outcomes = await asyncio.gather(*(_expire(onhand, timer.reservation_id) for timer in due))
        done = [timer for timer, expired in zip(due, outcomes, strict=True) if expired]
        async with onhand.pool.connection() as connection:
            done = await _without_those_that_still_run(connection, done)
            await q.DELETE_TIMERS.run(
                connection,
                cell=CELL,
                expires_ats=[timer.expires_at for timer in done],
                reservation_ids=[timer.reservation_id for timer in done],
            )
        fired += len(done)
        if len(done) < len(due):
            return fired  # The engine is busy or the database away: the next sweep goes on.


async def _without_those_that_still_run(connection: Connection, fired: list[q.TimerRow]) -> list[q.TimerRow]:
    """A clock that was set back has them open still, until the very time of their timer: they must fire again."""
    ids = [timer.reservation_id for timer in fired]
    rows = await q.READ_RESERVATIONS.all(connection, cell=CELL, reservation_ids=ids)
    running = {(row.expires_at, row.reservation_id) for row in rows if row.status in OPEN}
    return [timer for timer in fired if (timer.expires_at, timer.reservation_id) not in running]


async def _expire(onhand: Onhand, reservation: Id) -> bool:
    header = Header(new_id(), ACTOR, "expired", "reservation", str(reservation))
    try:
        await onhand.engine.submit(Expire(header, reservation))
    except DomainError:
        return False
    except Exception:  # One reservation that cannot be released must not hold up all the others.
        log.exception("expiry_failed", reservation=str(reservation))
        return False
    return True
