"""Counting in the midst of everything: several processes sell, receive, break and ship, others count and post.

On each shelf there is what there is. Whoever moves units has a hand in their shelf, for the movement and its booking;
whoever counts a shelf waits until nobody has. Nothing else is in step.
"""

import asyncio
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, currently_in_test_context, event, given, settings
from hypothesis import strategies as st

from onhand.db import queries_count
from onhand.domain.commands import AdjustLine
from onhand.domain.errors import CountClosed, DomainError, InsufficientStock, NotCovered
from onhand.engine import engine as engine_module
from onhand.services import counts, ledger, products, reconcile, reservations, stock
from onhand.services.context import Onhand, open_onhand
from onhand.services.count_requests import Counted, CountedLine, CountedProduct, NewCount
from onhand.services.requests import LedgerFilter, NewProduct, NewStateChange, ReservationPart
from support.services import ACTOR, Corner, a_corner

SHELVES, BEGUN_WITH = 3, 40
MOVE = st.tuples(
    st.integers(0, SHELVES - 1), st.sampled_from(["sell", "sell", "sell", "receive", "break"]), st.integers(1, 3)
)
PLAN = st.lists(st.lists(MOVE, min_size=2, max_size=8), min_size=3, max_size=6)  # of each of those who move
PAUSES = st.lists(st.sampled_from([0, 0, 0.002, 0.01]), min_size=4, max_size=4)


@dataclass
class Shelf:
    sku: str
    units: int  # that really lie there
    hand: asyncio.Lock = field(default_factory=asyncio.Lock)


class Floor:
    """One warehouse, its shelves, and the processes that work on it."""

    def __init__(self, onhands: list[Onhand], warehouse: str, shelves: list[Shelf]) -> None:
        self.onhands = onhands
        self.warehouse = warehouse
        self.shelves = shelves
        self.moved = 0

    async def move(self, number: int, moves: list[tuple[int, str, int]]) -> None:
        onhand = self.onhands[number % len(self.onhands)]
        for which, kind, units in moves:
            with suppress(InsufficientStock, NotCovered):  # Sold out in the book: nothing moves.
                await self._move(
                    Corner(onhand, self.shelves[which].sku, self.warehouse), self.shelves[which], kind, units
                )
                self.moved += 1

    async def _move(self, corner: Corner, shelf: Shelf, kind: str, units: int) -> None:
        held = await corner.reserve(units) if kind == "sell" else None  # Nobody's hand is needed for a promise.
        async with shelf.hand:
            if kind == "receive":
                await corner.receive(units)
                shelf.units += units
            elif units > shelf.units:  # The book promises what does not lie there.
                if held is not None:
                    await reservations.release(corner.onhand, ACTOR, held.reservation_id, ReservationPart())
            else:
                if held is not None:
                    await reservations.fulfill(corner.onhand, ACTOR, held.reservation_id, ReservationPart())
                else:
                    await broken(corner, units)
                shelf.units -= units

    async def count(self, onhand: Onhand, session: str, pauses: list[float]) -> None:
        """Every shelf, one after the other; the other counter may count the same ones, before or after."""
        for shelf, pause in zip(self.shelves, pauses, strict=False):
            await asyncio.sleep(pause)
            async with shelf.hand:
                line = CountedLine(counted_quantity=shelf.units, sku=shelf.sku)
                try:
                    await counts.record(onhand, session, Counted(lines=[line]))
                except CountClosed:
                    tell("posted before it was counted again")

    async def post(self, onhand: Onhand, session: str, pause: float) -> None:
        await asyncio.sleep(pause)
        await counts.post(onhand, ACTOR, session)

    async def books(self) -> list[int]:
        """What the newest row of the ledger says of each shelf."""
        rows = [(await ledger.find(self.onhands[0], LedgerFilter(sku=shelf.sku), 1)).items for shelf in self.shelves]
        return [row.on_hand for [row] in rows]


async def broken(corner: Corner, units: int) -> None:
    line = {"quantity": units, "from": "available", "to": "damaged", "reason": "fell"}
    place = {"sku": corner.sku, "warehouse": corner.warehouse}
    await stock.change_state(corner.onhand, ACTOR, msgspec.convert({"lines": [line | place]}, NewStateChange))


def tell(what: str) -> None:
    if currently_in_test_context():
        event(what)


async def a_floor(onhands: list[Onhand], strange: list[int]) -> Floor:
    """strange: units that came or went without the book."""
    place = (await a_corner(onhands[0])).warehouse
    shelves = []
    for off in strange:
        sku = f"RACED-{engine_module.new_id()}"
        await products.create(onhands[0], NewProduct(sku=sku, name="A product"))
        await Corner(onhands[0], sku, place).receive(BEGUN_WITH + max(0, -off))
        shelves.append(Shelf(sku, BEGUN_WITH + max(0, -off) + off))
    for onhand in onhands:
        await onhand.directory.read_warehouses()
    return Floor(onhands, place, shelves)


async def lived(
    onhands: list[Onhand], strange: list[int], plan: list[list[tuple[int, str, int]]], pauses: list[list[float]]
) -> Floor:
    floor = await a_floor(onhands, strange)
    new = NewCount(warehouse=floor.warehouse, lines=[CountedProduct(sku=shelf.sku) for shelf in floor.shelves])
    session = (await counts.create(onhands[0], ACTOR, new)).count_id
    posted = asyncio.Event()

    async def counters() -> None:
        """Two count at the same moment; both post, while the shop goes on."""
        await asyncio.gather(*(floor.count(onhand, session, p) for onhand, p in zip(onhands, pauses, strict=False)))
        before = floor.moved
        await asyncio.gather(*(floor.post(onhand, session, p[3]) for onhand, p in zip(onhands, pauses, strict=False)))
        tell("the shop moved units while it was posted" if floor.moved > before else "nothing moved while posting")
        posted.set()

    async with asyncio.timeout(60):
        await asyncio.gather(counters(), *(floor.move(number, moves) for number, moves in enumerate(plan)))
    assert posted.is_set()
    return floor


@given(
    strange=st.lists(st.integers(-4, 6), min_size=SHELVES, max_size=SHELVES),
    plan=PLAN,
    pauses=st.tuples(PAUSES, PAUSES),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_count_in_the_midst_of_everything_is_the_truth(
    fresh_database_url: str, strange: list[int], plan: Any, pauses: Any
) -> None:
    async def run() -> None:
        async with AsyncExitStack() as stack:
            onhands = [await stack.enter_async_context(open_onhand(fresh_database_url)) for _ in range(2)]
            floor = await lived(onhands, strange, plan, list(pauses))
            assert await floor.books() == [shelf.units for shelf in floor.shelves]
            assert (await reconcile.run(onhands[0])).clean

    asyncio.run(run())


STRANGE = [-3, 4, 0]
BUSY = [[(n % SHELVES, "sell", 1), ((n + 1) % SHELVES, "sell", 2), (n % SHELVES, "receive", 1)] * 4 for n in range(6)]
WAITS = [[0.01, 0.01, 0.01, 0.0]] * 2


def wrong_against_what_was_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variance from the book at the beginning, not from that of the moment."""
    monkeypatch.setattr(
        counts, "_variance", lambda line: None if line.counted is None else line.counted - line.expected
    )


def wrong_as_a_quantity(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was counted is posted as what is there now."""
    counted: dict[Any, int] = {}
    variance = counts._variance

    def remembered(line: queries_count.CountLineRow) -> int | None:
        if line.counted is not None:
            counted[line.product_id] = line.counted
        return variance(line)

    def absolute(product: Any, warehouse: Any, reason: str, **_: Any) -> AdjustLine:
        return AdjustLine(product, warehouse, reason, counted_quantity=counted[product])

    monkeypatch.setattr(counts, "_variance", remembered)
    monkeypatch.setattr(counts, "AdjustLine", absolute)


def wrong_book_of_another_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shelf is looked at, and the book read a little later: nobody's hand is kept out of it meanwhile."""
    record = counts.record

    async def later(onhand: Onhand, session: str, request: Counted, **fields: Any) -> Any:
        async def written() -> None:
            await asyncio.sleep(0.05)
            await record(onhand, session, request, **fields)

        LATER.append(asyncio.create_task(written()))
        return None

    monkeypatch.setattr(counts, "record", later)


def right_book_of_the_moment_told_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Written down on paper with its time, and told when the shelf has moved on."""
    record = counts.record

    async def later(onhand: Onhand, session: str, request: Counted, **fields: Any) -> Any:
        at = onhand.now()
        lines = [msgspec.structs.replace(line, counted_at=at) for line in request.lines]

        async def written() -> None:
            await asyncio.sleep(0.05)
            await record(onhand, session, Counted(lines=lines), **fields)

        LATER.append(asyncio.create_task(written()))
        return None

    monkeypatch.setattr(counts, "record", later)


LATER: list[asyncio.Task[None]] = []


@pytest.mark.parametrize(
    "way",
    [
        None,
        right_book_of_the_moment_told_later,
        wrong_against_what_was_expected,
        wrong_as_a_quantity,
        wrong_book_of_another_moment,
    ],
)
def test_counted_in_another_way_it_is_not(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, way: Any) -> None:
    """The same busy floor, each guard taken away in turn: the book is not the shelf. With all of them it is."""
    if way is not None:
        way(monkeypatch)
    right = way in (None, right_book_of_the_moment_told_later)
    if way in (wrong_book_of_another_moment, right_book_of_the_moment_told_later):
        post = Floor.post

        async def after_all(floor: Floor, onhand: Onhand, session: str, pause: float) -> None:
            await asyncio.gather(*LATER)
            await post(floor, onhand, session, pause)

        monkeypatch.setattr(Floor, "post", after_all)

    async def run() -> None:
        LATER.clear()
        async with AsyncExitStack() as stack:
            onhands = [await stack.enter_async_context(open_onhand(fresh_database_url)) for _ in range(2)]
            try:
                floor = await lived(onhands, STRANGE, BUSY, WAITS)
            except DomainError:  # BELOW_ZERO: it would take off what is not there.
                assert not right
                return
            truth = [shelf.units for shelf in floor.shelves]
            assert (await floor.books() == truth) == right

    asyncio.run(run())
