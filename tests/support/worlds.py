"""Worlds made by hand, for rules that need no database."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from onhand.domain.commands import Command, Header, OpenLine, Reserve, ReserveLine, StockLine
from onhand.domain.decide import Verdict, decide
from onhand.domain.errors import DomainError
from onhand.domain.ids import Id
from onhand.domain.level import Level
from onhand.domain.outcomes import OperationDone, ReservationDone, TransferDone
from onhand.domain.reservation import Reservation
from onhand.domain.routing import Ranker, Warehouse
from onhand.domain.transfer import Transfer
from onhand.domain.world import World

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
Error = TypeVar("Error", bound=DomainError)


def an_id(kind: str, number: int) -> Id:
    """Ids of one kind sort by number."""
    return Id(kind.encode().ljust(12, b"-")[:12] + number.to_bytes(4, "big"))


A, B, C = (an_id("product", number) for number in range(3))
EAST, NORTH, WEST = (an_id("warehouse", number) for number in range(3))
WAREHOUSES = {
    EAST: Warehouse(EAST, "EAST", 51.0, 12.0, "DE"),
    NORTH: Warehouse(NORTH, "NORTH", 59.0, 18.0, "SE"),
    WEST: Warehouse(WEST, "WEST", 40.0, -74.0, "US"),
}


def counter(kind: str) -> Callable[[], Id]:
    made = 0

    def new_id() -> Id:
        nonlocal made
        made += 1
        return an_id(kind, made)

    return new_id


new_operation = counter("operation")


def header(operation_id: Id | None = None, **fields: Any) -> Header:
    return Header(operation_id or new_operation(), "test", **fields)


def a_world(
    *levels: Level,
    now: datetime = NOW,
    warehouses: dict[Id, Warehouse] = WAREHOUSES,
    reservations: Iterable[Reservation] = (),
    transfers: Iterable[Transfer] = (),
    limits: dict[Id, int | None] | None = None,
) -> World:
    return World(
        now=now,
        new_id=counter("txn"),
        ranker=Ranker(warehouses.values()),
        levels=levels,
        reservations=reservations,
        transfers=transfers,
        limits={A: 0, B: 0, C: 0} if limits is None else limits,
    )


def verdict(world: World, command: Command) -> Verdict:
    return decide(world, [command])[0]


def refused(world: World, command: Command, error: type[Error]) -> Error:
    """The refusal, which must be of this kind."""
    got = verdict(world, command)
    assert type(got) is error, got
    return got


def reserved(world: World, *lines: ReserveLine, operation_id: Id | None = None, **fields: Any) -> Reservation:
    return held(world, Reserve(header(operation_id), lines, **fields))


def held(world: World, command: Command) -> Reservation:
    done = verdict(world, command)
    assert isinstance(done, ReservationDone), done
    return done.reservation


def posted(world: World, command: Command) -> OperationDone:
    done = verdict(world, command)
    assert isinstance(done, OperationDone), done
    return done


def moved(world: World, command: Command) -> Transfer:
    done = verdict(world, command)
    assert isinstance(done, TransferDone), done
    return done.transfer


def quantities(world: World, product: Id = A, warehouse: Id = EAST) -> tuple[int, int, int]:
    """on_hand, reserved, backordered."""
    level = world.levels[product, warehouse]
    return level.on_hand, level.reserved, level.backordered


def places(reservation: Reservation) -> list[tuple[int, Id, int, int]]:
    """Line, warehouse, quantity, backordered of each allocation."""
    return [(a.line, a.warehouse, a.quantity, a.backordered) for a in reservation.allocations]


def line(quantity: int, product: Id = A, warehouse: Id | None = EAST) -> ReserveLine:
    return ReserveLine(product, quantity, warehouse)


def part(quantity: int, product: Id = A, warehouse: Id | None = None) -> OpenLine:
    return OpenLine(product, quantity, warehouse)


def stock(quantity: int, product: Id = A, warehouse: Id = EAST) -> StockLine:
    return StockLine(product, warehouse, quantity)


def broken(world: World) -> Sequence[str]:
    """The laws that a world does not keep which began without stock."""
    problems = []
    for key, level in world.levels.items():
        if not (level.on_hand >= 0 and 0 <= level.backordered <= level.reserved and level.covered <= level.on_hand):
            problems.append(f"law 1: {level}")
        if level.free and level.backordered:
            problems.append(f"free stock beside backorders: {level}")
        entries = [entry for entry in world.entries if (entry.product, entry.warehouse) == key]
        if [entry.version for entry in entries] != list(range(1, level.version + 1)):
            problems.append(f"a gap in the ledger: {level} {entries}")
        on_hand = sum(entry.quantity for entry in entries if entry.type not in ("RESERVE", "RELEASE"))
        promised = sum(
            entry.quantity if entry.type == "FULFILL" else -entry.quantity
            for entry in entries
            if entry.type in ("RESERVE", "RELEASE", "FULFILL")
        )
        if (on_hand, promised) != (level.on_hand, level.reserved):
            problems.append(f"law 2, ledger: {level} {entries}")
        moved = {
            state: sum(x.quantity for x in world.state_entries if (x.product, x.warehouse, x.state) == (*key, state))
            for state in ("damaged", "quality_control", "safety_stock")
        }
        there = {
            "damaged": level.damaged,
            "quality_control": level.quality_control,
            "safety_stock": level.set_aside,
        }
        if moved != there or min(moved.values()) < 0:
            problems.append(f"law 2, states: {level} {moved}")
        lines = [a for r in world.reservations.values() for a in r.allocations if a.key == key]
        if (sum(a.open for a in lines), sum(a.backordered for a in lines)) != (level.reserved, level.backordered):
            problems.append(f"law 2, reservations: {level} {lines}")
        incoming = sum(x.open for t in world.transfers.values() for x in t.lines if (x.product, t.destination) == key)
        incoming += sum(
            x.open for o in world.purchase_orders.values() if o.status != "draft" for x in o.lines if x.key == key
        )
        if incoming != level.incoming:
            problems.append(f"incoming: {level}")
    return problems
