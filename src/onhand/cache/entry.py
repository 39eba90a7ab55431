"""What is kept of a product, and which of two pieces of news is the newer."""

from datetime import date
from typing import Any, NamedTuple

import msgspec

from onhand.domain.ids import Id

NEVER_S = float("-inf")


class Part(msgspec.Struct, frozen=True, gc=False):
    """A product in one warehouse. version: ledger rows written for the level; available in units, may be negative.

    seen_s: when this was surely true, in seconds of time.monotonic(); minus infinity when only told by another process.
    own: seen by this process itself, so that seen_s hangs on no other machine's clock.
    Neither this nor an Entry is known to the collector: there are hundreds of thousands, and to look through them all
    took it a tenth of a second, in which nobody was answered. They point to nothing that points back.
    """

    version: int
    available: int
    backorder_limit: int | None
    seen_s: float
    own: bool = True

    @property
    def is_sold_out(self) -> bool:
        return self.backorder_limit is not None and self.available + self.backorder_limit <= 0

    def replaces(self, other: "Part | None") -> bool:
        """Older never overwrites newer; of one version, the later look knows the settings better."""
        if other is None or self.version > other.version:
            return True
        return self.version == other.version and self.seen_s >= other.seen_s

    def tells_the_same_as(self, other: "Part | None") -> bool:
        return (
            other is not None
            and self.version == other.version
            and self.available == other.available
            and self.backorder_limit == other.backorder_limit
        )


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What does not change with stock: how the product sells."""

    product: Id
    sku: str
    selling_mode: str
    release_date: date | None


class Stock(NamedTuple):
    """A product as it was read as a whole, at seen_s. parts: by warehouse. own: read by this process itself.

    shown: what readers have made of it, by a key of theirs; theirs to fill, and empty again when anything here changes.
    None: this is not kept.
    """

    facts: Facts
    parts: dict[Id, Part]
    seen_s: float
    own: bool = True
    shown: dict[Any, Any] | None = None


class Entry(msgspec.Struct, gc=False):
    """A product in the process. Without facts it was never read as a whole, and only keeps parts that are news.

    own_s: when this process last read all of its levels itself. changed_s: when its settings were last changed by it.
    shown: a new one after each change, never emptied: who looks at what was before may still write to that.
    """

    facts: Facts | None = None
    parts: dict[Id, Part] = {}
    seen_s: float = NEVER_S
    own_s: float = NEVER_S
    changed_s: float = NEVER_S
    shown: dict[Any, Any] = {}

    def stock(self) -> Stock | None:
        """The product as it is known; None when it must be read first. What changes settings later leaves it alone."""
        if self.facts is None or self.seen_s == NEVER_S:
            return None
        return Stock(self.facts, self.parts, self.seen_s, shown=self.shown)

    def learn(self, warehouse: Id, part: Part) -> bool:
        """Take a part in unless a newer one is known; return whether the numbers have changed."""
        before = self.parts.get(warehouse)
        if not part.replaces(before):
            return False
        self.parts[warehouse] = part
        if part.tells_the_same_as(before):
            return False
        self.shown = {}
        return True

    def fill(self, stock: Stock) -> bool:
        """Take in a read of the whole product; return whether anything has changed. Newer parts stay."""
        if stock.seen_s < self.changed_s:  # It may not know the new settings.
            return False
        changed = False
        if not self.parts:
            self.parts, changed = stock.parts, bool(stock.parts)
        else:
            parts = self.parts
            for warehouse, part in stock.parts.items():  # As learn does, 500 products at a time.
                before = parts.get(warehouse)
                if part.replaces(before):
                    parts[warehouse] = part
                    changed |= not part.tells_the_same_as(before)
        if stock.own and stock.seen_s > self.own_s:
            self.own_s = stock.seen_s
        if stock.seen_s >= self.seen_s:
            self.seen_s = stock.seen_s
            if self.facts != stock.facts:
                self.facts, changed = stock.facts, True
        if changed:
            self.shown = {}
        return changed

    def forget(self, now_s: float) -> None:
        """Settings have changed: only what is read from now on counts. Versions stay, so stock cannot go back."""
        self.changed_s, self.seen_s, self.own_s = now_s, NEVER_S, NEVER_S
        self.parts = {place: msgspec.structs.replace(part, seen_s=NEVER_S) for place, part in self.parts.items()}
        self.shown = {}
