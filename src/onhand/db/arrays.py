"""Arrays of parameters, packed at once.

psycopg packs lists one element at a time in Python; a batch carries thousands of them. Each class here is a list that
says what it holds, and becomes PostgreSQL's binary array format in a few calls:
array_send in PostgreSQL's src/backend/utils/adt/arrayfuncs.c: dimensions, has-null flag, element type, length, lower
bound, then each element as its length in bytes and its bytes, a null as length -1.
"""

import struct
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from psycopg.adapt import AdaptersMap, Buffer, Dumper
from psycopg.pq import Format

from onhand.domain.ids import Id

_HEAD = struct.Struct("!iiIii")
_LENGTH = struct.Struct("!i")
_INT8 = struct.Struct("!iq")
_NULL = b"\xff\xff\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Item = TypeVar("Item")


class Ids(list[Id]):
    """uuid[] without nulls."""


class Ints(list[int | None]):
    """bigint[]."""


class Texts(list[str | None]):
    """text[]."""


class Times(list[datetime | None]):
    """timestamptz[]; the times know their zone."""


class Blobs(list[bytes]):
    """bytea[]."""


def _packed(element_oid: int, count: int, body: bytes) -> bytes:
    if not count:
        return struct.pack("!iiI", 0, 0, element_oid)
    return _HEAD.pack(1, 1, element_oid, count, 1) + body


def _each(items: Iterable[Item], pack: Callable[[Any], bytes]) -> bytes:
    """Batches repeat themselves (types, actors, times of expiry): each different value is packed once."""
    known: dict[Item | None, bytes] = {None: _NULL}
    parts = []
    for item in items:
        part = known.get(item)
        if part is None:
            part = known[item] = pack(item)
        parts.append(part)
    return b"".join(parts)


def _sized(data: bytes) -> bytes:
    return _LENGTH.pack(len(data)) + data


class _ArrayDumper(Dumper):
    format = Format.BINARY
    element_oid: int

    def dump(self, obj: Any) -> Buffer:  # noqa: ANN401  psycopg's signature
        return _packed(self.element_oid, len(obj), self.body(obj))

    def body(self, items: Any) -> bytes:  # noqa: ANN401  each class knows its own
        raise NotImplementedError


class _IdsDumper(_ArrayDumper):
    oid, element_oid = 2951, 2950

    def body(self, items: Ids) -> bytes:
        return b"\0\0\0\x10" + b"\0\0\0\x10".join(items)


class _IntsDumper(_ArrayDumper):
    oid, element_oid = 1016, 20

    def body(self, items: Ints) -> bytes:
        return _each(items, lambda number: _INT8.pack(8, number))


class _TextsDumper(_ArrayDumper):
    oid, element_oid = 1009, 25

    def body(self, items: Texts) -> bytes:
        return _each(items, lambda text: _sized(text.encode()))


class _TimesDumper(_ArrayDumper):
    oid, element_oid = 1185, 1184

    def body(self, items: Times) -> bytes:
        return _each(items, lambda time: _INT8.pack(8, (time - _EPOCH) // _MICROSECOND))


class _BlobsDumper(_ArrayDumper):
    oid, element_oid = 1001, 17

    def body(self, items: Blobs) -> bytes:
        return b"".join([_sized(item) for item in items])


def _packer(dumper: type[_ArrayDumper]) -> Callable[[Any], tuple[int, Buffer]]:
    pack = dumper(list).dump
    return lambda items: (dumper.oid, pack(items))


PACKERS: dict[type, Callable[[Any], tuple[int, Buffer]]] = {
    Ids: _packer(_IdsDumper),
    Ints: _packer(_IntsDumper),
    Texts: _packer(_TextsDumper),
    Times: _packer(_TimesDumper),
    Blobs: _packer(_BlobsDumper),
}


def packed_whole(number: int) -> tuple[int, Buffer]:
    """A bigint."""
    return 20, _INT8.pack(8, number)[4:]


def packed_time(time: datetime) -> tuple[int, Buffer]:
    """A timestamptz: microseconds since 2000."""
    return 1184, _INT8.pack(8, (time - _EPOCH) // _MICROSECOND)[4:]


def register(adapters: AdaptersMap) -> None:
    """Let a connection know the array classes."""
    adapters.register_dumper(Ids, _IdsDumper)
    adapters.register_dumper(Ints, _IntsDumper)
    adapters.register_dumper(Texts, _TextsDumper)
    adapters.register_dumper(Times, _TimesDumper)
    adapters.register_dumper(Blobs, _BlobsDumper)
