import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from onhand.domain.commands import Expire
from onhand.domain.errors import ReservationClosed
from onhand.engine import engine as engine_module
from onhand.jobs import loop
from onhand.services import expiry, reservations
from onhand.services.context import Onhand, open_onhand
from onhand.services.requests import Extension, ReservationLine, ReservationPart
from support.clock import Clock
from support.services import ACTOR, Corner, a_corner

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> Clock:
    return Clock(2026, 3, 1, 10)


class Asked:
    """Whom the sweeps ask the engine to release, and how many of them at most at one time."""

    def __init__(self, onhand: Onhand, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ids: list[str] = []
        self.at_once_max = 0
        self._at_once = 0
        self._submit = onhand.engine.submit
        monkeypatch.setattr(onhand.engine, "submit", self)

    async def __call__(self, command: Any, *rest: Any) -> Any:
        if not isinstance(command, Expire):
            return await self._submit(command, *rest)
        self.ids.append(str(command.reservation))
        self._at_once += 1
        self.at_once_max = max(self.at_once_max, self._at_once)
        try:
            return await self._submit(command, *rest)
        finally:
            self._at_once -= 1


async def held_ids(corner: Corner, holds: int) -> list[str]:
    """Of so many holds of one unit for a second, the oldest first."""
    return [(await corner.reserve(1, expires_in_s=1)).reservation_id for _ in range(holds)]


async def status(onhand: Onhand, reservation_id: str) -> str:
    return (await reservations.get(onhand, reservation_id)).status


async def test_an_expired_hold_is_released_within_five_seconds_by_the_job(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 1)
        held = await corner.reserve(1, expires_in_s=1)
        stop = asyncio.Event()
        job = asyncio.create_task(loop.run(onhand, stop))
        deadline = asyncio.get_running_loop().time() + 1 + 5
        while (await reservations.get(onhand, held.reservation_id)).status == "active":
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.1)
        stop.set()
        await job
        assert (await reservations.get(onhand, held.reservation_id)).status == "expired"
        await corner.reserve(1)


async def test_a_hold_that_has_run_out_cannot_be_shipped_even_before_the_sweep(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 1)
        held = await corner.reserve(1, expires_in_s=1)
        await asyncio.sleep(1.1)
        with pytest.raises(ReservationClosed):
            await reservations.fulfill(onhand, ACTOR, held.reservation_id, ReservationPart())
        with pytest.raises(ReservationClosed):
            await reservations.extend(onhand, ACTOR, held.reservation_id, Extension(expires_in_s=60))


async def test_shipped_released_and_endless_holds_are_not_even_asked_for(
    fresh_database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_onhand(fresh_database_url, now=clock) as onhand:
        corner = await a_corner(onhand, 4)
        shipped, released, left = await held_ids(corner, 3)
        endless = (await corner.reserve(1, expires_in_s=None)).reservation_id
        await reservations.fulfill(onhand, ACTOR, shipped, ReservationPart())
        await reservations.release(onhand, ACTOR, released, ReservationPart())
        asked = Asked(onhand, monkeypatch)
        clock.sleep(seconds=1)
        assert await expiry.sweep(onhand) == 1
        assert await expiry.sweep(onhand) == 0
        assert asked.ids == [left]
        statuses = [await status(onhand, each) for each in (shipped, released, left, endless)]
        assert statuses == ["fulfilled", "released", "expired", "active"]


async def test_an_extended_hold_ends_at_its_new_time_only(
    fresh_database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_onhand(fresh_database_url, now=clock) as onhand:
        later, never = await held_ids(await a_corner(onhand, 2), 2)
        await reservations.extend(onhand, ACTOR, later, Extension(expires_in_s=600))
        await reservations.extend(onhand, ACTOR, never, Extension(expires_in_s=None))
        asked = Asked(onhand, monkeypatch)
        clock.sleep(seconds=599)
        assert await expiry.sweep(onhand) == 0
        assert asked.ids == []
        clock.sleep(seconds=1)
        assert await expiry.sweep(onhand) == 1
        assert asked.ids == [later]
        assert (await status(onhand, later), await status(onhand, never)) == ("expired", "active")


async def test_what_was_not_shipped_of_a_hold_is_given_back(fresh_database_url: str, clock: Clock) -> None:
    async with open_onhand(fresh_database_url, now=clock) as onhand:
        corner = await a_corner(onhand, 3)
        held = await corner.reserve(3, expires_in_s=1)
        part = ReservationPart(lines=[ReservationLine(quantity=1, sku=corner.sku)])
        await reservations.fulfill(onhand, ACTOR, held.reservation_id, part)
        assert await status(onhand, held.reservation_id) == "partially_fulfilled"
        clock.sleep(seconds=1)
        assert await expiry.sweep(onhand) == 1
        assert await status(onhand, held.reservation_id) == "expired"
        await corner.reserve(2)


async def test_many_that_end_at_once_are_released_a_few_at_a_time(
    fresh_database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "EXPIRY_AT_ONCE_MAX_RESERVATIONS", 3)
    async with open_onhand(fresh_database_url, now=clock) as onhand:
        corner = await a_corner(onhand, 9)
        held = await held_ids(corner, 7)
        clock.sleep(seconds=0.5)
        held += await held_ids(corner, 2)
        asked = Asked(onhand, monkeypatch)
        clock.sleep(seconds=1)
        assert await expiry.sweep(onhand) == 9
        assert asked.ids == held, "each once, in the order in which they end"
        assert asked.at_once_max == 3


async def test_holds_that_cannot_be_released_hold_up_no_others(
    fresh_database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "EXPIRY_AT_ONCE_MAX_RESERVATIONS", 2)
    async with open_onhand(fresh_database_url, now=clock) as onhand:
        held = await held_ids(await a_corner(onhand, 6), 6)
        stuck = [held[0], held[1], held[4]]  # A whole portion, and one beside another that can be released.
        async with onhand.pool.connection() as connection:
            check = f"CHECK (status = 'active' OR reservation_id NOT IN ({', '.join(map(repr, stuck))}))"
            await connection.execute(f"ALTER TABLE reservation ADD CONSTRAINT reservation_stuck {check}")
        asked = Asked(onhand, monkeypatch)
        clock.sleep(seconds=1)
        with capture_logs() as logs:
            assert await expiry.sweep(onhand) == 3
        assert [log["reservation"] for log in logs if log["event"] == "expiry_failed"] == stuck
        assert asked.ids == held, "each once: a sweep does not begin anew"
        assert [await status(onhand, each) == "active" for each in held] == [each in stuck for each in held]
        async with onhand.pool.connection() as connection:
            await connection.execute("ALTER TABLE reservation DROP CONSTRAINT reservation_stuck")
        assert await expiry.sweep(onhand) == 3
        assert asked.ids == held + stuck


async def test_a_sweep_ends_where_the_engine_is_busy_and_the_next_goes_on(
    fresh_database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "EXPIRY_AT_ONCE_MAX_RESERVATIONS", 2)
    async with open_onhand(fresh_database_url, now=clock) as onhand:
        held = await held_ids(await a_corner(onhand, 5), 5)
        clock.sleep(seconds=1)
        asked = Asked(onhand, monkeypatch)
        with monkeypatch.context() as busy:
            busy.setattr(engine_module, "QUEUE_MAX_COMMANDS", 0)
            assert await expiry.sweep(onhand) == 0
        assert asked.ids == held[:2]
        assert await expiry.sweep(onhand) == 5


async def test_a_clock_set_back_delays_the_end_of_a_hold_but_does_not_lose_it(fresh_database_url: str) -> None:
    shift = timedelta()
    async with open_onhand(fresh_database_url, now=lambda: datetime.now(UTC) + shift) as onhand:
        corner = await a_corner(onhand, 1)
        held = await corner.reserve(1, expires_in_s=1)
        await asyncio.sleep(1.1)
        shift = timedelta(seconds=-30)  # The engine's clock; the sweep of another machine is right.
        right = dataclasses.replace(onhand, now=lambda: datetime.now(UTC))
        assert await expiry.sweep(right) == 0
        shift = timedelta()
        assert await expiry.sweep(right) == 1
        assert (await reservations.get(onhand, held.reservation_id)).status == "expired"


async def test_two_sweeps_at_once_release_once(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand, open_onhand(fresh_database_url) as other:
        corner = await a_corner(onhand, 20)
        for _ in range(20):
            await corner.reserve(1, expires_in_s=1)
        await asyncio.sleep(1.1)
        await asyncio.gather(expiry.sweep(onhand), expiry.sweep(other))
        released = await corner.reserve(20)
        assert released.lines[0].allocations[0].backordered == 0
