"""A refused command leaves no trace, and whatever comes, the laws hold. Over any batches."""

from typing import Any

import msgspec
from hypothesis import HealthCheck, event, example, given, settings

from onhand.domain.commands import Command, Header, Receive, Reserve, ReserveLine, StockLine
from onhand.domain.decide import decide
from onhand.domain.errors import DomainError
from onhand.domain.outcomes import ReservationDone
from onhand.domain.world import World
from support.batches import BATCHES, LIMITS
from support.worlds import EAST, A, a_world, an_id, broken

ANY_BATCH = settings(suppress_health_check=[HealthCheck.too_slow])


def everything(world: World) -> dict[str, Any]:
    """All that would be written, and all that later commands could see."""
    return msgspec.to_builtins(
        {
            "levels": sorted((x for x in world.levels.values() if x.touched), key=lambda level: level.key),
            "reservations": sorted(world.reservations.values(), key=lambda x: x.reservation_id),
            "transfers": sorted(world.transfers.values(), key=lambda x: x.transfer_id),
            "operations": world.operations,
            "entries": world.entries,
            "events": world.events,
        },
        enc_hook=str,
    )


@given(BATCHES)
@ANY_BATCH
def test_a_refused_command_leaves_the_world_as_it_was(batch: list[Command]) -> None:
    world, without = a_world(limits=LIMITS), a_world(limits=LIMITS)
    verdicts = decide(world, batch)
    accepted = [n for n, verdict in enumerate(verdicts) if not isinstance(verdict, DomainError)]
    event(f"{len(accepted)} of {len(batch)} accepted")
    assert decide(without, [batch[n] for n in accepted]) == [verdicts[n] for n in accepted]
    assert everything(world) == everything(without)


@given(BATCHES)
@ANY_BATCH
@example(
    [
        Receive(Header(an_id("op", 0), "test"), (StockLine(A, EAST, 3),)),
        Reserve(Header(an_id("op", 1), "test"), (ReserveLine(A, 2, EAST), ReserveLine(A, 2, None)), allow_partial=True),
    ]
)
def test_after_any_command_the_laws_hold(batch: list[Command]) -> None:
    world = a_world(limits=LIMITS)
    for command in batch:
        [verdict] = decide(world, [command])
        assert broken(world) == []
        if isinstance(command, Reserve) and isinstance(verdict, ReservationDone):
            for allocation in verdict.reservation.allocations:
                level = world.levels[allocation.key]
                assert level.backorder_limit is None or level.available >= -level.backorder_limit


@given(BATCHES)
@ANY_BATCH
def test_one_batch_or_one_by_one_is_the_same(batch: list[Command]) -> None:
    together, apart = a_world(limits=LIMITS), a_world(limits=LIMITS)
    verdicts = decide(together, batch)
    one_by_one = [decide(apart, [command])[0] for command in batch]
    assert [type(verdict) for verdict in verdicts] == [type(verdict) for verdict in one_by_one]
    assert everything(together) == everything(apart)
