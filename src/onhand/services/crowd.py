"""Crowds: who asks again and again for what is sold out. Few shoppers are the engine's, which is always exact."""

from onhand.domain.limits import CROWDS_MAX_SKUS, SOLD_OUT_CROWD_MIN, SOLD_OUT_CROWD_S


class Crowds:
    """How many have lately asked for each SKU that looks sold out; in this and the last SOLD_OUT_CROWD_S seconds."""

    def __init__(self) -> None:
        self._asked: dict[str, tuple[int, int, int]] = {}  # which window, asked in it, asked in the one before

    def joins(self, sku: str, now_s: float) -> bool:
        """Count one more; whether they are a crowd."""
        window = int(now_s / SOLD_OUT_CROWD_S)
        last, asked, before = self._asked.get(sku, (0, 0, 0))
        if last != window:
            asked, before = 0, asked if last == window - 1 else 0
            if len(self._asked) >= CROWDS_MAX_SKUS:
                self._asked.clear()
        self._asked[sku] = window, asked + 1, before
        return asked + 1 + before >= SOLD_OUT_CROWD_MIN
