"""Purchase orders: what was ordered of a supplier, and what has come of it.

draft ──place──▶ placed ──receive some──▶ partially_received ──receive the rest──▶ received
  │                │  └───receive all──────────────────────────────────────────────▶ received
  │                │                              └──cancel the rest──▶ closed_short
  └──cancel────────┴──cancel──▶ cancelled
"""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum

import msgspec

from onhand.domain.ids import Id
from onhand.domain.level import LevelKey


class PurchaseOrderStatus(StrEnum):
    DRAFT = "draft"
    PLACED = "placed"
    PARTIALLY_RECEIVED = "partially_received"
    RECEIVED = "received"
    CANCELLED = "cancelled"
    CLOSED_SHORT = "closed_short"


UNDER_WAY = frozenset({PurchaseOrderStatus.PLACED, PurchaseOrderStatus.PARTIALLY_RECEIVED})


class PurchaseOrderLine(msgspec.Struct, gc=False):
    """Units of one product for one warehouse. received counts what arrived in whatever state."""

    line: int
    product: Id
    warehouse: Id
    quantity: int
    received: int = 0
    damaged: int = 0
    quality_control: int = 0
    cancelled: int = 0

    @property
    def open(self) -> int:
        """Units still to come; a supplier may have sent more than was ordered."""
        return max(0, self.quantity - self.received - self.cancelled)

    @property
    def key(self) -> LevelKey:
        return self.product, self.warehouse


class PurchaseOrder(msgspec.Struct):
    purchase_order_id: Id
    supplier: Id
    status: str
    expected_arrival_date: date | None
    placed_at: datetime | None
    created_at: datetime
    created_by: str
    lines: list[PurchaseOrderLine]
    new: bool = False
    touched: bool = False


def purchase_order_status_of(lines: Sequence[PurchaseOrderLine]) -> PurchaseOrderStatus:
    """Of an order that has been placed."""
    received = any(line.received for line in lines)
    if any(line.open for line in lines):
        return PurchaseOrderStatus.PARTIALLY_RECEIVED if received else PurchaseOrderStatus.PLACED
    if not received:
        return PurchaseOrderStatus.CANCELLED
    short = any(line.cancelled for line in lines)
    return PurchaseOrderStatus.CLOSED_SHORT if short else PurchaseOrderStatus.RECEIVED
