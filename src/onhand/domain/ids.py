"""Identifiers: UUIDs kept as their 16 bytes.

Bytes hash and compare at C speed and sort as PostgreSQL sorts uuid, which is the order levels are locked in.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Self
from uuid import UUID


class Id(bytes):
    """A UUID as 16 bytes. str() gives the usual text of 36 characters."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raise ValueError when text is not a UUID."""
        return cls(UUID(text).bytes)

    def __str__(self) -> str:
        digits = self.hex()
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def __repr__(self) -> str:
        return f"Id({str(self)!r})"


def first_of(time: datetime) -> Id:
    """The least UUIDv7 of this moment (RFC 9562, 5.7)."""
    return Id(int(time.timestamp() * 1000).to_bytes(6, "big") + b"\x70" + bytes(9))


NewId = Callable[[], Id]
