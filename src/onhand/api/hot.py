"""The routes that carry the load: reserve, batch, release, fulfill.

Plain functions from bytes to an answer, without a framework: decode, ask the service, encode. They raise DomainError
and Refusal; onhand.api.problems makes answers of those.
"""

import asyncio
from typing import Any

import msgspec

from onhand.api import once, problems
from onhand.api.answer import JSON, REPLAYED, Answer, of_reply
from onhand.api.decoding import decode
from onhand.api.request_id import new_request_id
from onhand.services import answers, reservations
from onhand.services.context import Onhand
from onhand.services.requests import (
    BatchedReservation,
    NewReservation,
    ReservationBatch,
    ReservationPart,
)

_NEW = msgspec.json.Decoder(NewReservation)
_BATCH = msgspec.json.Decoder(ReservationBatch)
_PART = msgspec.json.Decoder(ReservationPart)


class BatchResult(msgspec.Struct, omit_defaults=True):
    """status as if the reservation had come alone: 201 with reservation, else problem."""

    status: int
    reservation: answers.Reservation | None = None
    problem: problems.Problem | None = None


class BatchResults(msgspec.Struct):
    results: list[BatchResult]


async def reserve(onhand: Onhand, actor: str, body: bytes, key: str | None) -> Answer:
    return of_reply(await reservations.reserve(onhand, actor, decode(_NEW, body), key), 201)


async def release(onhand: Onhand, actor: str, reservation_id: str, body: bytes, key: str | None) -> Answer:
    return of_reply(await reservations.release(onhand, actor, reservation_id, decode(_PART, body), key), 200)


async def fulfill(onhand: Onhand, actor: str, reservation_id: str, body: bytes, key: str | None) -> Answer:
    return of_reply(await reservations.fulfill(onhand, actor, reservation_id, decode(_PART, body), key), 200)


async def reserve_batch(onhand: Onhand, actor: str, body: bytes, key: str | None) -> Answer:
    """Each entry on its own, all at once: the engine makes few transactions of them.

    A key of the whole request guards every entry that has none of its own.
    """
    request = decode(_BATCH, body)
    if key is not None:
        await once.claim(onhand, actor, key, "reserve_batch", request)
    outcomes = await asyncio.gather(
        *(
            _reserve_one(onhand, actor, entry, entry.idempotency_key or (key and f"{key}\0{index}"))
            for index, entry in enumerate(request.reservations)
        )
    )
    replayed = all(was_replayed for _, was_replayed in outcomes)
    return Answer(
        200, msgspec.json.encode(BatchResults([result for result, _ in outcomes])), REPLAYED if replayed else JSON
    )


async def _reserve_one(
    onhand: Onhand, actor: str, entry: BatchedReservation, key: str | None
) -> tuple[BatchResult, bool]:
    try:
        reply = await reservations.reserve(onhand, actor, _alone(entry), key)
    except Exception as error:  # noqa: BLE001  one entry fails alone, whatever the reason
        problem, _ = await problems.problem(onhand, error, new_request_id())
        return BatchResult(problem.status, problem=problem), bool(getattr(error, "replayed", False))
    return BatchResult(201, reservation=reply.answer), reply.replayed


def _alone(entry: BatchedReservation) -> NewReservation:
    """The same order under the same key is one order, whether it comes in a batch or alone."""
    fields: dict[str, Any] = {name: getattr(entry, name) for name in NewReservation.__struct_fields__}
    return NewReservation(**fields)
