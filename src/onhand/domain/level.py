"""A level: one product in one warehouse."""

import msgspec

from onhand.domain.ids import Id

LevelKey = tuple[Id, Id]  # product, warehouse


class Level(msgspec.Struct, gc=False):
    """Units of one product in one warehouse, as the lock on its row found them and as the batch leaves them."""

    product: Id
    warehouse: Id
    on_hand: int = 0
    reserved: int = 0
    backordered: int = 0
    damaged: int = 0
    quality_control: int = 0
    incoming: int = 0
    version: int = 0
    backorder_limit: int | None = 0
    reorder_threshold: int | None = None
    set_aside: int = 0  # as safety stock: beside the shelf, counted by no threshold
    exists: bool = True  # False: no row yet, the first posting makes one
    touched: bool = False

    @property
    def key(self) -> LevelKey:
        return self.product, self.warehouse

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved

    @property
    def covered(self) -> int:
        """Reserved units that lie on the shelf."""
        return self.reserved - self.backordered

    @property
    def free(self) -> int:
        """Units on the shelf that nobody is promised; below zero after a count that found too little."""
        return self.on_hand - self.reserved + self.backordered

    @property
    def position(self) -> int:
        """Units here, looked at or on order, less those owed to backorders: what a reorder threshold looks at."""
        return self.on_hand - self.backordered + self.quality_control + self.incoming

    def sellable(self) -> int | None:
        """How many more units may be reserved; None = without limit."""
        if self.backorder_limit is None:
            return None
        return max(0, self.on_hand - self.reserved + self.backorder_limit)
