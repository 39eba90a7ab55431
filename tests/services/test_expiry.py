import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from onhand.domain.errors import ReservationClosed
from onhand.jobs import loop
from onhand.services import expiry, reservations
from onhand.services.context import open_onhand
from onhand.services.requests import Extension, ReservationPart
from support.services import ACTOR, a_corner

pytestmark = pytest.mark.anyio


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


async def test_extended_shipped_and_endless_holds_are_left_alone(fresh_database_url: str) -> None:
    async with open_onhand(fresh_database_url) as onhand:
        corner = await a_corner(onhand, 3)
        extended, shipped = await corner.reserve(1, expires_in_s=1), await corner.reserve(1, expires_in_s=1)
        endless = await corner.reserve(1, expires_in_s=None)
        await reservations.extend(onhand, ACTOR, extended.reservation_id, Extension(expires_in_s=600))
        await reservations.fulfill(onhand, ACTOR, shipped.reservation_id, ReservationPart())
        await asyncio.sleep(1.1)
        await expiry.sweep(onhand)
        assert (await reservations.get(onhand, extended.reservation_id)).status == "active"
        assert (await reservations.get(onhand, shipped.reservation_id)).status == "fulfilled"
        assert (await reservations.get(onhand, endless.reservation_id)).expires_at is None
        assert await expiry.sweep(onhand) == 0


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
