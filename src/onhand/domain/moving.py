"""Operations that move what lies on the shelf: RECEIVE, ADJUST, TRANSFER."""

from collections import Counter
from collections.abc import Sequence

from onhand.domain.admitting import Incoming, admit, count_in
from onhand.domain.backorders import settle
from onhand.domain.commands import (
    Adjust,
    AdjustLine,
    CancelTransfer,
    ChangeState,
    Dispatch,
    Header,
    Receive,
    ReceiveTransfer,
    TransferLineWanted,
    WriteOffTransfer,
)
from onhand.domain.errors import (
    BelowZero,
    InsufficientStock,
    LevelOverflow,
    QuantityExceedsOpen,
    Shortage,
    StaleExpectation,
    TransferClosed,
    Unknown,
)
from onhand.domain.ids import Id
from onhand.domain.level import Level, LevelKey
from onhand.domain.outcomes import CapacityWarning, OperationDone, Posted, Short, TransferDone
from onhand.domain.states import State, move, take_in, units_in
from onhand.domain.transfer import Transfer, TransferLine, TransferStatus, transfer_status_of
from onhand.domain.world import World, fits, must_be_active


def receive(world: World, command: Receive) -> OperationDone:
    """Put units on the shelf; they cover backorders first."""
    demand: Counter[LevelKey] = Counter()
    for index, line in enumerate(command.lines):
        level = world.level(line.product, line.warehouse)
        must_be_active(world, index, line.warehouse)
        demand[level.key] += line.quantity  # Two lines may name one level: judge their sum.
        if not fits(level, demand[level.key]):
            raise LevelOverflow(index, line.product, line.warehouse, line.quantity)
    coming = (Incoming(index, x.product, x.warehouse, x.quantity) for index, x in enumerate(command.lines))
    warnings = admit(world, command.header, coming)
    world.open_operation(command.header, "RECEIVE")
    posted = []
    for line in command.lines:
        level = world.level(line.product, line.warehouse)
        good = take_in(world, level, command.header, line.quantity, line.damaged, line.quality_control)
        posted.append(posted_line(level, good))
    done = operation_done(world, command.header, "RECEIVE", posted, [])
    done.warnings = warnings
    return done


def adjust(world: World, command: Adjust) -> OperationDone:
    """Write down what was counted, or what was found broken, lost or won. A count is a fact and never refused."""
    counted: dict[LevelKey, int] = {}
    changes = []
    for index, line in enumerate(command.lines):
        level = world.level(line.product, line.warehouse)
        on_hand = counted.get(level.key, level.on_hand)
        if line.expected_on_hand is not None and line.expected_on_hand != on_hand:
            raise StaleExpectation(index, line.product, line.warehouse, line.expected_on_hand, on_hand)
        change = _change_of(line, on_hand)
        if on_hand + change < 0:
            raise BelowZero(index, line.product, line.warehouse, change, on_hand)
        if not fits(level, on_hand - level.on_hand + change):
            raise LevelOverflow(index, line.product, line.warehouse, change)
        counted[level.key] = on_hand + change
        changes.append(change)
    found = zip(command.lines, changes, strict=True)
    count_in(world, (Incoming(0, line.product, line.warehouse, change) for line, change in found))
    world.open_operation(command.header, "ADJUST")
    posted: list[Posted] = []
    short: list[Short] = []
    for line, change in zip(command.lines, changes, strict=True):
        level = world.level(line.product, line.warehouse)
        before = level.position
        world.post(level, command.header, "ADJUST", change, on_hand=change, reason=line.reason)
        short += settle(world, level)
        world.watch(level, before)
        posted.append(posted_line(level, change, line.reason))
    return operation_done(world, command.header, "ADJUST", posted, short)


def _change_of(line: AdjustLine, on_hand: int) -> int:
    if line.counted_quantity is not None:
        return line.counted_quantity - on_hand
    return line.quantity_change or 0


def change_state(world: World, command: ChangeState) -> OperationDone:
    """Move units between states: found broken, looked at, mended, thrown away. Reserved units may be among them.

    It is a fact like a count: what it takes off the shelf leaves the youngest reservations short.
    """
    taken: Counter[tuple[LevelKey, str]] = Counter()
    shortages = []
    for index, line in enumerate(command.lines):
        level = world.level(line.product, line.warehouse)
        there = units_in(level, line.source) - taken[level.key, line.source]
        if line.quantity > there:
            shortages.append(Shortage(index, line.product, line.warehouse, line.quantity, max(0, there)))
        taken[level.key, line.source] += line.quantity  # Two lines may name one level: judge their sum.
        if line.target == State.AVAILABLE:
            must_be_active(world, index, line.warehouse)
    if shortages:
        raise InsufficientStock(shortages, len(command.lines))
    world.open_operation(command.header, "ADJUST")
    posted: list[Posted] = []
    short: list[Short] = []
    for line in command.lines:
        level = world.level(line.product, line.warehouse)
        before = level.on_hand
        short += move(world, level, command.header, line.quantity, (line.source, line.target), line.reason)
        posted.append(posted_line(level, level.on_hand - before, line.reason))
    return operation_done(world, command.header, "ADJUST", posted, short)


def dispatch(world: World, command: Dispatch) -> TransferDone:
    """Take free units from the source; immediate transfers arrive at once, others are incoming at the destination."""
    must_be_active(world, 0, command.destination)
    demand: Counter[Id] = Counter()
    for line in command.lines:
        demand[line.product] += line.quantity
    shortages = []
    for index, line in enumerate(command.lines):
        source = world.level(line.product, command.source)
        destination = world.level(line.product, command.destination)
        if demand[line.product] > source.free:
            free = max(0, source.free)
            shortages.append(Shortage(index, line.product, command.source, demand[line.product], free))
        elif not fits(destination, demand[line.product]):
            raise LevelOverflow(index, line.product, command.destination, line.quantity)
    if shortages:
        raise InsufficientStock(shortages, len(command.lines))
    coming = [Incoming(n, x.product, command.destination, x.quantity) for n, x in enumerate(command.lines)]
    warnings = admit(world, command.header, coming if command.immediate else ())
    world.open_operation(command.header, "TRANSFER")
    transfer = _new_transfer(world, command)
    for moved in transfer.lines:
        source = world.level(moved.product, command.source)
        destination = world.level(moved.product, command.destination)
        before = source.position
        world.post(source, command.header, "TRANSFER", -moved.quantity, on_hand=-moved.quantity)
        world.watch(source, before)
        destination.incoming += moved.quantity
        destination.touched = True
        if command.immediate:
            _arrive(world, command.header, destination, moved, moved.quantity)
    transfer.status = transfer_status_of(transfer.lines)
    return _transfer_done(transfer, warnings)


def _new_transfer(world: World, command: Dispatch) -> Transfer:
    transfer = Transfer(
        transfer_id=command.header.operation_id,
        source=command.source,
        destination=command.destination,
        status=TransferStatus.IN_TRANSIT,
        created_at=world.now,
        created_by=command.header.actor,
        lines=[TransferLine(number, line.product, line.quantity) for number, line in enumerate(command.lines)],
        new=True,
        touched=True,
    )
    world.transfers[transfer.transfer_id] = transfer
    return transfer


def _arrive(world: World, header: Header, destination: Level, line: TransferLine, units: int) -> None:
    destination.incoming -= units
    line.received += units
    world.post(destination, header, "TRANSFER", units, on_hand=units)
    settle(world, destination)


def receive_transfer(world: World, command: ReceiveTransfer) -> TransferDone:
    """Take in units that are under way, all or some; they cover backorders at the destination first."""
    transfer = _open_transfer(world, command.transfer)
    arrivals = _arrivals(transfer, command.lines)
    coming = (Incoming(index, line.product, transfer.destination, units) for index, line, units in arrivals)
    warnings = admit(world, command.header, coming)
    world.open_operation(command.header, "TRANSFER")
    for _, line, units in arrivals:
        _arrive(world, command.header, world.level(line.product, transfer.destination), line, units)
    transfer.status = transfer_status_of(transfer.lines)
    transfer.touched = True
    return _transfer_done(transfer, warnings)


def _arrivals(transfer: Transfer, lines: Sequence[TransferLineWanted] | None) -> list[tuple[int, TransferLine, int]]:
    """The index of the line that says so (the transfer's own where it arrives whole), the line, and units of it."""
    if lines is None:
        return [(line.line, line, line.open) for line in transfer.lines if line.open]
    arrivals = []
    left = {line.line: line.open for line in transfer.lines}
    for index, wanted in enumerate(lines):
        mine = [line for line in transfer.lines if line.product == wanted.product]
        available = sum(left[line.line] for line in mine)
        if wanted.quantity > available:
            raise QuantityExceedsOpen(index, wanted.product, wanted.quantity, available)
        units = wanted.quantity
        for line in mine:
            taken = min(units, left[line.line])
            if taken:
                left[line.line] -= taken
                units -= taken
                arrivals.append((index, line, taken))
    return arrivals


def cancel_transfer(world: World, command: CancelTransfer) -> TransferDone:
    """What is still under way goes back onto the shelf it came from."""
    transfer = _open_transfer(world, command.transfer)
    returning: Counter[Id] = Counter()
    for line in transfer.lines:
        returning[line.product] += line.open  # Two lines may name one product: judge their sum.
        if not fits(world.level(line.product, transfer.source), returning[line.product]):
            raise LevelOverflow(line.line, line.product, transfer.source, line.open)
    coming = (Incoming(line.line, line.product, transfer.source, line.open) for line in transfer.lines)
    warnings = admit(world, command.header, coming)
    world.open_operation(command.header, "TRANSFER")
    for line in transfer.lines:
        units = line.open
        if not units:
            continue
        destination = world.level(line.product, transfer.destination)
        before = destination.position
        destination.incoming -= units
        destination.touched = True
        world.watch(destination, before)
        line.cancelled += units
        source = world.level(line.product, transfer.source)
        world.post(source, command.header, "TRANSFER", units, on_hand=units)
        settle(world, source)
    transfer.status = transfer_status_of(transfer.lines)
    transfer.touched = True
    return _transfer_done(transfer, warnings)


def write_off_transfer(world: World, command: WriteOffTransfer) -> TransferDone:
    """What is lost on its way comes to nobody: less is incoming, and the ledger says how much and why."""
    transfer = _open_transfer(world, command.transfer)
    losses = _arrivals(transfer, command.lines)
    world.open_operation(command.header, "TRANSFER")
    for _, line, units in losses:
        destination = world.level(line.product, transfer.destination)
        before = destination.position
        destination.incoming -= units
        line.cancelled += units
        line.lost += units
        world.post(destination, command.header, "TRANSFER", 0)
        world.note_state(destination, State.LOST, units)
        world.watch(destination, before)
    transfer.status = transfer_status_of(transfer.lines)
    transfer.touched = True
    return _transfer_done(transfer, [])


def _open_transfer(world: World, transfer_id: Id) -> Transfer:
    transfer = world.transfers.get(transfer_id)
    if transfer is None:
        raise Unknown("transfer", str(transfer_id))
    if not any(line.open for line in transfer.lines):
        raise TransferClosed(transfer_id, transfer.status)
    return transfer


def posted_line(level: Level, quantity: int, reason: str | None = None) -> Posted:
    return Posted(
        level.product,
        level.warehouse,
        quantity,
        level.on_hand,
        level.reserved,
        level.backordered,
        reason,
        level.damaged,
        level.quality_control,
        level.set_aside,
    )


def operation_done(world: World, header: Header, type_: str, posted: list[Posted], short: list[Short]) -> OperationDone:
    return OperationDone(
        operation_id=header.operation_id,
        type=type_,
        created_at=world.now,
        created_by=header.actor,
        reason=header.reason,
        reference_type=header.reference_type,
        reference_id=header.reference_id,
        lines=posted,
        short=short,
    )


def _transfer_done(transfer: Transfer, warnings: list[CapacityWarning]) -> TransferDone:
    """A copy: a later command of the same batch may change the transfer."""
    lines = [TransferLine(x.line, x.product, x.quantity, x.received, x.cancelled, x.lost) for x in transfer.lines]
    return TransferDone(
        Transfer(
            transfer.transfer_id,
            transfer.source,
            transfer.destination,
            transfer.status,
            transfer.created_at,
            transfer.created_by,
            lines,
        ),
        warnings,
    )
