"""The world a batch is decided in: what the locks hold, changed in memory, and the effects to be written.

Handlers judge a command first and post second, so a refused command leaves no trace.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec

from onhand.domain.commands import Header
from onhand.domain.customer_return import CustomerReturn
from onhand.domain.errors import Unknown, WarehouseInactive
from onhand.domain.ids import Id, NewId
from onhand.domain.level import Level, LevelKey
from onhand.domain.limits import QUANTITY_MAX_UNITS
from onhand.domain.purchase_order import PurchaseOrder
from onhand.domain.reservation import Allocation, Reservation
from onhand.domain.room import Room
from onhand.domain.routing import Ranker, Warehouse
from onhand.domain.sourcing import Foreseen, Stock
from onhand.domain.transfer import Transfer


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One ledger row. quantity is signed as the operation moves what it counts; the rest is the level after it."""

    txn_id: Id
    header: Header
    type: str
    product: Id
    warehouse: Id
    version: int
    quantity: int
    on_hand: int
    reserved: int
    reason: str | None


class StateEntry(msgspec.Struct, frozen=True, gc=False):
    """Units that moved into (+) or out of (-) damaged or quality_control with the ledger row of the same txn_id."""

    txn_id: Id
    state: str
    product: Id
    warehouse: Id
    quantity: int


class Operation(msgspec.Struct, frozen=True, gc=False):
    header: Header
    type: str


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something that others want to know and that no answer tells them."""

    event_id: Id
    type: str
    subject: str
    data: dict[str, Any]


class Sums(msgspec.Struct, frozen=True):
    """What the rows behind a level add up to. Units; version is that of its last ledger row."""

    ledger_on_hand: int
    ledger_reserved: int
    ledger_version: int
    open_reserved: int
    open_backordered: int
    ledger_damaged: int = 0
    ledger_quality_control: int = 0
    ledger_set_aside: int = 0


class MissingFactsError(Exception):
    """The batch cannot be decided yet: fetch these under the locks already held, and decide again.

    waiting: how many backordered allocations of a level, oldest first; youngest: how many covered ones, youngest
    first; products: whose backorder limits are needed because a level is about to be made; sums: what a level's ledger
    reservations add up to; levels: to be locked, because an order would go there; volumes: of which products.
    """

    def __init__(
        self,
        *,
        waiting: Mapping[LevelKey, int] | None = None,
        youngest: Mapping[LevelKey, int] | None = None,
        products: Iterable[Id] = (),
        sums: Iterable[LevelKey] = (),
        levels: Iterable[LevelKey] = (),
        volumes: Iterable[Id] = (),
    ) -> None:
        super().__init__("facts are missing")
        self.waiting = dict(waiting or {})
        self.youngest = dict(youngest or {})
        self.products = frozenset(products)
        self.sums = frozenset(sums)
        self.levels = frozenset(levels)
        self.volumes = frozenset(volumes)


class Fetched(msgspec.Struct, frozen=True):
    """How far a level's queue has been read: asked for limit allocations, and got as far as this one.

    horizon: its turn, of those who wait; its age, of those who are covered; None: the queue was read to its end.
    """

    limit: int
    horizon: tuple[Any, ...] | None


class World:
    """Everything one batch may look at and change."""

    def __init__(
        self,
        *,
        now: datetime,
        new_id: NewId,
        ranker: Ranker,
        levels: Iterable[Level] = (),
        reservations: Iterable[Reservation] = (),
        transfers: Iterable[Transfer] = (),
        allocations: Iterable[Allocation] = (),
        waiting: Mapping[LevelKey, Fetched] | None = None,
        youngest: Mapping[LevelKey, Fetched] | None = None,
        limits: Mapping[Id, int | None] | None = None,
    ) -> None:
        self.now = now
        self.new_id = new_id
        self.ranker = ranker
        self.warehouses: Mapping[Id, Warehouse] = ranker.warehouses
        self.levels: dict[LevelKey, Level] = {}
        self.by_product: dict[Id, list[Level]] = {}
        for level in levels:
            self._add_level(level)
        self.reservations = {reservation.reservation_id: reservation for reservation in reservations}
        self.transfers = {transfer.transfer_id: transfer for transfer in transfers}
        self.purchase_orders: dict[Id, PurchaseOrder] = {}
        self.returns: dict[Id, CustomerReturn] = {}
        self.rooms: dict[Id, Room] = {}  # of the warehouses whose capacity is looked at
        self.volumes: Mapping[Id, int] = {}  # mm³ of a unit
        self.drafted: Counter[LevelKey] = Counter()  # units in drafts, of the levels to be reordered
        self.prioritized: dict[tuple[Id, int, Id], Allocation] = {}
        self.notes: dict[LevelKey, None] = {}  # levels that fell below their threshold
        self.alerts: dict[LevelKey, None] = {}  # levels that may have begun or ceased to want attention
        self.lead_times: list[tuple[Id, Id, int]] = []  # supplier, product, days that a delivery took
        self.waiting = waiting or {}
        self.youngest = youngest or {}
        self.limits = limits or {}
        self.seen: Stock = {}  # read without a lock
        self.safety: Stock = {}  # likewise: safety stock, where a rule of routing wants it left
        self.foreseen: Mapping[Id, Foreseen] = {}  # by operation: orders planned on what was seen
        self.sums: Mapping[LevelKey, Sums] = {}
        self.unknown_products: AbstractSet[Id] = frozenset()  # looked for and not found
        self.allocations: dict[tuple[Id, int, Id], Allocation] = {}
        self.by_level: dict[LevelKey, list[Allocation]] = {}
        for reservation in self.reservations.values():
            for allocation in reservation.allocations:
                self.add_allocation(allocation)
        for allocation in allocations:
            if (allocation.reservation, allocation.line, allocation.warehouse) not in self.allocations:
                self.add_allocation(allocation)
        self.operations: list[Operation] = []
        self.entries: list[Entry] = []
        self.state_entries: list[StateEntry] = []
        self.events: list[Event] = []

    def _add_level(self, level: Level) -> None:
        self.levels[level.key] = level
        self.by_product.setdefault(level.product, []).append(level)

    def level(self, product: Id, warehouse: Id) -> Level:
        """The level; one of zeros where none exists yet. Raises Unknown where there can be none."""
        level = self.levels.get((product, warehouse))
        if level is None:
            if product in self.unknown_products:
                raise Unknown("product", str(product))
            if product not in self.limits:
                raise MissingFactsError(products=[product])
            level = Level(product, warehouse, backorder_limit=self.limits[product], exists=False)
            self._add_level(level)
        return level

    def add_allocation(self, allocation: Allocation) -> None:
        self.allocations[allocation.reservation, allocation.line, allocation.warehouse] = allocation
        self.by_level.setdefault(allocation.key, []).append(allocation)

    def add_reservation(self, reservation: Reservation) -> None:
        self.reservations[reservation.reservation_id] = reservation
        for allocation in reservation.allocations:
            self.add_allocation(allocation)

    def open_operation(self, header: Header, type_: str) -> None:
        self.operations.append(Operation(header, type_))

    def post(
        self,
        level: Level,
        header: Header,
        type_: str,
        quantity: int,
        *,
        on_hand: int = 0,
        reserved: int = 0,
        reason: str | None = None,
    ) -> None:
        """Move a level and write its ledger row. on_hand and reserved are signed changes in units."""
        level.on_hand += on_hand
        level.reserved += reserved
        # Hot: of a level without a threshold only its last unit, or its first one, is looked at.
        if on_hand and (level.reorder_threshold is not None or not level.on_hand or level.on_hand == on_hand):
            self._look(level, on_hand)
        level.version += 1
        level.touched = True
        self.entries.append(
            Entry(
                self.new_id(),
                header,
                type_,
                level.product,
                level.warehouse,
                level.version,
                quantity,
                level.on_hand,
                level.reserved,
                reason if reason is not None else header.reason,
            )
        )

    def _look(self, level: Level, change: int) -> None:
        """Note a level whose alerts (docs/adr/0009-pages.md) begin or end with this change of on_hand.

        Each change on its own: what they come to in the end begins or ends something only if one of them did.
        """
        shelf, threshold = level.on_hand - level.backordered, level.reorder_threshold
        if (
            not level.on_hand
            or level.on_hand == change
            or (
                threshold is not None
                and any((x < threshold) != (x - change < threshold) for x in (shelf, shelf + level.quality_control))
            )
        ):
            self.alerts[level.key] = None

    def owe(self, level: Level, units: int) -> None:
        """Change what is backordered: by so many units more, or fewer."""
        if units:
            level.backordered += units
            self.alerts[level.key] = None

    def note_state(self, level: Level, state: str, quantity: int) -> None:
        """Write down with the last ledger row what moved into (+) or out of (-) a state."""
        entry = StateEntry(self.entries[-1].txn_id, str(state), level.product, level.warehouse, quantity)
        self.state_entries.append(entry)

    def shift(self, level: Level, state: str, quantity: int) -> None:
        """Move units into (+) or out of (-) a state beside the shelf, right after the post of the same moment."""
        column = "set_aside" if state == "safety_stock" else state
        setattr(level, column, getattr(level, column) + quantity)
        self.alerts[level.key] = None
        self.note_state(level, state, quantity)

    def watch(self, level: Level, before: int) -> None:
        """Note a level whose position fell below its reorder threshold. before: its position before the change.

        With backorders it may have been below already, since they were made, which notes nothing.
        """
        threshold = level.reorder_threshold
        if threshold is not None and level.position < threshold and (threshold <= before or level.backordered):
            self.notes[level.key] = None
            if threshold <= before:
                self.tell("level.below_threshold", str(level.product), _facts(level))

    def tell(self, type_: str, subject: str, data: dict[str, Any]) -> None:
        self.events.append(Event(self.new_id(), type_, subject, data))


def _facts(level: Level) -> dict[str, Any]:
    return {
        "product_id": str(level.product),
        "warehouse_id": str(level.warehouse),
        "on_hand": level.on_hand,
        "reserved": level.reserved,
        "backordered": level.backordered,
        "reorder_threshold": level.reorder_threshold,
    }


def must_be_active(world: World, index: int, warehouse: Id) -> None:
    """Closed warehouses take no stock and no orders. index: of the line. Raises WarehouseInactive."""
    known = world.warehouses.get(warehouse)
    if known is not None and not known.active:
        raise WarehouseInactive(index, warehouse)


def fits(level: Level, quantity: int) -> bool:
    """Whether that many units more can be counted at all (PostgreSQL integer), whatever state they end in."""
    beside = level.damaged + level.quality_control + level.set_aside
    return level.on_hand + level.incoming + beside + quantity <= QUANTITY_MAX_UNITS


def reservable(level: Level, quantity: int) -> bool:
    return level.reserved + quantity <= QUANTITY_MAX_UNITS
