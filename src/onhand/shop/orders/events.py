"""What happens in a shop, in the order in which it happens. Lines are numbers of lines in the file; units are > 0."""

from datetime import datetime

import msgspec


class OrderLine(msgspec.Struct, frozen=True, gc=False):
    line: int
    sku: str
    units: int


class Place(msgspec.Struct, frozen=True):
    """A customer orders. country: ISO 3166-1 alpha-2, where known."""

    at: datetime
    order: str
    lines: tuple[OrderLine, ...]
    country: str | None


class Ship(msgspec.Struct, frozen=True):
    """What is on the shelf for an order leaves it."""

    at: datetime
    order: str


class ShipWaiting(msgspec.Struct, frozen=True):
    """Orders that wait for what was delivered are tried again: first whole, the day after what is there."""

    at: datetime
    whole: bool
    delivered: frozenset[str] = frozenset()


class CancelLine(msgspec.Struct, frozen=True, gc=False):
    """order None: bought before the file begins, or by nobody known."""

    line: int
    sku: str
    units: int
    order: str | None


class Cancel(msgspec.Struct, frozen=True):
    """A customer cancels what is not shipped yet, and sends back what is."""

    at: datetime
    invoice: str
    lines: tuple[CancelLine, ...]


class CorrectionLine(msgspec.Struct, frozen=True, gc=False):
    """units signed: found or written off."""

    line: int
    sku: str
    units: int
    reason: str


class Correct(msgspec.Struct, frozen=True):
    at: datetime
    invoice: str
    lines: tuple[CorrectionLine, ...]


class Delivery(msgspec.Struct, frozen=True, gc=False):
    sku: str
    warehouse: str
    units: int


class Deliver(msgspec.Struct, frozen=True):
    at: datetime
    lines: tuple[Delivery, ...]


Event = Place | Ship | ShipWaiting | Cancel | Correct | Deliver
