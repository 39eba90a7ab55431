"""The clock of the jobs, without what they do."""

import asyncio
from typing import Any, cast

import pytest

from onhand.jobs import loop

pytestmark = pytest.mark.anyio


async def test_a_job_that_failed_comes_round_again_before_its_next_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "FAILED_AGAIN_S", 0.01)
    stop, ran = asyncio.Event(), 0

    async def job(_: Any) -> int:
        nonlocal ran
        ran += 1
        if ran == 1:
            raise ConnectionError
        stop.set()
        return 0

    await asyncio.wait_for(loop._every(loop.DAY_S, job, cast("Any", None), stop), 5)
    assert ran == 2
