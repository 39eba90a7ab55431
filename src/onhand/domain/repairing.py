"""Making the books of a level agree again (law 2): by ledger entries, never by a silent update.

What lies on the shelf is what the level says (only a count knows better, and a count is an ADJUST); what is reserved is
what the open reservations hold.
"""

from onhand.domain.backorders import settle
from onhand.domain.commands import Repair
from onhand.domain.moving import operation_done, posted_line
from onhand.domain.outcomes import Nothing, OperationDone
from onhand.domain.states import State
from onhand.domain.world import MissingFactsError, World

REASON = "reconciliation"


def repair(world: World, command: Repair) -> OperationDone | Nothing:
    """Post what is missing between a level, its ledger and its reservations; Nothing when they agree."""
    level = world.level(command.product, command.warehouse)
    sums = world.sums.get(level.key)
    if sums is None:
        raise MissingFactsError(sums=[level.key])
    unsold = sums.open_reserved - sums.ledger_reserved
    unseen = level.on_hand - sums.ledger_on_hand
    strange = [
        (State.DAMAGED, level.damaged - sums.ledger_damaged),
        (State.QUALITY_CONTROL, level.quality_control - sums.ledger_quality_control),
        (State.SAFETY_STOCK, level.set_aside - sums.ledger_set_aside),
    ]
    agreed = not any(units for _, units in strange) and (level.reserved, level.backordered, level.version) == (
        sums.open_reserved,
        sums.open_backordered,
        sums.ledger_version,
    )
    if agreed and not unsold and not unseen and not command.chain_broken:
        return Nothing()
    world.open_operation(command.header, "ADJUST")
    level.reserved = sums.open_reserved
    world.owe(level, sums.open_backordered - level.backordered)
    level.version = max(level.version, sums.ledger_version)
    if unsold:
        world.post(level, command.header, "RESERVE" if unsold > 0 else "RELEASE", -unsold, reason=REASON)
    world.post(level, command.header, "ADJUST", unseen, reason=REASON)
    for state, units in strange:
        if units:
            world.note_state(level, state, units)
    short = settle(world, level)
    return operation_done(world, command.header, "ADJUST", [posted_line(level, unseen, REASON)], short)
