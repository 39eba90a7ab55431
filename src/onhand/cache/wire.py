"""How products and levels are written in Valkey, and how processes tell each other of them."""

import time
from datetime import date
from functools import lru_cache
from struct import Struct
from typing import NamedTuple

import msgspec

from onhand.cache.entry import Facts, Part, Stock
from onhand.domain.ids import Id
from onhand.domain.level import LevelKey

PREFIX = "onhand:stock:2:"  # with the number of what is written there: processes of two releases may run side by side
CHANNEL = "onhand:levels"
NO_LIMIT = -1
_LEVEL = Struct("!16sqqii")  # warehouse, version, seen in ms, available, backorder limit
_LENGTH = Struct("!I")
_SEEN = Struct("!q")


class WrittenFacts(msgspec.Struct, array_like=True):
    product: bytes
    sku: str
    selling_mode: str
    release_date: date | None


class ToldLevel(msgspec.Struct, array_like=True):
    product: bytes
    warehouse: bytes
    version: int
    available: int
    backorder_limit: int | None


class Message(msgspec.Struct, array_like=True):
    """sender: of each process its own. forget: products whose settings have changed. Without either: I am here."""

    sender: bytes
    levels: list[ToldLevel] = []
    forget: list[bytes] = []


_facts = msgspec.msgpack.Decoder(WrittenFacts)
_message = msgspec.msgpack.Decoder(Message)
_encoder = msgspec.msgpack.Encoder()
encode = _encoder.encode


def key_of(sku: str) -> str:
    return PREFIX + sku


class Clocks(NamedTuple):
    """The clock of this process and everybody's, read at the same moment."""

    here_s: float
    wall_s: float

    @classmethod
    def read(cls) -> "Clocks":
        return cls(time.monotonic(), time.time())

    def wall_ms(self, seen_s: float) -> int:
        """From this process's clock to everybody's."""
        return max(0, round((self.wall_s - (self.here_s - seen_s)) * 1000)) if seen_s > float("-inf") else 0

    def monotonic_s(self, seen_ms: int) -> float:
        """And back. Another machine's clock may be ahead of ours: nothing is younger than now."""
        return min(self.here_s, seen_ms / 1000 + self.here_s - self.wall_s)


def write_facts(facts: Facts) -> bytes:
    return _encoder.encode(WrittenFacts(bytes(facts.product), facts.sku, facts.selling_mode, facts.release_date))


def write_part(place: Id, part: Part, now: Clocks) -> bytes:
    """Warehouse and value, as valkey_take_in.lua takes them."""
    limit = NO_LIMIT if part.backorder_limit is None else part.backorder_limit
    return _LEVEL.pack(place, part.version, now.wall_ms(part.seen_s), part.available, limit)


def read_stocks(told: bytes) -> list[Stock]:
    """What valkey_read.lua answers. Raises ValueError, struct.error, msgspec.DecodeError when it is not ours."""
    now = Clocks.read()
    stocks, offset = [], 0
    while offset < len(told):
        (length,) = _LENGTH.unpack_from(told, offset)
        offset += _LENGTH.size
        if length:
            stocks.append(_read_stock(told[offset : offset + length], now))
        offset += length
    return stocks


def _read_stock(told: bytes, now: Clocks) -> Stock:
    (length,) = _LENGTH.unpack_from(told)
    levels_at = _LENGTH.size + length + _SEEN.size
    written = _facts.decode(told[_LENGTH.size : _LENGTH.size + length])
    (seen_ms,) = _SEEN.unpack_from(told, _LENGTH.size + length)
    parts = {
        _known(place): Part(version, available, None if limit == NO_LIMIT else limit, now.monotonic_s(at_ms), own=False)
        for place, version, at_ms, available, limit in _LEVEL.iter_unpack(told[levels_at:])
    }
    facts = Facts(Id(written.product), written.sku, written.selling_mode, written.release_date)
    return Stock(facts, parts, now.monotonic_s(seen_ms), own=False)


@lru_cache(maxsize=10_000)
def _known(place: bytes) -> Id:
    """One object for each warehouse, not one for each of its levels."""
    return Id(place)


def tell_level(key: LevelKey, part: Part) -> ToldLevel:
    return ToldLevel(bytes(key[0]), bytes(key[1]), part.version, part.available, part.backorder_limit)


def read_message(data: bytes) -> Message:
    """Raises msgspec.DecodeError."""
    return _message.decode(data)


def hear_level(told: ToldLevel) -> tuple[LevelKey, Part]:
    """Told, not seen: it says what is newer, not that it is still so."""
    part = Part(told.version, told.available, told.backorder_limit, float("-inf"), own=False)
    return (Id(told.product), Id(told.warehouse)), part
