"""The routes that carry the load: reserve, batch, release, fulfill.

Each begins its work at once and gives the answer to respond when it is there: no task, no future and no framework lies
between the parser and the engine. They raise DomainError and Refusal, or respond with one; onhand.api.problems makes
answers of those. What they lack is told by NotAtHandError, before anything has happened: load it, and begin again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

import msgspec

from onhand.api import once, problems
from onhand.api.answer import JSON, REPLAYED, Answer, of_reply
from onhand.api.decoding import decode
from onhand.api.request_id import new_request_id
from onhand.api.route import Call, Respond, Told
from onhand.engine.directory import NotAtHandError
from onhand.engine.job import Answer as Outcome
from onhand.services import answers, reservations, sold_out
from onhand.services.context import Onhand
from onhand.services.names import NOTHING, Absent, named
from onhand.services.requests import (
    BatchedReservation,
    NewReservation,
    ReservationBatch,
    ReservationPart,
)
from onhand.services.submitting import Submission

_NEW = msgspec.json.Decoder(NewReservation)
_BATCH = msgspec.json.Decoder(ReservationBatch)
_PART = msgspec.json.Decoder(ReservationPart)
_encoder = msgspec.json.Encoder()
_tasks: set[asyncio.Task[None]] = set()


class BatchResult(msgspec.Struct, omit_defaults=True):
    """status as if the reservation had come alone: 201 with reservation, else problem."""

    status: int
    reservation: answers.Reservation | None = None
    problem: problems.Problem | None = None


class BatchResults(msgspec.Struct):
    results: list[BatchResult]


def awaited(begin: Callable[[Call, Respond, Absent], None]) -> Callable[[Call], Awaitable[Answer]]:
    """A hot route as the framework wants its handlers."""

    async def handle(call: Call) -> Answer:
        future: asyncio.Future[Told] = asyncio.get_running_loop().create_future()

        def respond(told: Told) -> None:
            if not future.done():
                future.set_result(told)

        await named(call.onhand, lambda absent: begin(call, respond, absent))
        told = await future
        if isinstance(told, Exception):
            try:
                raise told
            finally:
                del told  # As in _tell.
        return told

    return handle


def reserve(call: Call, respond: Respond, absent: Absent = NOTHING) -> None:
    request = decode(_NEW, call.body)
    made = reservations.to_reserve(call.onhand, call.actor, request, call.key, absent)
    sold_out.enqueue(call.onhand, made, partial(_tell, call.onhand, 201, respond))


def _about_one(submission: Callable[..., Submission]) -> Callable[[Call, Respond, Absent], None]:
    """A route that moves units of the reservation in its path."""

    def begin(call: Call, respond: Respond, absent: Absent = NOTHING) -> None:
        request, reservation_id = decode(_PART, call.body), call.path["reservation_id"]
        made = submission(call.onhand, call.actor, reservation_id, request, call.key, absent)
        call.onhand.engine.enqueue(made.command, made.key, partial(_tell, call.onhand, 200, respond))

    return begin


release = _about_one(reservations.to_release)
fulfill = _about_one(reservations.to_fulfill)


def reserve_batch(call: Call, respond: Respond, absent: Absent = NOTHING) -> None:
    """Each entry on its own, all at once: the engine makes few transactions of them.

    A key of the whole request guards every entry that has none of its own.
    """
    request = decode(_BATCH, call.body)
    if call.key is None:
        _Batch(call, request, respond).begin(absent)
        return

    async def claim_first(key: str) -> Answer | None:
        await once.claim(call.onhand, call.actor, key, "reserve_batch", request)
        await named(call.onhand, _Batch(call, request, respond).begin)
        return None

    soon(claim_first(call.key), respond)


def _tell(onhand: Onhand, status: int, respond: Respond, outcome: Outcome) -> None:
    """Respond with what became of one reservation."""
    try:
        told = of_reply(reservations.to_reply(onhand, outcome), status)
    except NotAtHandError:

        async def later() -> Answer:
            reply = await named(onhand, lambda absent: reservations.to_reply(onhand, outcome, absent))
            return of_reply(reply, status)

        soon(later(), respond)
        return
    except Exception as error:  # noqa: BLE001  every error is an answer
        respond(error)  # Here: a name for it would be found through its own traceback, and leave a cycle.
        return
    respond(told)


def soon(work: Coroutine[Any, Any, Answer | None], respond: Respond) -> None:
    """Respond with what the work returns (None: it responds itself) or raises."""

    async def run() -> None:
        try:
            told = await work
        except Exception as error:  # noqa: BLE001  every error is an answer
            respond(error)
            return
        if told is not None:
            respond(told)

    task = asyncio.create_task(run())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


class _Batch:
    """A request for many reservations: their outcomes, until all are there."""

    def __init__(self, call: Call, request: ReservationBatch, respond: Respond) -> None:
        self.call = call
        self.entries = request.reservations
        self.respond = respond
        self.outcomes: list[Outcome | None] = [None] * len(self.entries)
        self.lacking = len(self.entries)

    def begin(self, absent: Absent = NOTHING) -> None:
        """Raises NotAtHandError, before any entry has been submitted."""
        submissions = [self._submission(number, entry, absent) for number, entry in enumerate(self.entries)]
        for number, submission in enumerate(submissions):
            done = partial(self._done, number)
            if isinstance(submission, Exception):
                done(Outcome(submission))
                continue
            try:
                sold_out.enqueue(self.call.onhand, submission, done)
            except Exception as error:  # noqa: BLE001  one entry fails alone, whatever the reason
                done(Outcome(error))

    def _submission(self, number: int, entry: BatchedReservation, absent: Absent) -> Submission | Exception:
        call = self.call
        key = entry.idempotency_key or (call.key and f"{call.key}\0{number}")
        try:
            return reservations.to_reserve(call.onhand, call.actor, _alone(entry), key, absent)
        except NotAtHandError:
            raise
        except Exception as error:  # noqa: BLE001  one entry fails alone, whatever the reason
            return error

    def _done(self, number: int, outcome: Outcome) -> None:
        self.outcomes[number] = outcome
        self.lacking -= 1
        if self.lacking:
            return
        try:
            told = self._rendered(NOTHING)
        except NotAtHandError:
            soon(named(self.call.onhand, self._rendered), self.respond)
            return
        self.respond(told)

    def _rendered(self, absent: Absent) -> Answer:
        outcomes = [outcome for outcome in self.outcomes if outcome is not None]
        results = [self._result(outcome, absent) for outcome in outcomes]
        replayed = all(outcome.replayed for outcome in outcomes)
        return Answer(200, _encoder.encode(BatchResults(results)), REPLAYED if replayed else JSON)

    def _result(self, outcome: Outcome, absent: Absent) -> BatchResult:
        try:
            reply = reservations.to_reply(self.call.onhand, outcome, absent)
        except NotAtHandError:
            raise
        except Exception as error:  # noqa: BLE001  one entry fails alone, whatever the reason
            problem, _ = problems.problem(self.call.onhand, error, new_request_id(), absent)
            return BatchResult(problem.status, problem=problem)
        return BatchResult(201, reservation=reply.answer)


def _alone(entry: BatchedReservation) -> NewReservation:
    """The same order under the same key is one order, whether it comes in a batch or alone."""
    return NewReservation(
        lines=entry.lines,
        order_id=entry.order_id,
        ship_to=entry.ship_to,
        expires_in_s=entry.expires_in_s,
        allow_split=entry.allow_split,
        allow_partial=entry.allow_partial,
        priority=entry.priority,
    )
