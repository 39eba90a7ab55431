"""Requests as bytes, made before the clock starts; and what their answers say, read after it has stopped."""

from collections.abc import Sequence

import msgspec

from onhand.bench.record import Answer, Spec, Step, Verdict, order_id
from onhand.bench.workload import HOLD_S, Order, ship_to, sku, warehouse_code

REFUSED = {409}
ACCEPTED = {200, 201}
UNKNOWN_CODES = {"OUTCOME_UNKNOWN"}


class _Said(msgspec.Struct):
    """Any of our answers, as far as the bench reads them."""

    reservation_id: str = ""
    code: str = ""
    available: int = 0


class _One(msgspec.Struct):
    status: int
    reservation: _Said | None = None
    problem: _Said | None = None


class _Many(msgspec.Struct):
    results: list[_One]


_said = msgspec.json.Decoder(_Said)
_many = msgspec.json.Decoder(_Many)


class Requests:
    """Makes the bytes of one run's requests."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._head = (
            f"HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {spec.authorization}\r\nContent-Type: application/json\r\n"
        )

    def post(self, path: str, body: bytes, key: str) -> bytes:
        head = f"POST {path} {self._head}Idempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    def reserve(self, number: int, order: Order) -> bytes:
        named = order_id(self._spec.run, number)
        return self.post("/v1/reservations", self._order(number, named, order), named)

    def reserve_many(self, first: int, wanted: Sequence[Order]) -> bytes:
        run = self._spec.run
        bodies = (
            self._order(first + n, order_id(run, first + n), order)[:-1]
            + f',"idempotency_key":"{order_id(run, first + n)}"}}'.encode()
            for n, order in enumerate(wanted)
        )
        body = b'{"reservations":[' + b",".join(bodies) + b"]}"
        return self.post("/v1/reservations/batch", body, f"{run}-batch-{first}")

    def end(self, step: Step, number: int, reservation: str) -> bytes:
        return self.post(f"/v1/reservations/{reservation}/{step}", b"{}", f"{self._spec.run}-{number}-{step}")

    def read(self, order: Order) -> bytes:
        return f"GET /v1/availability/{sku(order[0].product)} {self._head}\r\n".encode()

    def _order(self, number: int, named: str, order: Order) -> bytes:
        routed = self._spec.workload.routed
        lines = ",".join(
            f'{{"sku":"{sku(line.product)}","quantity":{line.quantity}'
            + ("}" if routed else f',"warehouse":"{warehouse_code(line.warehouse)}"}}')
            for line in order
        )
        there = ""
        if routed:
            latitude, longitude = ship_to(number)
            there = f',"ship_to":{{"latitude":{latitude},"longitude":{longitude}}}'
        return f'{{"lines":[{lines}],"order_id":"{named}","expires_in_s":{HOLD_S}{there}}}'.encode()


def verdict_of(status: int, code: str) -> Verdict:
    """failed: nothing has happened, by the contract; unknown: it may have."""
    if status in ACCEPTED:
        return "accepted"
    if status in REFUSED:
        return "refused"
    return "unknown" if code in UNKNOWN_CODES or not status else "failed"


def reservation_of(body: bytes) -> str:
    """The id in an answer to a reservation."""
    return _said.decode(body).reservation_id


def read(number: int, step: Step, intended: float, done: float, status: int, body: bytes) -> Answer:
    """What one answer says."""
    said = _said.decode(body) if status else _Said(code="CONNECTION_LOST")
    verdict = verdict_of(status, said.code)
    return Answer(number, step, verdict, intended, done, said.code, said.reservation_id, said.available)


def read_many(first: int, count: int, intended: float, done: float, status: int, body: bytes) -> list[Answer]:
    """What the answer to a batch says, order by order."""
    if status not in ACCEPTED:
        code = _said.decode(body).code if status else "CONNECTION_LOST"
        verdict = verdict_of(status, code)
        return [Answer(first + n, "reserve", verdict, intended, done, code) for n in range(count)]
    answers = []
    for n, one in enumerate(_many.decode(body).results):
        said = one.reservation or one.problem or _Said()
        verdict = verdict_of(one.status, said.code)
        answers.append(Answer(first + n, "reserve", verdict, intended, done, said.code, said.reservation_id))
    return answers
