"""Returns: what customers send back of what was shipped to them."""

from datetime import datetime
from enum import StrEnum

import msgspec

from onhand.domain.ids import Id


class Disposition(StrEnum):
    """What becomes of returned units."""

    RESTOCK = "restock"  # onto the shelf, to be sold
    QUALITY_CONTROL = "quality_control"
    DAMAGED = "damaged"
    REFUSE = "refuse"  # not taken back: they stay the customer's, and no stock moves


class ReturnedPart(msgspec.Struct, frozen=True, gc=False):
    """Units of one line of a reservation that one warehouse had shipped. warehouse None: refused."""

    line: int
    reservation: Id
    reservation_line: int
    shipped_from: Id
    product: Id
    warehouse: Id | None
    quantity: int
    disposition: str
    reason: str | None

    @property
    def allocation(self) -> tuple[Id, int, Id]:
        return self.reservation, self.reservation_line, self.shipped_from


class CustomerReturn(msgspec.Struct):
    """A return never changes after it was accepted."""

    return_id: Id
    order_id: str | None
    reason: str | None
    created_at: datetime
    created_by: str
    parts: list[ReturnedPart]
    new: bool = False
