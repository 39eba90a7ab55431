"""Idempotency-Key where no engine keeps it: settings (products, warehouses, levels) and whole batches.

Outcomes lie in the same table as the engine's, so one key never stands for two requests. A setting and its outcome are
two transactions: a crash in between leaves the setting made and the key free, and the repeat is judged anew: a creation
is then ALREADY_EXISTS, a change is made a second time, with the same values. Refusals are not kept.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import psycopg
import structlog

from onhand.api.answer import REPLAYED, Answer
from onhand.domain.errors import AlreadyExists
from onhand.engine.job import Key
from onhand.services import outcomes
from onhand.services.context import Onhand
from onhand.services.submitting import idempotency

SAME_MOMENT_S = 0.25  # how long the first request with a key may take to write down its outcome
LOOK_EVERY_S = 0.05

log = structlog.get_logger()


class _Kept(msgspec.Struct, array_like=True):
    status: int
    body: bytes


async def once(
    onhand: Onhand,
    actor: str,
    key: str | None,
    operation: str,
    request: object,
    do: Callable[[], Awaitable[Answer]],
    target: str = "",
) -> Answer:
    """Do it, or answer as the first request with this key was answered. Raises IdempotencyKeyReused."""
    named = idempotency(actor, key, operation, request, target)
    if named is None:
        return await do()
    if first := await _find(onhand, named):
        return first
    try:
        answer = await do()
    except AlreadyExists:
        if first := await _await(onhand, named):  # The same request, a moment ago, in another task or process.
            return first
        raise
    outcome = msgspec.msgpack.encode(_Kept(answer.status, answer.body))
    try:
        if await outcomes.keep(onhand, named, outcome):
            return answer
        return await _find(onhand, named) or answer
    except psycopg.OperationalError as error:  # It is done all the same.
        log.warning("outcome_not_kept", operation=operation, error=repr(error))
        return answer


async def claim(onhand: Onhand, actor: str, key: str, operation: str, request: object) -> None:
    """Let this key stand for this request from now on. Raises IdempotencyKeyReused."""
    named = idempotency(actor, key, operation, request)
    if named is None or await outcomes.find(onhand, named) is not None:
        return
    if not await outcomes.keep(onhand, named, b""):
        await outcomes.find(onhand, named)  # It came through another process just now: for the same request?


async def _find(onhand: Onhand, key: Key) -> Answer | None:
    outcome = await outcomes.find(onhand, key)
    if outcome is None:
        return None
    kept = msgspec.msgpack.decode(outcome, type=_Kept)
    return Answer(kept.status, kept.body, REPLAYED)


async def _await(onhand: Onhand, key: Key) -> Answer | None:
    for _ in range(int(SAME_MOMENT_S / LOOK_EVERY_S)):
        if first := await _find(onhand, key):
            return first
        await asyncio.sleep(LOOK_EVERY_S)
    return None
