"""The pulse of the shop: one reader per process for however many look, and none when nobody looks."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import structlog

from onhand.domain.errors import DomainError
from onhand.services import reconcile, viewing
from onhand.services.context import Onhand

EVERY_S = 1.0
LEVELS_EVERY_S = 15.0  # at least: reading every level takes its time, and gets at most a tenth of it
LEVELS_SHARE = 10
LAG = timedelta(seconds=2)  # what began that long ago has been committed
RATE_S = 10
HOUR_S = 3600
COUNTED = ("RESERVE", "FULFILL", "RELEASE", "RECEIVE", "ADJUST", "TRANSFER")

log = structlog.get_logger()


class Pulse:
    """The latest numbers, and a stream of them."""

    def __init__(self, onhand: Onhand) -> None:
        self._onhand = onhand
        self._seconds: dict[int, dict[str, int]] = {}
        self._counted_to: datetime | None = None
        self._levels_at = 0.0
        self._sums: dict[str, Any] = {}
        self._viewers = 0
        self._task: asyncio.Task[None] | None = None
        self._beat = asyncio.Condition()
        self._beats = 0
        self.closed = False

    async def close(self) -> None:
        """End every stream: the server stops."""
        self.closed = True
        if self._task is not None:
            self._task.cancel()
        async with self._beat:
            self._beat.notify_all()

    async def latest(self) -> dict[str, Any]:
        """For a page about to be shown: counted now unless somebody is looking already."""
        if self._task is None:
            await self._count()
            await self._read_levels()
        return self._told()

    async def stream(self) -> AsyncIterator[dict[str, Any]]:
        """The numbers, each second, until close()."""
        self._viewers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        try:
            seen = self._beats
            while not self.closed:
                yield self._told()
                async with self._beat:
                    await self._beat.wait_for(lambda: self.closed or self._beats != seen)  # noqa: B023
                    seen = self._beats
        finally:
            self._viewers -= 1
            if not self._viewers and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _run(self) -> None:
        while not self.closed:
            with contextlib.suppress(DomainError, psycopg.Error):
                await self._count()
                await self._read_levels()
            async with self._beat:
                self._beats += 1
                self._beat.notify_all()
            await asyncio.sleep(EVERY_S)

    async def _count(self) -> None:
        until = (self._onhand.now() - LAG).replace(microsecond=0)
        since = max(self._counted_to or datetime.min.replace(tzinfo=until.tzinfo), until - timedelta(seconds=HOUR_S))
        if since >= until:
            return
        for row in await viewing.operations(self._onhand, since, until, 1):
            self._seconds.setdefault(int(row.at.timestamp()), {})[row.type] = row.operations
        self._counted_to = until
        oldest = until.timestamp() - HOUR_S
        self._seconds = {second: counts for second, counts in self._seconds.items() if second >= oldest}

    async def _read_levels(self) -> None:
        if time.monotonic() < self._levels_at:
            return
        began = time.monotonic()
        places = await viewing.warehouse_sums(self._onhand)
        proof = await reconcile.last(self._onhand)
        self._sums = {
            "warehouses": [place._asdict() for place in places],
            "proof": None if proof is None else {"clean": proof.clean, "at": proof.finished_at},
            **{
                name: sum(getattr(place, name) for place in places)
                for name in (
                    "levels",
                    "on_hand",
                    "reserved",
                    "backordered",
                    "incoming",
                    "below_threshold",
                    "stock_outs",
                )
            },
        }
        taken = time.monotonic() - began
        self._levels_at = time.monotonic() + max(LEVELS_EVERY_S, LEVELS_SHARE * taken)

    def _told(self) -> dict[str, Any]:
        end = int(self._counted_to.timestamp()) if self._counted_to else 0
        hour = {name.lower(): sum(counts.get(name, 0) for counts in list(self._seconds.values())) for name in COUNTED}
        minutes = [0] * 60
        for second, counts in self._seconds.items():
            minutes[min(59, max(0, 59 - (end - 1 - second) // 60))] += counts.get("RESERVE", 0)
        lately = sum(self._seconds.get(second, {}).get("RESERVE", 0) for second in range(end - RATE_S, end))
        return {**self._sums, "rate": round(lately / RATE_S, 1), "hour": hour, "minutes": minutes}
