"""What an order holds and has shipped, kept from one answer to the next. Units by SKU."""

import asyncio
from collections import Counter
from typing import Any

from onhand.services.answers import Reservation


class Held:
    """One order. last: its latest operation, which must be answered before the next is begun."""

    last: "asyncio.Task[Any]"

    def __init__(self) -> None:
        self.reservation_id = ""
        self.open: Counter[str] = Counter()
        self.waiting: Counter[str] = Counter()  # the part of open that no stock covered when last heard of
        self.fulfilled: Counter[str] = Counter()
        self.sent_back: Counter[str] = Counter()
        self.weeks = 0  # that it has waited

    def update(self, answer: Reservation) -> int:
        """Take over an answer; return how many units are newly fulfilled."""
        before = self.fulfilled.total()
        self.reservation_id = answer.reservation_id
        self.open, self.waiting, self.fulfilled = Counter(), Counter(), Counter()
        for line in answer.lines:
            self.open[line.sku] += line.open
            self.fulfilled[line.sku] += line.fulfilled
            self.waiting[line.sku] += sum(allocation.backordered for allocation in line.allocations)
        self.open, self.waiting = +self.open, +self.waiting
        return self.fulfilled.total() - before

    def returnable(self, sku: str) -> int:
        return self.fulfilled[sku] - self.sent_back[sku]
