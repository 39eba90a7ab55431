import pytest

from onhand.bench.connection import Connection, content_length
from onhand.bench.requests import verdict_of


class _Sink:
    def __init__(self) -> None:
        self.seen: list[tuple[int, int, bytes]] = []
        self.gone: list[int] = []

    def answered(self, connection: Connection, number: int, status: int, body: bytes) -> None:
        self.seen.append((number, status, body))

    def lost(self, connection: Connection, numbers: list[int]) -> None:
        self.gone += numbers


class _Transport:
    def write(self, data: bytes) -> None:
        pass


ANSWERS = (
    b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}"
    b"HTTP/1.1 409 Conflict\r\nContent-Length: 5\r\nx: y\r\n\r\nabcde"
)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 40, 1_000])
def test_answers_are_cut_wherever_the_network_cuts_them(size: int) -> None:
    sink = _Sink()
    connection = Connection(sink)
    connection.connection_made(_Transport())  # type: ignore[arg-type]
    for number in (4, 5, 6):
        connection.send(number, b"")
    for at in range(0, len(ANSWERS), size):
        connection.data_received(ANSWERS[at : at + size])
    assert sink.seen == [(4, 201, b"{}"), (5, 409, b"abcde")]
    connection.connection_lost(None)
    assert sink.gone == [6]


def test_an_answer_without_a_length_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="not found"):
        content_length(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked")


def test_verdicts() -> None:
    assert verdict_of(201, "") == "accepted"
    assert verdict_of(409, "INSUFFICIENT_STOCK") == "refused"
    assert verdict_of(503, "OVERLOADED") == "failed"
    assert verdict_of(503, "OUTCOME_UNKNOWN") == "unknown"
    assert verdict_of(0, "CONNECTION_LOST") == "unknown"
