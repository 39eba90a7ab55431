"""How much a warehouse takes in, and how much of that is taken."""

from enum import StrEnum

import msgspec

from onhand.domain.ids import Id

MM3_PER_LITRE = 1_000_000


class CapacityIn(StrEnum):
    UNITS = "units"
    LITRES = "litres"


class CapacityPolicy(StrEnum):
    IGNORE = "ignore"
    WARN = "warn"
    REFUSE = "refuse"


class Room(msgspec.Struct):
    """What is in a warehouse at most: base + added, in units or mm³. base None: nobody knows."""

    warehouse: Id
    capacity: int | None
    capacity_in: str
    policy: str
    base: int | None
    added: int
    touched: bool = False

    @property
    def scale(self) -> int:
        """Of what is summed up, in one of capacity_in."""
        return MM3_PER_LITRE if self.capacity_in == CapacityIn.LITRES else 1

    @property
    def free(self) -> int | None:
        """None: nobody knows, or there is no end."""
        if self.base is None or self.capacity is None:
            return None
        return self.capacity * self.scale - self.base - self.added
