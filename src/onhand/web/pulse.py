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
from onhand.engine.engine import new_id
from onhand.services import reconcile, viewing, viewing_supply
from onhand.services.context import Onhand

EVERY_S = 1.0
LEVELS_EVERY_S = 15.0  # at least: reading every level takes its time, and gets a third of a hundredth of it
LEVELS_SHARE = 300
LAG = timedelta(seconds=2)  # what began that long ago has been committed
MINUTE = timedelta(seconds=60)
PAST_S = 0.1  # of a beat, to read minutes of the last hour that are not known yet
KEPT_S = 3.0  # how long it reads on after the last one has gone: from page to page
FIRST_S = 0.025  # how long a page waits for its first numbers; later ones come by the stream
RATE_S = 10
HOUR_S = 3600
COUNTED = ("RESERVE", "FULFILL", "RELEASE", "RECEIVE", "REFUSED")
SUMMED = ("levels", "on_hand", "reserved", "backordered", "incoming", "below_threshold", "stock_outs", "empty")
NOT_YET = dict.fromkeys((*SUMMED, "warehouses", "proof", "due", "late"))

log = structlog.get_logger()


class Pulse:
    """The latest numbers, and a stream of them."""

    def __init__(self, onhand: Onhand) -> None:
        self._onhand = onhand
        self._seconds: dict[int, dict[str, int]] = {}
        self._counted_to: datetime | None = None
        self._counted_from: datetime | None = None
        self._levels_at = 0.0
        self._sums: dict[str, Any] = dict(NOT_YET)
        self._viewers = 0
        self._left_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._beat = asyncio.Condition()
        self._beats = 0
        self.closed = False

    async def close(self) -> None:
        """End every stream: the server stops."""
        self.closed = True
        for task in (self._task, self._telling):
            if task is not None:
                task.cancel()
        async with self._beat:
            self._beat.notify_all()

    def tell_refusals(self) -> None:
        """From now on, let all processes know how many orders this one refuses: a refusal leaves no other trace."""
        self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        process_id, known, cleaned = new_id(), viewing.refused_so_far(), 0.0
        while not self.closed:
            await asyncio.sleep(EVERY_S)
            with contextlib.suppress(DomainError, psycopg.Error):
                now = self._onhand.now().replace(microsecond=0)
                if (so_far := viewing.refused_so_far()) > known:
                    await viewing.add_refusals(self._onhand, process_id, now, so_far - known)
                    known = so_far
                    if time.monotonic() > cleaned + MINUTE.total_seconds():
                        cleaned = time.monotonic()
                        await viewing.forget_refusals(self._onhand, now - timedelta(seconds=HOUR_S))

    async def latest(self) -> dict[str, Any]:
        """For a page about to be shown, within FIRST_S: what is not known by then is null, and comes by the stream."""
        if self._task is None:
            self._left_at = time.monotonic()
            beats = self._beats
            self._start()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FIRST_S), self._beat:
                    await self._beat.wait_for(lambda: self.closed or self._beats != beats)
        return self._told()

    async def stream(self) -> AsyncIterator[dict[str, Any]]:
        """The numbers, each second, until close()."""
        self._viewers += 1
        self._start()
        try:
            seen = self._beats
            while not self.closed:
                yield self._told()
                async with self._beat:
                    await self._beat.wait_for(lambda: self.closed or self._beats != seen)  # noqa: B023
                    seen = self._beats
        finally:
            self._viewers -= 1
            self._left_at = time.monotonic()

    def _start(self) -> None:
        if self._task is None and not self.closed:
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while not self.closed and (self._viewers or time.monotonic() < self._left_at + KEPT_S):
                with contextlib.suppress(DomainError, psycopg.Error):
                    await self._count()
                    await self._read_levels()
                async with self._beat:
                    self._beats += 1
                    self._beat.notify_all()
                await asyncio.sleep(EVERY_S)
        finally:
            self._task = None

    async def _count(self) -> None:
        """The newest seconds, then as much of the hour before as PAST_S allows."""
        until = (self._onhand.now() - LAG).replace(microsecond=0)
        oldest = until - timedelta(seconds=HOUR_S)
        if self._counted_to is None or self._counted_from is None or self._counted_to < oldest:
            self._seconds.clear()
            self._counted_to = self._counted_from = until - MINUTE
        if self._counted_to < until:
            await self._read(self._counted_to, until)
            self._counted_to = until
        began = time.monotonic()
        while self._counted_from > oldest and time.monotonic() < began + PAST_S:
            since = max(oldest, self._counted_from - MINUTE)
            await self._read(since, self._counted_from)
            self._counted_from = since
        self._counted_from = max(self._counted_from, oldest)
        first = oldest.timestamp()
        self._seconds = {second: counts for second, counts in self._seconds.items() if second >= first}

    async def _read(self, since: datetime, until: datetime) -> None:
        for row in await viewing.operations(self._onhand, since, until, 1):
            self._seconds.setdefault(int(row.at.timestamp()), {})[row.type] = row.operations
        for refused in await viewing.refusals(self._onhand, since, until):
            self._seconds.setdefault(int(refused.at.timestamp()), {})["REFUSED"] = refused.orders

    async def _read_levels(self) -> None:
        if time.monotonic() < self._levels_at:
            return
        began = time.monotonic()
        places = await viewing.warehouse_sums(self._onhand)
        proof = await reconcile.last(self._onhand)
        due = await viewing_supply.due(self._onhand)
        self._sums = {
            "warehouses": [place._asdict() for place in places],
            "proof": None if proof is None else {"clean": proof.clean, "at": proof.finished_at},
            "due": due.today + due.late,
            "late": due.late,
            **{name: sum(getattr(place, name) for place in places) for name in SUMMED},
        }
        taken = time.monotonic() - began
        self._levels_at = time.monotonic() + max(LEVELS_EVERY_S, LEVELS_SHARE * taken)

    def _told(self) -> dict[str, Any]:
        end = int(self._counted_to.timestamp()) if self._counted_to else 0
        counts = list(self._seconds.values())
        hour = {name.lower(): sum(each.get(name, 0) for each in counts) for name in COUNTED}
        minutes = [0] * 60
        for second, each in self._seconds.items():
            minutes[min(59, max(0, 59 - (end - 1 - second) // 60))] += each.get("RESERVE", 0)
        lately = [self._seconds.get(second, {}) for second in range(end - RATE_S, end)]
        rate = {name.lower(): round(sum(each.get(name, 0) for each in lately) / RATE_S, 1) for name in COUNTED}
        return {**self._sums, "rate": rate, "hour": hour, "minutes": minutes}
