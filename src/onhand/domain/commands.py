"""What callers ask of the engine. Everything is resolved and validated: ids, positive quantities, sane times."""

from datetime import date

import msgspec

from onhand.domain.ids import Id

USUAL_PRIORITY = 5  # of 1 (covered first) to 9


class Header(msgspec.Struct, frozen=True, gc=False):
    """Who asks, and why. operation_id is also the reservation_id or transfer_id that the command creates."""

    operation_id: Id
    actor: str
    reason: str | None = None
    reference_type: str | None = None
    reference_id: str | None = None
    measured: bool = False  # what comes in was refused for want of room, and the warehouse was measured since


class StockLine(msgspec.Struct, frozen=True, gc=False):
    """Units; of those that are received, so many are damaged and so many go to quality control."""

    product: Id
    warehouse: Id
    quantity: int
    damaged: int = 0
    quality_control: int = 0


class Receive(msgspec.Struct, frozen=True, tag=True):
    header: Header
    lines: tuple[StockLine, ...]


class AdjustLine(msgspec.Struct, frozen=True, gc=False):
    """Either a signed change or the counted truth; expected_on_hand makes it compare-and-set."""

    product: Id
    warehouse: Id
    reason: str
    quantity_change: int | None = None
    counted_quantity: int | None = None
    expected_on_hand: int | None = None


class Adjust(msgspec.Struct, frozen=True, tag=True):
    header: Header
    lines: tuple[AdjustLine, ...]


class StateLine(msgspec.Struct, frozen=True, gc=False):
    """Units that move from one state to another; source and target are states of domain.states."""

    product: Id
    warehouse: Id
    quantity: int
    source: str
    target: str
    reason: str


class ChangeState(msgspec.Struct, frozen=True, tag=True):
    header: Header
    lines: tuple[StateLine, ...]


class ReserveLine(msgspec.Struct, frozen=True, gc=False):
    """warehouse None: wherever stock is."""

    product: Id
    quantity: int
    warehouse: Id | None = None


class ShipTo(msgspec.Struct, frozen=True, gc=False):
    """Degrees, and ISO 3166-1 alpha-2. precision: what the coordinates are: coordinates, postal_code or country."""

    latitude: float | None = None
    longitude: float | None = None
    country: str | None = None
    postal_code: str | None = None
    precision: str | None = None


class Reserve(msgspec.Struct, frozen=True, tag=True):
    header: Header
    lines: tuple[ReserveLine, ...]
    order_id: str | None = None
    ship_to: ShipTo | None = None
    expires_in_s: int | None = None  # None = never
    allow_split: bool = True
    allow_partial: bool = False
    priority: int = USUAL_PRIORITY


class OpenLine(msgspec.Struct, frozen=True, gc=False):
    """Part of a reservation: product, and warehouse where it matters."""

    product: Id
    quantity: int
    warehouse: Id | None = None


class Release(msgspec.Struct, frozen=True, tag=True):
    """lines None = all that is open."""

    header: Header
    reservation: Id
    lines: tuple[OpenLine, ...] | None = None


class Fulfill(msgspec.Struct, frozen=True, tag=True):
    """lines None = all that is open."""

    header: Header
    reservation: Id
    lines: tuple[OpenLine, ...] | None = None


class Extend(msgspec.Struct, frozen=True, tag=True):
    """A new end of the hold, counted from now; None = never."""

    header: Header
    reservation: Id
    expires_in_s: int | None


class Prioritize(msgspec.Struct, frozen=True, tag=True):
    """Another place in the waiting lists: who waits is covered by priority, 1 first, and then by age."""

    header: Header
    reservation: Id
    priority: int


class Expire(msgspec.Struct, frozen=True, tag=True):
    """Release what is open if the hold has run out; otherwise nothing."""

    header: Header
    reservation: Id


class ReturnLine(msgspec.Struct, frozen=True, gc=False):
    """Units that came back, of any of the reservations or of one line of theirs; disposition is one of Disposition.

    warehouse None: they are where they had been shipped from.
    """

    product: Id
    quantity: int
    disposition: str
    line: int | None = None
    warehouse: Id | None = None
    reason: str | None = None


class TakeBack(msgspec.Struct, frozen=True, tag=True):
    """A return; header.operation_id becomes its id. reservations: those of the order, oldest first."""

    header: Header
    reservations: tuple[Id, ...]
    lines: tuple[ReturnLine, ...]


class TransferLineWanted(msgspec.Struct, frozen=True, gc=False):
    product: Id
    quantity: int


class Dispatch(msgspec.Struct, frozen=True, tag=True):
    """A transfer begins; immediate ones end in the same moment."""

    header: Header
    source: Id
    destination: Id
    lines: tuple[TransferLineWanted, ...]
    immediate: bool = True


class ReceiveTransfer(msgspec.Struct, frozen=True, tag=True):
    """lines None = all that is under way."""

    header: Header
    transfer: Id
    lines: tuple[TransferLineWanted, ...] | None = None


class CancelTransfer(msgspec.Struct, frozen=True, tag=True):
    """What is under way goes back to where it came from."""

    header: Header
    transfer: Id


class WriteOffTransfer(msgspec.Struct, frozen=True, tag=True):
    """What is under way, all (lines None) or some, is lost: it comes neither there nor back."""

    header: Header
    transfer: Id
    lines: tuple[TransferLineWanted, ...] | None = None


class CreatePurchaseOrder(msgspec.Struct, frozen=True, tag=True):
    """A draft; header.operation_id becomes its id. Without a date, it gets one when it is placed."""

    header: Header
    supplier: Id
    lines: tuple[StockLine, ...]
    expected_arrival_date: date | None = None


class PlacePurchaseOrder(msgspec.Struct, frozen=True, tag=True):
    """expected_arrival_date: for an order that has none of its own."""

    header: Header
    purchase_order: Id
    expected_arrival_date: date


class ArrivalLine(msgspec.Struct, frozen=True, gc=False):
    """Units that have arrived for an order; warehouse where the order names several."""

    product: Id
    quantity: int
    warehouse: Id | None = None
    damaged: int = 0  # of quantity
    quality_control: int = 0  # of quantity


class ReceivePurchaseOrder(msgspec.Struct, frozen=True, tag=True):
    """lines None = all that is open."""

    header: Header
    purchase_order: Id
    lines: tuple[ArrivalLine, ...] | None = None
    over_delivery_percent: int = 0
    under_delivery_percent: int = 0


class CancelPurchaseOrder(msgspec.Struct, frozen=True, tag=True):
    """What is still to come will not come."""

    header: Header
    purchase_order: Id


class ReschedulePurchaseOrder(msgspec.Struct, frozen=True, tag=True):
    """The supplier names another day."""

    header: Header
    purchase_order: Id
    expected_arrival_date: date


class ReplenishLine(msgspec.Struct, frozen=True, gc=False):
    """Terms for one level, in units. Each level at most once in a command."""

    product: Id
    warehouse: Id
    reorder_quantity: int | None
    minimum_order: int = 1
    pack_size: int = 1


class Replenish(msgspec.Struct, frozen=True, tag=True):
    """Order of one supplier what these levels lack; place False: as a draft."""

    header: Header
    supplier: Id
    lines: tuple[ReplenishLine, ...]
    expected_arrival_date: date
    place: bool = True


class Repair(msgspec.Struct, frozen=True, tag=True):
    """Make the books of one level agree, by ledger entries: its ledger, its reservations and itself.

    chain_broken: its sums may agree although single rows do not; then an ADJUST of 0 says that this is known.
    """

    header: Header
    product: Id
    warehouse: Id
    chain_broken: bool = False


ReservationCommand = Release | Fulfill | Extend | Expire | Prioritize
TransferCommand = ReceiveTransfer | CancelTransfer | WriteOffTransfer
PurchaseOrderCommand = PlacePurchaseOrder | ReceivePurchaseOrder | CancelPurchaseOrder | ReschedulePurchaseOrder
Command = (
    Receive
    | Adjust
    | ChangeState
    | Reserve
    | ReservationCommand
    | TakeBack
    | Dispatch
    | TransferCommand
    | CreatePurchaseOrder
    | Replenish
    | PurchaseOrderCommand
    | Repair
)
