"""decide(world, commands) → verdicts: each command in turn, each on its own, over the whole batch.

Pure: the clock, the ids and everything read come in with the world; everything to be written is left in it.
"""

from collections.abc import Sequence

from onhand.domain import holding, moving, purchasing, repairing, returning
from onhand.domain.commands import (
    Adjust,
    CancelPurchaseOrder,
    CancelTransfer,
    ChangeState,
    Command,
    CreatePurchaseOrder,
    Dispatch,
    Expire,
    Extend,
    Fulfill,
    PlacePurchaseOrder,
    Prioritize,
    Receive,
    ReceivePurchaseOrder,
    ReceiveTransfer,
    Release,
    Repair,
    Replenish,
    ReschedulePurchaseOrder,
    Reserve,
    TakeBack,
    WriteOffTransfer,
)
from onhand.domain.errors import DomainError
from onhand.domain.outcomes import Done
from onhand.domain.world import World

Verdict = Done | DomainError


def decide(world: World, commands: Sequence[Command]) -> list[Verdict]:
    """Judge the commands in order and post the accepted ones; a refused one leaves no trace.

    Raises MissingFactsError when something must be fetched first: the world is spent then, make a fresh one.
    """
    verdicts: list[Verdict] = []
    for command in commands:
        try:
            verdicts.append(_decide(world, command))
        except DomainError as error:
            error.__traceback__ = None  # It leads to this list: a cycle, with the whole world in it.
            verdicts.append(error)
    return verdicts


def _decide(world: World, command: Command) -> Done:  # noqa: C901, PLR0911, PLR0912  one line per operation is the clearest table
    match command:
        case Reserve():
            return holding.reserve(world, command)
        case Release():
            return holding.release(world, command)
        case Fulfill():
            return holding.fulfill(world, command)
        case Receive():
            return moving.receive(world, command)
        case Adjust():
            return moving.adjust(world, command)
        case ChangeState():
            return moving.change_state(world, command)
        case Expire():
            return holding.expire(world, command)
        case Extend():
            return holding.extend(world, command)
        case Prioritize():
            return holding.prioritize(world, command)
        case TakeBack():
            return returning.take_back(world, command)
        case Dispatch():
            return moving.dispatch(world, command)
        case ReceiveTransfer():
            return moving.receive_transfer(world, command)
        case CancelTransfer():
            return moving.cancel_transfer(world, command)
        case WriteOffTransfer():
            return moving.write_off_transfer(world, command)
        case CreatePurchaseOrder():
            return purchasing.create(world, command)
        case Replenish():
            return purchasing.replenish(world, command)
        case PlacePurchaseOrder():
            return purchasing.place(world, command)
        case ReceivePurchaseOrder():
            return purchasing.receive(world, command)
        case CancelPurchaseOrder():
            return purchasing.cancel(world, command)
        case ReschedulePurchaseOrder():
            return purchasing.reschedule(world, command)
        case Repair():
            return repairing.repair(world, command)
