"""The cache in the process: what this process has read, written or been told."""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from onhand.cache.entry import Entry, Facts, Part, Stock
from onhand.domain.ids import Id
from onhand.domain.level import LevelKey
from onhand.domain.limits import AVAILABILITY_KEPT_MAX_PRODUCTS, AVAILABILITY_UNKNOWN_S


class Local:
    """Entries by product, bounded in number: the oldest make room. Times are those of time.monotonic()."""

    def __init__(self, kept_max: int = AVAILABILITY_KEPT_MAX_PRODUCTS) -> None:
        self._kept_max = kept_max
        self._entries: dict[Id, Entry] = {}
        self._by_sku: dict[str, Entry] = {}
        self._unknown: dict[str, float] = {}
        self._watchers: dict[Id, set[asyncio.Event]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def held(self, sku: str, after_s: float = float("-inf")) -> Stock | None:
        """The product of this SKU if it was read whole, not before after_s, and its settings are the same still."""
        entry = self._by_sku.get(sku)
        return entry.stock() if entry is not None and entry.seen_s >= after_s else None

    def entry(self, product: Id) -> Entry | None:
        """What is known of a product, whole or not."""
        return self._entries.get(product)

    def part(self, key: LevelKey) -> Part | None:
        """What is known of a level."""
        entry = self._entries.get(key[0])
        return None if entry is None else entry.parts.get(key[1])

    def learn(self, key: LevelKey, part: Part) -> None:
        """Take in a level after a commit. Kept even where the product is not, so that a late fill cannot go back."""
        product, warehouse = key
        entry = self._entries.get(product)
        if entry is None:
            entry = self._add(product)
        if entry.learn(warehouse, part):
            self._tell(product)

    def fill(self, stock: Stock) -> Stock | None:
        """Take in a read of the whole product; return it as it is known now.

        None: its settings have changed since this was read.
        """
        facts = stock.facts
        entry = self._entries.get(facts.product)
        if entry is None:
            entry = self._add(facts.product)
        if entry.fill(stock):
            self._tell(facts.product)
        self._by_sku[facts.sku] = entry
        if self._unknown:
            self._unknown.pop(facts.sku, None)
        return entry.stock()

    def forget(self, product: Id, now_s: float) -> None:
        """Its settings have changed: the next reader asks the database. What is known of its stock stays."""
        (self._entries.get(product) or self._add(product)).forget(now_s)
        self._tell(product)

    def miss(self, sku: str, now_s: float) -> None:
        """There is no such SKU: remembered for a moment."""
        if len(self._unknown) >= self._kept_max:
            self._unknown.clear()
        self._unknown[sku] = now_s + AVAILABILITY_UNKNOWN_S

    def is_unknown(self, sku: str, now_s: float) -> bool:
        return bool(self._unknown) and self._unknown.get(sku, now_s) > now_s

    def appeared(self, sku: str) -> None:
        """A product of this SKU has been made."""
        self._unknown.pop(sku, None)

    @contextmanager
    def watching(self, products: set[Id]) -> Iterator[asyncio.Event]:
        """An event that is set whenever one of these products changes."""
        changed = asyncio.Event()
        for product in products:
            self._watchers.setdefault(product, set()).add(changed)
        try:
            yield changed
        finally:
            for product in products:
                watchers = self._watchers[product]
                watchers.discard(changed)
                if not watchers:
                    del self._watchers[product]

    def _tell(self, product: Id) -> None:
        if self._watchers:
            for changed in self._watchers.get(product, ()):
                changed.set()

    def _add(self, product: Id) -> Entry:
        if len(self._entries) >= self._kept_max:
            # Few at a time, so that nobody waits for it.
            for old in list(itertools.islice(self._entries, max(1, self._kept_max // 1_000))):
                facts: Facts | None = self._entries.pop(old).facts
                if facts is not None:
                    self._by_sku.pop(facts.sku, None)
        entry = self._entries[product] = Entry()
        return entry
