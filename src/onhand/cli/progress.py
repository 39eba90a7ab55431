"""How far it is: a bar on a terminal, else a line every few seconds, always on stderr."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from onhand.cli.terminal import say

LINE_EVERY_S = 5.0
COLUMNS_MAX = 100


class Meter(Protocol):
    """Called with what is done so far, of how many (None: nobody knows), and possibly with a new title."""

    def __call__(self, done: int, total: int | None = None, title: str | None = None) -> None: ...


@contextmanager
def progress(title: str, unit: str = "rows") -> Iterator[Meter]:
    """Show the progress of one piece of work until the block is left."""
    if not sys.stderr.isatty():
        yield _Lines(title, unit)
        return
    columns: tuple[ProgressColumn, ...] = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),  # What the others leave.
        _Count(unit),
        TimeRemainingColumn(compact=True),
    )
    console = Console(stderr=True)
    console.width = min(console.width, COLUMNS_MAX)
    with Progress(*columns, console=console, transient=True, expand=True) as bars:
        yield _Bar(bars, bars.add_task(title, total=None))


class _Bar:
    def __init__(self, bars: Progress, task: TaskID) -> None:
        self._bars = bars
        self._task = task

    def __call__(self, done: int, total: int | None = None, title: str | None = None) -> None:
        self._bars.update(self._task, completed=done, total=total, description=title)


class _Count(ProgressColumn):
    """120,000 of 1,000,000 rows · 24,000/s"""

    def __init__(self, unit: str) -> None:
        super().__init__(table_column=Column(no_wrap=True))
        self._unit = unit

    def render(self, task: Task) -> Text:
        total = None if task.total is None else int(task.total)
        return Text(_count(int(task.completed), total, self._unit, task.speed))


class _Lines:
    def __init__(self, title: str, unit: str) -> None:
        self._title = title
        self._unit = unit
        self._began = self._said = time.monotonic()

    def __call__(self, done: int, total: int | None = None, title: str | None = None) -> None:
        self._title = title or self._title
        now = time.monotonic()
        if now - self._said >= LINE_EVERY_S:
            self._said = now
            say(f"onhand: {self._title}: {_count(done, total, self._unit, done / (now - self._began))}")


def _count(done: int, total: int | None, unit: str, per_s: float | None) -> str:
    if unit == "%":
        return f"{100 * done // total if total else 0}%"
    so_far = f"{done:,} {unit}" if total is None else f"{done:,} of {total:,} {unit}"
    return so_far + (f" · {per_s:,.0f}/s" if per_s else "")
