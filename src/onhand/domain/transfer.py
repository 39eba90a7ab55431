"""Transfers: stock on its way from one warehouse to another.

in_transit ──receive some──▶ partially_received ──receive, cancel or write off the rest──▶ received
    │
    ├──receive all──▶ received
    ├──cancel──▶ cancelled
    └──write off──▶ lost
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from onhand.domain.ids import Id


class TransferStatus(StrEnum):
    IN_TRANSIT = "in_transit"
    PARTIALLY_RECEIVED = "partially_received"
    RECEIVED = "received"
    CANCELLED = "cancelled"
    LOST = "lost"


class TransferLine(msgspec.Struct, gc=False):
    """Units of one product on their way. quantity = under way + received + cancelled; lost is part of cancelled."""

    line: int
    product: Id
    quantity: int
    received: int = 0
    cancelled: int = 0
    lost: int = 0

    @property
    def open(self) -> int:
        return self.quantity - self.received - self.cancelled


class Transfer(msgspec.Struct):
    transfer_id: Id
    source: Id
    destination: Id
    status: str
    created_at: datetime
    created_by: str
    lines: list[TransferLine]
    new: bool = False
    touched: bool = False


def transfer_status_of(lines: Sequence[TransferLine]) -> TransferStatus:
    received = any(line.received for line in lines)
    if any(line.open for line in lines):
        return TransferStatus.PARTIALLY_RECEIVED if received else TransferStatus.IN_TRANSIT
    if received:
        return TransferStatus.RECEIVED
    return TransferStatus.LOST if any(line.lost for line in lines) else TransferStatus.CANCELLED
