"""Who is covered when stock comes and goes (law 1): the oldest first; who is uncovered: the youngest."""

import pytest

from onhand.domain.commands import Adjust, AdjustLine, Fulfill, Receive, Release
from onhand.domain.decide import decide
from onhand.domain.level import Level
from onhand.domain.reservation import Allocation
from onhand.domain.routing import Ranker
from onhand.domain.world import Fetched, MissingFactsError, World
from support.worlds import (
    EAST,
    NOW,
    A,
    a_world,
    an_id,
    broken,
    counter,
    header,
    held,
    line,
    part,
    posted,
    quantities,
    reserved,
    stock,
)


def waiting(world: World) -> dict[object, int]:
    return {a.reservation: a.backordered for a in world.allocations.values() if a.open}


def count(units: int) -> Adjust:
    return Adjust(header(), (AdjustLine(A, EAST, "count", counted_quantity=units),))


def test_new_stock_covers_the_oldest_first() -> None:
    world = a_world(limits={A: None})
    first, second, third = (reserved(world, line(3)).reservation_id for _ in range(3))
    done = posted(world, Receive(header(), (stock(4),)))
    assert waiting(world) == {first: 0, second: 2, third: 3}
    assert done.lines[0].backordered == 5
    assert [(event.type, event.subject, event.data["quantity"]) for event in world.events] == [
        ("reservation.covered", str(first), 3),
        ("reservation.covered", str(second), 1),
    ]
    assert broken(world) == []


def test_a_count_below_what_is_covered_uncovers_the_youngest_and_names_them() -> None:
    world = a_world(limits={A: 0})
    posted(world, Receive(header(), (stock(9),)))
    first, second, third = (reserved(world, line(3)).reservation_id for _ in range(3))
    done = posted(world, count(4))
    assert waiting(world) == {first: 0, second: 2, third: 3}
    assert [(short.reservation, short.quantity) for short in done.short] == [(third, 3), (second, 2)]
    assert {event.type for event in world.events} == {"reservation.short"}
    assert quantities(world) == (4, 9, 5)
    assert broken(world) == []


def test_a_count_is_never_refused_and_finding_it_again_covers_the_oldest() -> None:
    world = a_world(limits={A: 0})
    posted(world, Receive(header(), (stock(5),)))
    first, second = (reserved(world, line(units)).reservation_id for units in (2, 3))
    assert posted(world, count(0)).lines[0].quantity == -5
    assert waiting(world) == {first: 2, second: 3}
    assert posted(world, count(3)).short == []
    assert waiting(world) == {first: 0, second: 2}
    assert broken(world) == []


def test_units_given_back_go_to_the_oldest_waiting() -> None:
    world = a_world(limits={A: None})
    posted(world, Receive(header(), (stock(5),)))
    holder, first, second = (reserved(world, line(units)).reservation_id for units in (5, 2, 2))
    held(world, Release(header(), holder, (part(3),)))
    assert waiting(world) == {holder: 0, first: 0, second: 1}
    assert quantities(world) == (5, 6, 1)
    assert broken(world) == []


def test_shipping_frees_nothing_for_those_who_wait() -> None:
    world = a_world(limits={A: None})
    posted(world, Receive(header(), (stock(5),)))
    holder, waiter = (reserved(world, line(units)).reservation_id for units in (5, 2))
    held(world, Fulfill(header(), holder))
    assert waiting(world) == {waiter: 2}
    assert quantities(world) == (0, 2, 2)


def test_a_level_knows_its_queue_only_as_far_as_it_was_read() -> None:
    """The queue of a level is not read before it is needed, and then no further than needed."""
    level = {"on_hand": 0, "reserved": 9, "backordered": 9, "backorder_limit": None}
    receipt = Receive(header(), (stock(4),))
    with pytest.raises(MissingFactsError) as missing:
        decide(a_world(Level(A, EAST, **level)), [receipt])
    assert missing.value.waiting == {(A, EAST): 4}
    first, second, third = (Allocation(an_id("r", n), 0, A, EAST, 3, backordered=3) for n in range(3))
    world = World(
        now=NOW,
        new_id=counter("t"),
        ranker=Ranker(()),
        levels=[Level(A, EAST, **level)],
        allocations=[first, second],
        waiting={(A, EAST): Fetched(2, second.turn)},
    )
    decide(world, [receipt])
    assert waiting(world) == {first.reservation: 0, second.reservation: 2}
    with pytest.raises(MissingFactsError) as missing:
        decide(world, [Receive(header(), (stock(3),))])
    assert missing.value.waiting == {(A, EAST): 4}, "twice as many as before"
    assert third.backordered == 3


def test_one_who_came_in_this_batch_does_not_pass_those_not_read_yet() -> None:
    world = World(
        now=NOW,
        new_id=counter("t"),
        ranker=Ranker(()),
        levels=[Level(A, EAST, reserved=5, backordered=5, backorder_limit=None)],
    )
    reserved(world, line(1), operation_id=an_id("zzz", 1))
    with pytest.raises(MissingFactsError):
        decide(world, [Receive(header(), (stock(1),))])


def test_youngest_lines_are_read_when_a_count_needs_them() -> None:
    world = a_world(Level(A, EAST, on_hand=9, reserved=9))
    with pytest.raises(MissingFactsError) as missing:
        decide(world, [count(7)])
    assert missing.value.youngest == {(A, EAST): 2}


def test_a_count_is_accepted_even_where_the_books_disagree() -> None:
    """Law 2 is broken already: there are no lines for what is reserved. The count is a fact all the same."""
    world = World(
        now=NOW,
        new_id=counter("t"),
        ranker=Ranker(()),
        levels=[Level(A, EAST, on_hand=5, reserved=5)],
        youngest={(A, EAST): Fetched(5, None)},
    )
    assert posted(world, count(2)).short == []
    assert quantities(world) == (2, 5, 3)
