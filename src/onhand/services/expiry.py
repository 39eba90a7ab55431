"""Holds that have run out give their stock back."""

import asyncio
import time

import structlog

from onhand.db import queries_reservation as q
from onhand.domain.commands import Expire, Header
from onhand.domain.errors import OutcomeUnknown, Overloaded, Unavailable
from onhand.domain.ids import Id
from onhand.domain.limits import EXPIRY_AT_ONCE_MAX_RESERVATIONS
from onhand.domain.outcomes import ReservationDone
from onhand.engine.engine import new_id
from onhand.services.context import CELL, Onhand

log = structlog.get_logger()

ACTOR = "system:expiry"
NOT_NOW = (Overloaded, Unavailable, OutcomeUnknown)  # the engine is busy or the database away


async def sweep(onhand: Onhand) -> int:
    """Release every hold that has run out by now; return how many. May run anywhere, twice at once.

    What could not be released is open still: the next sweep finds it again, and this one goes on behind it.
    """
    now = onhand.now()
    released = 0
    last: q.EndedHoldRow | None = None
    while True:
        began_s = time.monotonic()
        async with onhand.pool.connection() as connection:
            ended = await q.FIND_ENDED_HOLDS.all(
                connection,
                cell=CELL,
                now=now,
                after_end=last and last.ended_at,
                after_id=last and last.reservation_id,
                row_limit=EXPIRY_AT_ONCE_MAX_RESERVATIONS,
            )
        outcomes = await asyncio.gather(*(_expire(onhand, hold.reservation_id) for hold in ended))
        released += sum(isinstance(outcome, ReservationDone) for outcome in outcomes)
        if len(ended) < EXPIRY_AT_ONCE_MAX_RESERVATIONS or any(isinstance(outcome, NOT_NOW) for outcome in outcomes):
            return released
        last = ended[-1]
        await asyncio.sleep(time.monotonic() - began_s)  # As long as that took: half of the time is for orders.


async def _expire(onhand: Onhand, reservation: Id) -> object:
    """What became of it; None: it failed."""
    header = Header(new_id(), ACTOR, "expired", "reservation", str(reservation))
    try:
        return (await onhand.engine.submit(Expire(header, reservation))).verdict
    except NOT_NOW as error:
        return error
    except Exception:  # One reservation that cannot be released must not hold up all the others.
        log.exception("expiry_failed", reservation=str(reservation))
        return None
