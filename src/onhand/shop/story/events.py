"""What happened in the demo's shop, in the order of time. Units are > 0."""

from datetime import date, datetime

import msgspec

Lines = tuple[tuple[str, int], ...]  # SKU, units


class Arrival(msgspec.Struct, frozen=True):
    """Opening stock, or a return. name: unique."""

    at: datetime
    name: str
    warehouse: str
    lines: Lines
    reason: str | None = None


class Purchase(msgspec.Struct, frozen=True):
    """An order to a supplier, by its code. lines: SKU, warehouse, units; expected: the day, where it announced one."""

    at: datetime
    name: str
    supplier: str
    lines: tuple[tuple[str, str, int], ...]
    expected: date | None = None


class Delivery(msgspec.Struct, frozen=True):
    """A share of each line of a purchase arrives, or all that is open (1). final: nothing more is expected of it."""

    at: datetime
    name: str
    share: float
    final: bool = False


class Order(msgspec.Struct, frozen=True):
    """hold_s: how long the stock is held, None = until it ships."""

    at: datetime
    number: str
    country: str
    lines: Lines
    hold_s: int | None = None


class Shipment(msgspec.Struct, frozen=True):
    """What is there for an order goes out; of a partial one only the first line."""

    at: datetime
    number: str
    step: int
    partial: bool = False


class Cancellation(msgspec.Struct, frozen=True):
    at: datetime
    number: str


class Lapse(msgspec.Struct, frozen=True):
    """The hold of an order runs out."""

    at: datetime
    number: str


class Loss(msgspec.Struct, frozen=True):
    at: datetime
    name: str
    warehouse: str
    sku: str
    units: int
    reason: str


class Move(msgspec.Struct, frozen=True):
    at: datetime
    name: str
    source: str
    destination: str
    lines: Lines


class MoveArrival(msgspec.Struct, frozen=True):
    at: datetime
    name: str


Event = Arrival | Purchase | Delivery | Order | Shipment | Cancellation | Lapse | Loss | Move | MoveArrival
