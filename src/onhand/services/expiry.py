"""Holds that have run out give their stock back."""

import asyncio

from onhand.db import queries as q
from onhand.domain.commands import Expire, Header
from onhand.domain.errors import DomainError
from onhand.domain.ids import Id
from onhand.domain.limits import EXPIRY_SWEEP_MAX_RESERVATIONS
from onhand.engine.engine import new_id
from onhand.services.context import CELL, Onhand

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
            await q.DELETE_TIMERS.run(
                connection,
                cell=CELL,
                expires_ats=[timer.expires_at for timer in done],
                reservation_ids=[timer.reservation_id for timer in done],
            )
        fired += len(done)
        if len(done) < len(due):
            return fired  # The engine is busy or the database away: the next sweep goes on.


async def _expire(onhand: Onhand, reservation: Id) -> bool:
    header = Header(new_id(), ACTOR, "expired", "reservation", str(reservation))
    try:
        await onhand.engine.submit(Expire(header, reservation))
    except DomainError:
        return False
    return True
