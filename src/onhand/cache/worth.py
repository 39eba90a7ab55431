"""Whether it pays to ask Valkey for products: of millions that are looked at evenly hardly any is there."""

from zlib import crc32

HITS_MIN = 0.05  # of what is asked: below, the way there costs more than it saves
WEIGHED_OVER = 500  # products asked for
SAMPLED = 16  # one of so many SKUs goes on being asked for and kept there, the same ones in every process


class Worth:
    """Learns from what was found. Where little is, only a fixed sample of the SKUs is asked for and filled in.

    The sample is by SKU: what is found of it tells what would be found of all.
    """

    def __init__(self) -> None:
        self.hits = 1.0

    def pays(self, sku: str) -> bool:
        return self.hits >= HITS_MIN or crc32(sku.encode()) % SAMPLED == 0

    def found(self, count: int, asked: int) -> None:
        """Of so many asked for, so many were there."""
        self.hits += (count / asked - self.hits) * min(1.0, asked / WEIGHED_OVER)
