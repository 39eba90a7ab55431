"""The audit must be able to fail: one defect is planted at a time, and each must be found."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from onhand.bench.audit import Held, HeldLine, Stock, judge
from onhand.bench.record import Answer
from onhand.bench.workload import Line, Order


@dataclass
class Story:
    """Two units of one product; the first two orders get one each, the third is refused."""

    wanted: list[Order] = field(default_factory=lambda: [(Line(7, 1, 1),)] * 4)
    answers: list[Answer] = field(
        default_factory=lambda: [
            Answer(0, "reserve", "accepted", 0, 1, "", "r0"),
            Answer(1, "reserve", "accepted", 0, 1, "", "r1"),
            Answer(2, "reserve", "refused", 0, 1, "INSUFFICIENT_STOCK"),
        ]
    )
    held: list[Held] = field(
        default_factory=lambda: [
            Held(0, "r0", "active", (HeldLine(7, 1, 1, 0, 0, 0),)),
            Held(1, "r1", "active", (HeldLine(7, 1, 1, 0, 0, 0),)),
        ]
    )
    stock: dict[tuple[int, int], Stock] = field(default_factory=lambda: {(7, 1): Stock(2, 0, 2, 2)})

    def told(self) -> str:
        return " | ".join(judge(self.wanted, self.answers, self.held, self.stock).told)


def test_a_true_story_is_clean() -> None:
    assert Story().told() == ""


def oversell(story: Story) -> None:
    story.answers[2] = Answer(2, "reserve", "accepted", 0, 1, "", "r2")
    story.held.append(Held(2, "r2", "active", (HeldLine(7, 1, 1, 0, 0, 0),)))
    story.stock[7, 1] = Stock(2, 0, 2, 3)


def backordered(story: Story) -> None:
    story.held[1] = Held(1, "r1", "active", (HeldLine(7, 1, 1, 0, 0, 1),))


def lost_order(story: Story) -> None:
    story.held.pop()
    story.stock[7, 1] = Stock(2, 0, 2, 1)


def double(story: Story) -> None:
    story.held.append(Held(1, "r9", "active", (HeldLine(7, 1, 1, 0, 0, 0),)))
    story.stock[7, 1] = Stock(3, 0, 3, 3)


def two_answers(story: Story) -> None:
    story.answers.append(Answer(1, "reserve", "accepted", 2, 3, "", "r5"))


def refused_and_held(story: Story) -> None:
    story.answers[1] = Answer(1, "reserve", "refused", 0, 1, "INSUFFICIENT_STOCK")


def failed_and_held(story: Story) -> None:
    story.answers[1] = Answer(1, "reserve", "failed", 0, 1, "OVERLOADED")


def other_units(story: Story) -> None:
    story.held[0] = Held(0, "r0", "active", (HeldLine(7, 1, 2, 0, 0, 0),))


def other_reservation(story: Story) -> None:
    story.held[0] = Held(0, "r8", "active", story.held[0].lines)


def never_sent(story: Story) -> None:
    story.answers.pop(0)


def sums_apart(story: Story) -> None:
    story.stock[7, 1] = Stock(2, 0, 2, 1)


def shipped_by_nobody(story: Story) -> None:
    story.stock[7, 1] = Stock(2, 0, 1, 2)


def refused_for_nothing(story: Story) -> None:
    story.stock[7, 1] = Stock(9, 0, 9, 2)


def fulfilled_in_words_only(story: Story) -> None:
    story.answers.append(Answer(0, "fulfill", "accepted", 2, 3))


def no_such_level(story: Story) -> None:
    story.stock.clear()


@pytest.mark.parametrize(
    ("plant", "finding"),
    [
        (oversell, "oversold"),
        (backordered, "with a line of"),
        (lost_order, "accepted and is lost"),
        (double, "held 2 times"),
        (two_answers, "accepted as two reservations"),
        (refused_and_held, "and is held"),
        (failed_and_held, "and is held"),
        (other_units, "other lines"),
        (other_reservation, "is held as r8"),
        (never_sent, "never sent"),
        (sums_apart, "reserved moved by 1"),
        (shipped_by_nobody, "orders shipped 0"),
        (refused_for_nothing, "would have fitted"),
        (fulfilled_in_words_only, "its answers say"),
        (no_such_level, "is not there"),
    ],
)
def test_a_planted_defect_is_found(plant: Callable[[Story], None], finding: str) -> None:
    story = Story()
    plant(story)
    assert finding in story.told()


def test_an_unknown_outcome_may_be_either() -> None:
    story = Story()
    story.answers[1] = Answer(1, "reserve", "unknown", 0, 1, "CONNECTION_LOST")
    assert story.told() == ""
    story.held.pop()
    story.stock[7, 1] = Stock(1, 0, 1, 1)
    assert story.told() == ""


def test_what_was_fulfilled_and_released_is_followed() -> None:
    story = Story()
    story.answers.append(Answer(0, "fulfill", "accepted", 2, 3))
    story.answers.append(Answer(1, "release", "accepted", 2, 3))
    story.held = [
        Held(0, "r0", "fulfilled", (HeldLine(7, 1, 1, 1, 0, 0),)),
        Held(1, "r1", "released", (HeldLine(7, 1, 1, 0, 1, 0),)),
    ]
    story.stock[7, 1] = Stock(2, 0, 1, 0)
    assert story.told() == ""


def test_a_routed_order_may_come_from_anywhere() -> None:
    story = Story()
    story.held[1] = Held(1, "r1", "active", (HeldLine(7, 3, 1, 0, 0, 0),))
    story.stock = {(7, 1): Stock(1, 0, 1, 1), (7, 3): Stock(1, 0, 1, 1)}
    assert judge(story.wanted, story.answers, story.held, story.stock, routed=True).told == []
    story.held[1] = Held(1, "r1", "active", (HeldLine(8, 3, 1, 0, 0, 0),))
    assert judge(story.wanted, story.answers, story.held, story.stock, routed=True).count > 0
