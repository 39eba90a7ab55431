"""The clock of an installation: holds run out every second, housekeeping every few minutes.

Every job may run in several processes at once and be killed at any moment.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from onhand.domain.limits import EXPIRY_SWEEP_EVERY_S, PROMISES_FOLLOWED_EVERY_S
from onhand.services import delivering, expiry, housekeeping, proving, reordering, told
from onhand.services.context import Onhand

HOUSEKEEPING_EVERY_S = 300.0
PREORDERS_EVERY_S = 60.0
REORDER_EVERY_S = 2.0
PROOF_LOOKED_FOR_EVERY_S = 5.0
DAY_S = 24 * 3600.0
FAILED_AGAIN_S = 60.0  # a daily job that failed does not wait for the next day

log = structlog.get_logger()


async def run(onhand: Onhand, stop: asyncio.Event) -> None:
    """Run every job at its interval until stop is set. A job that fails is logged and comes round again."""
    async with asyncio.TaskGroup() as group:
        group.create_task(delivering.run(onhand, stop))
        group.create_task(_every(EXPIRY_SWEEP_EVERY_S, expiry.sweep, onhand, stop))
        group.create_task(_every(HOUSEKEEPING_EVERY_S, housekeeping.forget_old_keys, onhand, stop))
        group.create_task(_every(HOUSEKEEPING_EVERY_S, housekeeping.forget_old_events, onhand, stop))
        group.create_task(_every(PREORDERS_EVERY_S, housekeeping.end_preorders, onhand, stop))
        group.create_task(_every(REORDER_EVERY_S, reordering.sweep, onhand, stop))
        group.create_task(_every(DAY_S, reordering.daily, onhand, stop))
        group.create_task(_every(PROOF_LOOKED_FOR_EVERY_S, proving.Prover().prove, onhand, stop))
        group.create_task(_every(PROMISES_FOLLOWED_EVERY_S, told.Follower().follow, onhand, stop))


async def _every(seconds: float, job: Callable[[Onhand], Awaitable[int]], onhand: Onhand, stop: asyncio.Event) -> None:
    while not stop.is_set():
        pause_s = seconds
        try:
            done = await job(onhand)
            if done:
                log.info("job_done", job=job.__name__, items=done)
        except Exception:
            log.exception("job_failed", job=job.__name__)
            pause_s = min(seconds, FAILED_AGAIN_S)
        try:
            await asyncio.wait_for(stop.wait(), pause_s)
        except TimeoutError:
            continue
