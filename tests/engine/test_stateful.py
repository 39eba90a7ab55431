"""The real engine on a real PostgreSQL against the model: any operations in any order, compared after every step."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from onhand.domain.commands import (
    Adjust,
    AdjustLine,
    CancelTransfer,
    ChangeState,
    Command,
    Dispatch,
    Expire,
    Extend,
    Fulfill,
    OpenLine,
    Receive,
    ReceiveTransfer,
    Release,
    Reserve,
    ReserveLine,
    StateLine,
    StockLine,
    TransferLineWanted,
    WriteOffTransfer,
)
from onhand.domain.errors import DomainError
from onhand.domain.ids import Id
from onhand.domain.outcomes import Nothing, OperationDone
from onhand.engine.engine import new_id
from onhand.engine.job import Key
from onhand.engine.outcome import encode
from support.laws import broken_laws
from support.model import Hold, Lorry, Model, Refused
from support.stock import Shop, header, key, opened

BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)
LIMITS: list[int | None] = [0, 3, None]
PLACES = 2
PRODUCT = st.sampled_from([2, 2, 1, 0])  # where backorders are, more can go wrong
PLACE = st.integers(0, PLACES - 1)
UNITS, PART = st.integers(1, 6), st.none() | st.integers(1, 5)
WISHES = st.lists(st.tuples(PRODUCT, PLACE, st.integers(1, 4)), min_size=1, max_size=3)
ENDS_IN = st.sampled_from([None, 5, 60])
STATES = "available", "damaged", "quality_control"
ANY = st.integers(0, 10**6)

READ_LEVELS = """
SELECT product_id, warehouse_id, on_hand, reserved, backordered, incoming, damaged, quality_control FROM level
"""
READ_STATUSES = """
SELECT reservation_id, status FROM reservation UNION ALL SELECT transfer_id, status FROM transfer
"""


class Bench:
    """What all examples share: one engine with one lane, so that commands are decided in the order they are sent."""

    def __init__(self, url: str) -> None:
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.seconds = 0.0
        self.shop: Shop = self.run(self.stack.enter_async_context(opened(url, lanes=1, now=self.now)))
        self.places: list[Id] = [self.run(self.shop.warehouse(code=f"W{n}")) for n in range(PLACES)]

    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.seconds)

    def run(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    def close(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()


class EngineAgainstModel(RuleBasedStateMachine):
    bench: Bench

    @initialize()
    def begin(self) -> None:
        self.products = [self.bench.run(self.bench.shop.product(limit=limit)) for limit in LIMITS]
        self.model = Model(dict(enumerate(LIMITS)), now=self.bench.seconds)
        self.ids: list[Id] = []  # of the model's holds
        self.lorry_ids: list[Id] = []
        self.kept: list[tuple[Command, Key, bytes]] = []
        for product in range(len(LIMITS)):
            self.take_in(product, 0, 12)

    def compare(self, command: Command, expected: Callable[[], Any]) -> Any:
        """Send the command; the model must come to the same end. Return what the model returned, or None."""
        return self.compare_all([(command, expected)])[0]

    def compare_all(self, pairs: list[tuple[Command, Callable[[], Any]]]) -> list[Any]:
        """Send commands at the same moment. Each with a key, so that it can be sent again."""
        keys = [key(str(new_id())[-12:]) for _ in pairs]

        async def send() -> list[Any]:
            return await asyncio.gather(
                *(self.bench.shop.engine.submit(command, k) for (command, _), k in zip(pairs, keys, strict=True)),
                return_exceptions=True,
            )

        results = []
        for answer, (command, expected), one in zip(self.bench.run(send()), pairs, keys, strict=True):
            if isinstance(answer, BaseException) and not isinstance(answer, DomainError):
                raise answer
            result: Any = None
            refusal = None
            try:
                result = expected()
            except Refused as error:
                refusal = str(error)
            assert (answer.code if isinstance(answer, DomainError) else None) == refusal, (command, answer)
            verdict = answer if isinstance(answer, DomainError) else answer.verdict
            self.kept.append((command, one, encode(verdict)))
            if isinstance(verdict, Nothing):
                assert result is False
            if isinstance(result, Hold):
                self.ids.append(command.header.operation_id)
            if isinstance(result, Lorry):
                self.lorry_ids.append(command.header.operation_id)
            if isinstance(command, Adjust | ChangeState) and isinstance(verdict, OperationDone):
                short: Counter[int] = Counter()
                for named in verdict.short:
                    short[self.ids.index(named.reservation)] += named.quantity
                assert short == result
            results.append(result)
        return results

    def place(self, product: int, place: int) -> tuple[Id, Id]:
        return self.products[product], self.bench.places[place]

    @rule(seconds=st.integers(1, 30))
    def time_passes(self, seconds: int) -> None:
        self.bench.seconds += seconds
        self.model.now = self.bench.seconds

    @rule(product=PRODUCT, place=PLACE, units=UNITS)
    def receive(self, product: int, place: int, units: int) -> None:
        self.take_in(product, place, units)

    def take_in(self, product: int, place: int, units: int) -> None:
        command = Receive(header(), (StockLine(*self.place(product, place), units),))
        self.compare(command, lambda: self.model.receive(product, place, units))

    @rule(product=PRODUCT, place=PLACE, units=st.integers(2, 6), damaged=st.integers(0, 2), inspected=st.integers(0, 2))
    def receive_some_that_cannot_be_sold(
        self, product: int, place: int, units: int, damaged: int, inspected: int
    ) -> None:
        inspected = min(inspected, units - damaged)
        command = Receive(header(), (StockLine(*self.place(product, place), units, damaged, inspected),))
        self.compare(command, lambda: self.model.take_in(product, place, units, damaged, inspected))

    @rule(product=PRODUCT, place=PLACE, units=st.integers(1, 3), ends=st.permutations([*STATES, "scrapped"]))
    def change_state(self, product: int, place: int, units: int, ends: list[str]) -> None:
        source, target = ends[:2] if ends[0] != "scrapped" else reversed(ends[:2])
        command = ChangeState(header(), (StateLine(*self.place(product, place), units, source, target, "seen"),))
        self.compare(command, lambda: self.model.change_state(product, place, units, source, target))

    @rule(product=PRODUCT, place=PLACE, units=st.integers(-6, 6).filter(bool))
    def change(self, product: int, place: int, units: int) -> None:
        command = Adjust(header(), (AdjustLine(*self.place(product, place), "broken", quantity_change=units),))
        self.compare(command, lambda: self.model.change(product, place, units))

    @rule(product=PRODUCT, place=PLACE, units=st.integers(0, 9))
    def count(self, product: int, place: int, units: int) -> None:
        command = Adjust(header(), (AdjustLine(*self.place(product, place), "count", counted_quantity=units),))
        self.compare(command, lambda: self.model.count(product, place, units))

    def reserving(self, wishes: list[tuple[int, int, int]], ends_in: int | None, *, partial: bool) -> Any:
        lines = tuple(ReserveLine(self.products[a], units, self.bench.places[b]) for a, b, units in wishes)
        command = Reserve(header(), lines, expires_in_s=ends_in, allow_partial=partial)
        return command, lambda: self.model.reserve(wishes, ends_in, partial=partial)

    @rule(wishes=WISHES, ends_in=ENDS_IN, partial=st.booleans())
    def reserve(self, wishes: list[tuple[int, int, int]], ends_in: int | None, partial: bool) -> None:
        self.compare(*self.reserving(wishes, ends_in, partial=partial))

    @rule(orders=st.lists(WISHES, min_size=2, max_size=3))
    def reserve_at_the_same_moment(self, orders: list[list[tuple[int, int, int]]]) -> None:
        self.compare_all([self.reserving(wishes, None, partial=False) for wishes in orders])

    @rule(product=PRODUCT, units=UNITS)
    def reserve_anywhere(self, product: int, units: int) -> None:
        command = Reserve(header(), (ReserveLine(self.products[product], units),))
        self.compare(command, lambda: self.model.reserve(self.model.route(product, PLACES, units), None, partial=False))

    def hold(self, pick: int, *, covered: bool = False) -> tuple[Id, Hold]:
        """Mostly one that is open; and of which something is covered."""
        still_open = [
            index
            for index, hold in enumerate(self.model.holds)
            if hold.is_open and (not covered or any(line.covered for line in hold.lines))
        ] or range(len(self.ids))
        index = pick % len(self.ids) if pick % 8 == 0 else still_open[pick % len(still_open)]
        return self.ids[index], self.model.holds[index]

    def part(self, hold: Hold, units: int | None) -> tuple[OpenLine, ...] | None:
        first = hold.lines[0]
        return (
            None if units is None else (OpenLine(self.products[first.product], units, self.bench.places[first.place]),)
        )

    @precondition(lambda self: self.ids)
    @rule(pick=ANY, units=PART)
    def release(self, pick: int, units: int | None) -> None:
        id_, hold = self.hold(pick)
        command = Release(header(), id_, self.part(hold, units))
        self.compare(command, lambda: self.model.release(hold, units))

    @precondition(lambda self: self.ids)
    @rule(pick=ANY, units=PART)
    def fulfill(self, pick: int, units: int | None) -> None:
        id_, hold = self.hold(pick, covered=True)
        command = Fulfill(header(), id_, self.part(hold, units))
        self.compare(command, lambda: self.model.fulfill(hold, units))

    @precondition(lambda self: self.ids)
    @rule(pick=ANY)
    def expire(self, pick: int) -> None:
        id_, hold = self.hold(pick)
        self.compare(Expire(header(), id_), lambda: self.model.expire(hold))

    @precondition(lambda self: self.ids)
    @rule()
    def expire_all_at_the_same_moment(self) -> None:
        pairs = zip(self.ids, self.model.holds, strict=True)
        self.compare_all([(Expire(header(), id_), lambda hold=hold: self.model.expire(hold)) for id_, hold in pairs])

    @precondition(lambda self: self.ids)
    @rule(pick=ANY, ends_in=ENDS_IN)
    def extend(self, pick: int, ends_in: int | None) -> None:
        id_, hold = self.hold(pick)
        self.compare(Extend(header(), id_, ends_in), lambda: self.model.extend(hold, ends_in))

    @rule(product=PRODUCT, source=PLACE, units=st.integers(0, 3), immediate=st.sampled_from([False, False, True]))
    def dispatch(self, product: int, source: int, units: int, immediate: bool) -> None:
        """Mostly from where something is free. Zero: all of it, and one unit if nothing is."""
        free = [x[0] - x[1] + x[2] for x in (self.model.level(product, place) for place in range(PLACES))]
        if units != 1 and not free[source]:
            source = PLACES - 1 - source
        ends = source, PLACES - 1 - source
        units = units or max(1, free[source])
        moves = (TransferLineWanted(self.products[product], units),)
        command = Dispatch(header(), *(self.bench.places[end] for end in ends), moves, immediate)
        self.compare(command, lambda: self.model.dispatch(product, *ends, units, immediate=immediate))

    def lorry(self, pick: int) -> tuple[Id, Lorry]:
        """Mostly one that is under way."""
        under_way = [n for n, lorry in enumerate(self.model.lorries) if lorry.units] or range(len(self.lorry_ids))
        index = pick % len(self.lorry_ids) if pick % 8 == 0 else under_way[pick % len(under_way)]
        return self.lorry_ids[index], self.model.lorries[index]

    @precondition(lambda self: self.lorry_ids)
    @rule(pick=ANY, units=PART)
    def arrive(self, pick: int, units: int | None) -> None:
        id_, lorry = self.lorry(pick)
        moves = None if units is None else (TransferLineWanted(self.products[lorry.product], units),)
        self.compare(ReceiveTransfer(header(), id_, moves), lambda: self.model.arrive(lorry, units))

    @precondition(lambda self: self.lorry_ids)
    @rule(pick=ANY, units=PART)
    def lose(self, pick: int, units: int | None) -> None:
        id_, lorry = self.lorry(pick)
        lines = None if units is None else (TransferLineWanted(self.products[lorry.product], units),)
        command = WriteOffTransfer(header(reason="fell off"), id_, lines)
        self.compare(command, lambda: self.model.lose(lorry, units))

    @precondition(lambda self: self.lorry_ids)
    @rule(pick=ANY)
    def cancel(self, pick: int) -> None:
        id_, lorry = self.lorry(pick)
        self.compare(CancelTransfer(header(), id_), lambda: self.model.cancel(lorry))

    @precondition(lambda self: self.kept)
    @rule(pick=ANY)
    def send_again(self, pick: int) -> None:
        """The answer of a request that came before is the first answer, and nothing moves."""
        command, one, first = self.kept[pick % len(self.kept)]

        async def send() -> Any:
            try:
                return await self.bench.shop.engine.submit(command, one)
            except DomainError as error:
                return error

        answer = self.bench.run(send())
        assert answer.replayed
        assert encode(answer if isinstance(answer, DomainError) else answer.verdict) == first

    @invariant()
    def they_agree(self) -> None:
        levels, statuses, broken = self.bench.run(self.read())
        beside = self.model.beside
        wanted = {
            self.place(product, place): (
                *self.model.level(product, place),
                *(beside.get((product, place, state), 0) for state in STATES[1:]),
            )
            for product in range(len(LIMITS))
            for place in range(PLACES)
        }
        assert {place: levels.get(place, (0,) * 6) for place in wanted} == wanted
        assert [statuses[id_] for id_ in self.ids] == [hold.status for hold in self.model.holds]
        assert [statuses[id_] for id_ in self.lorry_ids] == [lorry.status for lorry in self.model.lorries]
        assert broken == {}

    async def read(self) -> Any:
        shop = self.bench.shop
        levels = {row[:2]: row[2:] for row in await shop.rows(READ_LEVELS)}
        async with shop.pool.connection() as connection:
            return levels, dict(await shop.rows(READ_STATUSES)), await broken_laws(connection)


@pytest.fixture
def bench(postgres: Any) -> Iterator[Bench]:
    url = postgres.fresh()
    made = Bench(url)
    yield made
    made.close()
    postgres.drop(url)


def test_the_engine_agrees_with_the_model_after_every_step(bench: Bench) -> None:
    EngineAgainstModel.bench = bench
    many = settings.default.max_examples if settings.default else 50
    run_state_machine_as_test(
        EngineAgainstModel,
        settings=settings(
            max_examples=max(1, many // 3),
            stateful_step_count=120,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
