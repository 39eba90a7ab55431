"""Counting while selling: what is on hand afterwards is what lies there, whatever was sold meanwhile."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from onhand.db import queries_count
from onhand.domain.errors import BelowZero, CountClosed, CountNeedsApproval, Invalid, Unknown
from onhand.engine.batch import Batch
from onhand.services import counts, ledger, levels, reconcile, reservations
from onhand.services.context import Onhand, open_onhand
from onhand.services.count_requests import Counted, CountedLine, CountedProduct, CountSession, NewCount
from onhand.services.requests import LedgerFilter, ReservationPart
from support.services import ACTOR, Corner, a_corner

pytestmark = pytest.mark.anyio
MOVES = st.lists(st.integers(-4, 4).filter(bool), max_size=4)


async def sell(corner: Corner, units: int) -> None:
    held = await corner.reserve(units)
    await reservations.fulfill(corner.onhand, ACTOR, held.reservation_id, ReservationPart())


async def begun(corner: Corner, limit: int | None = None) -> CountSession:
    new = NewCount(warehouse=corner.warehouse, lines=[CountedProduct(sku=corner.sku)], approval_limit=limit)
    return await counts.create(corner.onhand, ACTOR, new)


async def found(corner: Corner, session: CountSession, units: int) -> CountSession:
    line = CountedLine(counted_quantity=units, sku=corner.sku)
    return await counts.record(corner.onhand, session.count_id, Counted(lines=[line]))


async def on_hand(corner: Corner) -> int:
    return int((await levels.find(corner.onhand, sku=corner.sku)).items[0].on_hand)


class Shelf:
    """What really lies there. The book may believe something else until it is counted."""

    def __init__(self, corner: Corner, units: int) -> None:
        self.corner = corner
        self.units = units

    async def move(self, change: int) -> None:
        """Receive, or sell as far as there is something to sell, on the shelf and in the book."""
        if change > 0:
            await self.corner.receive(change)
        else:
            change = -min(-change, self.units, await on_hand(self.corner))
            if change:
                await sell(self.corner, -change)
        self.units += change


@pytest.fixture
def opened(fresh_database_url: str) -> Iterator[tuple[asyncio.Runner, Onhand]]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        onhand = runner.run(stack.enter_async_context(open_onhand(fresh_database_url)))
        yield runner, onhand
        runner.run(stack.aclose())


@given(strange=st.integers(-5, 5), before=MOVES, meanwhile=MOVES, after=MOVES)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_a_count_the_book_is_the_shelf(
    opened: tuple[asyncio.Runner, Onhand], strange: int, before: list[int], meanwhile: list[int], after: list[int]
) -> None:
    """strange: units that came or went without the book. Movements before, during and after the counting."""
    runner, onhand = opened

    async def counted() -> None:
        corner = await a_corner(onhand, 8)
        shelf = Shelf(corner, 8 + strange)
        for change in before:
            await shelf.move(change)
        session = await begun(corner)
        expected = await on_hand(corner)
        for change in meanwhile:
            await shelf.move(change)
        book = await on_hand(corner)
        [line] = (await found(corner, session, shelf.units)).lines
        assert (line.expected, line.moved, line.variance) == (expected, book - expected, shelf.units - book)
        event("a count against what was expected would be wrong" if book != expected else "nothing moved meanwhile")
        for change in after:
            await shelf.move(change)
        try:
            posted = await counts.post(onhand, ACTOR, session.count_id)
        except BelowZero:  # The book has sold what was not there: there is less to take off than is missing.
            assert await on_hand(corner) < -(line.variance or 0)
            return
        assert (posted.status, await on_hand(corner)) == ("posted", shelf.units)

    runner.run(counted())


async def counted_while_selling(onhand: Onhand) -> tuple[int, int]:
    """What is on hand, and what lies there, after a count in the midst of sales. Nine units are missing."""
    corner = await a_corner(onhand, 100)
    there, shelf = 91, asyncio.Lock()
    begin = asyncio.Event()

    async def buyer() -> None:
        nonlocal there
        await begin.wait()
        for _ in range(8):
            async with shelf:  # Who counts sees the shelf with nobody's hand in it.
                await sell(corner, 1)
                there -= 1
            await asyncio.sleep(0)

    async def counter() -> None:
        session = await begun(corner)
        begin.set()
        await asyncio.sleep(0.05)
        async with shelf:
            line = (await found(corner, session, there)).lines[0]
        assert line.moved
        assert line.variance == -9
        await asyncio.gather(*(counts.post(onhand, ACTOR, session.count_id) for _ in range(3)))

    await asyncio.gather(counter(), *(buyer() for _ in range(5)))
    return await on_hand(corner), there


async def test_a_count_in_the_midst_of_sales_posted_three_times_at_once_is_the_truth(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        assert await counted_while_selling(onhand) == (51, 51)
        adjusts = (await ledger.find(onhand, LedgerFilter(type="ADJUST"))).items
        assert [(entry.quantity, entry.reason, entry.reference_type) for entry in adjusts] == [(-9, "count", "count")]
        assert (await reconcile.run(onhand)).clean


async def test_without_the_lock_a_count_is_not_posted_in_peace(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key of the operation stands behind it: even then it is not posted twice, but two of the three fail."""
    monkeypatch.setattr(queries_count.LOCK_COUNT, "sql", queries_count.LOCK_COUNT.sql.replace("FOR UPDATE", ""))
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 10)
        session = await begun(corner)
        await found(corner, session, 8)
        answers = await asyncio.gather(
            *(counts.post(onhand, ACTOR, session.count_id) for _ in range(3)), return_exceptions=True
        )
        assert any(isinstance(answer, Exception) for answer in answers)
        assert await on_hand(corner) == 8


async def test_a_posting_that_ended_half_way_is_finished_and_not_repeated(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 10)
        session = await begun(corner)
        await found(corner, session, 8)

        async def crash(*_: Any, **__: Any) -> int:
            raise ConnectionError

        with monkeypatch.context() as patched:
            patched.setattr(queries_count.END_COUNT, "run", crash)
            with pytest.raises(ConnectionError):
                await counts.post(onhand, ACTOR, session.count_id)
        assert (await on_hand(corner), (await counts.get(onhand, session.count_id)).status) == (8, "open")
        for refused in (found(corner, session, 7), counts.cancel(onhand, session.count_id)):
            with pytest.raises(CountClosed):
                await refused
        assert (await counts.post(onhand, ACTOR, session.count_id)).status == "posted"
        assert await on_hand(corner) == 8


async def test_above_its_limit_it_waits_for_approval_which_a_new_count_takes_back(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 10)
        session = await begun(corner, limit=2)
        assert not (await found(corner, session, 8)).needs_approval
        assert (await found(corner, session, 5)).needs_approval
        with pytest.raises(CountNeedsApproval) as error:
            await counts.post(onhand, ACTOR, session.count_id)
        assert (error.value.variance, error.value.approval_limit) == (5, 2)
        assert (await counts.approve(onhand, "key:manager", session.count_id)).approved_by == "key:manager"
        assert (await found(corner, session, 4)).approved_by is None
        with pytest.raises(CountNeedsApproval):
            await counts.post(onhand, ACTOR, session.count_id)
        await counts.approve(onhand, "key:manager", session.count_id)
        await counts.post(onhand, ACTOR, session.count_id)
        assert await on_hand(corner) == 4


async def test_a_posting_names_what_it_leaves_short(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 5)
        held = await corner.reserve(4)
        session = await begun(corner)
        await found(corner, session, 3)
        posted = await counts.post(onhand, ACTOR, session.count_id)
        assert [(x.reservation_id, x.quantity) for x in posted.short] == [(held.reservation_id, 1)]
        assert (await counts.post(onhand, ACTOR, session.count_id)).short == []


async def test_a_count_told_later_is_against_the_book_of_then(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 10)
        before = onhand.now()
        session = await begun(corner)
        await sell(corner, 2)
        at = onhand.now()
        await sell(corner, 3)
        line = CountedLine(counted_quantity=7, sku=corner.sku, counted_at=at)
        [told] = (await counts.record(onhand, session.count_id, Counted(lines=[line]), dry_run=True)).lines
        assert (told.moved, told.variance) == (-2, -1)
        assert (await counts.get(onhand, session.count_id)).lines[0].counted_quantity is None
        await counts.record(onhand, session.count_id, Counted(lines=[line]))
        await counts.post(onhand, ACTOR, session.count_id)
        assert await on_hand(corner) == 4
        session = await begun(corner)
        for wrong in (before, onhand.now() + timedelta(hours=1)):
            line = CountedLine(counted_quantity=7, sku=corner.sku, counted_at=wrong)
            with pytest.raises(Invalid) as refused:
                await counts.record(onhand, session.count_id, Counted(lines=[line]))
            assert refused.value.fields[0].path == "lines[0].counted_at"


async def test_what_is_cancelled_or_empty_is_not_posted(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner, other = await a_corner(onhand, 5), await a_corner(onhand)
        session = await begun(corner)
        with pytest.raises(Invalid):
            await counts.post(onhand, ACTOR, session.count_id)
        with pytest.raises(Invalid):
            await found(other, session, 1)
        assert [(await counts.cancel(onhand, session.count_id)).status for _ in range(2)] == ["cancelled"] * 2
        for refused in (counts.post(onhand, ACTOR, session.count_id), found(corner, session, 1)):
            with pytest.raises(CountClosed):
                await refused
        with pytest.raises(Unknown):
            await counts.post(onhand, ACTOR, "019332c5-71b0-7c3a-9a41-5b1f0f8c1a13")


@pytest.mark.anyio
@pytest.mark.parametrize("locked", [True, False])
async def test_a_movement_that_was_booked_and_not_yet_committed_is_in_the_book_of_its_time(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """Its time is that of its decision: whoever counts a moment later must wait for its commit to read it."""
    commit = Batch._commit

    async def slowly(batch: Batch, *facts: Any) -> None:
        await asyncio.sleep(0.3)
        await commit(batch, *facts)

    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 10)
        session = await begun(corner)
        if not locked:
            sql = queries_count.SHARE_COUNTED_LEVELS.sql.replace("FOR SHARE OF level", "")
            monkeypatch.setattr(queries_count.SHARE_COUNTED_LEVELS, "sql", sql)
        monkeypatch.setattr(Batch, "_commit", slowly)
        taken = asyncio.create_task(corner.count(8))
        await asyncio.sleep(0.15)
        line = CountedLine(counted_quantity=8, sku=corner.sku, counted_at=onhand.now())
        counted = await counts.record(onhand, session.count_id, Counted(lines=[line]))
        await taken
        assert counted.lines[0].variance == (0 if locked else -2)


@pytest.mark.anyio
async def test_what_cannot_be_posted_is_named_by_its_line_of_the_count(fresh_database_url: str) -> None:
    """Lines that nobody counted are not posted, and shift no number."""
    async with open_onhand(fresh_database_url) as onhand:
        first = await a_corner(onhand, 5)
        second = Corner(onhand, (await a_corner(onhand)).sku, first.warehouse)
        await second.receive(5)
        lines = [CountedProduct(sku=first.sku), CountedProduct(sku=second.sku)]
        session = await counts.create(onhand, ACTOR, NewCount(warehouse=first.warehouse, lines=lines))
        await found(second, session, 1)
        await sell(second, 4)
        with pytest.raises(BelowZero) as refused:
            await counts.post(onhand, ACTOR, session.count_id)
        assert (refused.value.line, refused.value.on_hand, refused.value.quantity_change) == (1, 1, -4)
