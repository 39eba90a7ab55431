"""How products and levels are written in Valkey, and how processes tell each other of them."""

import time
from collections.abc import Mapping
from datetime import date

import msgspec

from onhand.cache.entry import Facts, Part, Stock
from onhand.domain.ids import Id
from onhand.domain.level import LevelKey

PREFIX = "onhand:stock:"
CHANNEL = "onhand:levels"
FACTS, SEEN = b"facts", b"seen"


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


def wall_ms(seen_s: float) -> int:
    """From this process's clock to everybody's."""
    return max(0, round((time.time() - (time.monotonic() - seen_s)) * 1000)) if seen_s > float("-inf") else 0


def write_facts(facts: Facts) -> bytes:
    return _encoder.encode(WrittenFacts(bytes(facts.product), facts.sku, facts.selling_mode, facts.release_date))


def write_part(part: Part) -> bytes:
    limit = "" if part.backorder_limit is None else part.backorder_limit
    return f"{part.version} {wall_ms(part.seen_s)} {part.available} {limit}".encode()


def read_stock(found: Mapping[bytes, bytes]) -> Stock | None:
    """A product's hash; None when it is not whole. Raises ValueError, msgspec.DecodeError when it is not ours."""
    if FACTS not in found:
        return None
    written = _facts.decode(found[FACTS])
    since_wall_s = time.monotonic() - time.time()
    now_s = time.monotonic()
    parts = {}
    for field, value in found.items():
        if field not in (FACTS, SEEN):
            version, seen_ms, available, limit = value.decode().split(" ")
            seen_s = min(now_s, int(seen_ms) / 1000 + since_wall_s)
            parts[Id(field)] = Part(int(version), int(available), int(limit) if limit else None, seen_s, own=False)
    # Another machine's clock may be ahead of ours: nothing is younger than now.
    seen_s = min(now_s, int(found[SEEN]) / 1000 + since_wall_s)
    facts = Facts(Id(written.product), written.sku, written.selling_mode, written.release_date)
    return Stock(facts, parts, seen_s, own=False)


def tell_level(key: LevelKey, part: Part) -> ToldLevel:
    return ToldLevel(bytes(key[0]), bytes(key[1]), part.version, part.available, part.backorder_limit)


def read_message(data: bytes) -> Message:
    """Raises msgspec.DecodeError."""
    return _message.decode(data)


def hear_level(told: ToldLevel) -> tuple[LevelKey, Part]:
    """Told, not seen: it says what is newer, not that it is still so."""
    part = Part(told.version, told.available, told.backorder_limit, float("-inf"), own=False)
    return (Id(told.product), Id(told.warehouse)), part
