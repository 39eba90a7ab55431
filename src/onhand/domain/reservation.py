"""Reservations: stock held for an order, and the states they pass through.

active ──fulfill some──▶ partially_fulfilled ──fulfill or release the rest──▶ fulfilled
  │                          │
  ├──fulfill all──▶ fulfilled└──hold runs out──▶ expired
  ├──release all──▶ released
  └──hold runs out──▶ expired
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from onhand.domain.commands import USUAL_PRIORITY
from onhand.domain.ids import Id
from onhand.domain.level import LevelKey


class Status(StrEnum):
    ACTIVE = "active"
    PARTIALLY_FULFILLED = "partially_fulfilled"
    FULFILLED = "fulfilled"
    RELEASED = "released"
    EXPIRED = "expired"


OPEN = (Status.ACTIVE, Status.PARTIALLY_FULFILLED)
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.ACTIVE: frozenset(
        {Status.ACTIVE, Status.PARTIALLY_FULFILLED, Status.FULFILLED, Status.RELEASED, Status.EXPIRED}
    ),
    Status.PARTIALLY_FULFILLED: frozenset({Status.PARTIALLY_FULFILLED, Status.FULFILLED, Status.EXPIRED}),
    Status.FULFILLED: frozenset(),
    Status.RELEASED: frozenset(),
    Status.EXPIRED: frozenset(),
}


class Allocation(msgspec.Struct, gc=False, array_like=True):
    """The units of one line that one warehouse holds. quantity = open + fulfilled + released."""

    reservation: Id
    line: int
    product: Id
    warehouse: Id
    quantity: int
    fulfilled: int = 0
    released: int = 0
    backordered: int = 0
    new: bool = False
    touched: bool = False
    priority: int = USUAL_PRIORITY  # Last: outcomes kept by earlier versions do not have it.

    @property
    def key(self) -> LevelKey:
        return self.product, self.warehouse

    @property
    def open(self) -> int:
        return self.quantity - self.fulfilled - self.released

    @property
    def covered(self) -> int:
        return self.quantity - self.fulfilled - self.released - self.backordered

    @property
    def age(self) -> tuple[Id, int]:
        """Sorts oldest first: UUIDv7 begins with the time."""
        return self.reservation, self.line

    @property
    def turn(self) -> tuple[int, Id, int]:
        """Sorts those who wait: who is covered first."""
        return self.priority, self.reservation, self.line


class Reservation(msgspec.Struct, array_like=True):
    """A reservation with its allocations, in the order of its lines."""

    reservation_id: Id
    status: str
    order_id: str | None
    created_at: datetime
    expires_at: datetime | None
    allocations: list[Allocation]
    route: dict[str, Any] | None = None
    requested: dict[str, int] | None = None  # line → units asked for, where less is held
    new: bool = False
    touched: bool = False


def allocation_of(row: Sequence[Any]) -> Allocation:
    """Of a row of the queries that read reservation lines."""
    return Allocation(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], priority=row[8])


def status_of(allocations: Sequence[Allocation]) -> Status:
    """The state that the units are in. Expiry is told by the clock, not by units."""
    fulfilled = any(allocation.fulfilled for allocation in allocations)
    if any(allocation.open for allocation in allocations):
        return Status.PARTIALLY_FULFILLED if fulfilled else Status.ACTIVE
    return Status.FULFILLED if fulfilled else Status.RELEASED
