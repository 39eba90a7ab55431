"""What probably happened, told from which of the books disagree."""

from onhand.db import queries_reconciliation as q
from onhand.db import queries_return as back
from onhand.db import queries_supply as supply
from onhand.db import queries_transfer as moves

UNGUARDED = (
    "The trigger ledger_append_only is missing or disabled: ledger rows can be changed. Apply the migrations again, "
    "or enable it with ALTER TABLE ledger ENABLE TRIGGER ledger_append_only."
)


def of_ledger(row: q.LedgerDifferenceRow) -> str:
    parts = []
    on_hand = row.level_on_hand - row.ledger_on_hand
    if on_hand:
        parts.append(f"on_hand is {abs(on_hand)} {'more' if on_hand > 0 else 'less'} than its ledger adds up to")
    reserved = row.level_reserved - row.ledger_reserved
    if reserved:
        parts.append(f"reserved is {abs(reserved)} {'more' if reserved > 0 else 'less'} than its ledger adds up to")
    if row.level_version < row.ledger_version:
        parts.append("the level is older than its ledger: its row was put back or made anew")
    elif row.level_version > row.ledger_version:
        parts.append("the newest ledger rows are missing")
    elif on_hand or reserved:
        parts.append("the level was changed, or a ledger row was changed or removed, past the engine")
    return "; ".join(parts).capitalize() + "."


def of_reservations(row: q.ReservationDifferenceRow) -> str:
    parts = []
    if row.level_reserved != row.open_reserved:
        parts.append(f"the level says {row.level_reserved} are reserved, open reservations hold {row.open_reserved}")
    if row.level_backordered != row.open_backordered:
        parts.append(
            f"the level says {row.level_backordered} wait for stock, open reservations say {row.open_backordered}"
        )
    return ("; ".join(parts) + ": a reservation line or the level was changed past the engine.").capitalize()


def of_incoming(row: supply.IncomingDifferenceRow) -> str:
    return (
        f"The level says {row.level_incoming} are incoming, open purchase orders and transfers say {row.arriving}: one "
        "of them was changed past the engine."
    )


def of_states(row: supply.StateDifferenceRow) -> str:
    parts = [
        f"the level says {level} {name}, its ledger {ledger}"
        for name, level, ledger in (
            ("damaged", row.level_damaged, row.ledger_damaged),
            ("in quality control", row.level_quality_control, row.ledger_quality_control),
            ("set aside", row.level_set_aside, row.ledger_set_aside),
        )
        if level != ledger
    ]
    if row.orphans:
        parts.append(f"{row.orphans} row(s) of ledger_state have no ledger row")
    return ("; ".join(parts) + ": one of them was changed past the engine.").capitalize()


def of_losses(row: moves.LossDifferenceRow) -> str:
    return (
        f"The transfer says {row.transfer_lost} were lost on their way, the ledger {row.ledger_lost}: one of them was "
        "changed past the engine."
    )


def of_returns(row: back.ReturnDifferenceRow) -> str:
    return (
        f"{row.returned} units of line {row.line} came back and {row.fulfilled} were shipped: a return or the "
        "reservation was changed past the engine."
    )


def of_unbooked_return(row: back.UnbookedReturnRow) -> str:
    return f"The return says {row.returned} units, the ledger took in {row.booked}: one was changed past the engine."


def of_status(row: q.StatusDifferenceRow) -> str:
    if row.open:
        return f"The reservation is {row.status} but still holds {row.open} units."
    return f"The reservation is {row.status} but nothing of it is open."


def of_chain(row: q.ChainBreakRow) -> str:
    if row.version != row.before_version + 1:
        missing = row.version - row.before_version - 1
        return f"{missing} ledger row(s) before version {row.version} are missing."
    return (
        f"Version {row.version} does not follow from version {row.before_version}: "
        "one of the two rows was changed, or the level was changed between them past the engine."
    )


def of_constraint(row: q.LimitBreakRow) -> str:
    return (
        f"on_hand {row.on_hand}, reserved {row.reserved}, backordered {row.backordered}: the constraints of the table "
        "level forbid this. They were dropped or disabled."
    )


def of_orphan(row: q.OrphanRow) -> str:
    return f"{row.entries} ledger row(s) belong to an operation that is not there."
