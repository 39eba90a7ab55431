"""What is printed, and where: results to stdout, everything said about them to stderr."""

import sys
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

UNLIMITED = 1_000  # columns of a pipe or file: nothing is wrapped for a screen that is not there


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else UNLIMITED
    return Console(stderr=stderr, highlight=False, width=width, soft_wrap=False, emoji=False, markup=False)


def say(message: str, *, style: str = "") -> None:
    """A line to stderr: progress, advice, what was done."""
    _console(stderr=True).print(Text(message, style=style), soft_wrap=True)


def show(message: str = "", *, style: str = "") -> None:
    """A line to stdout, never broken: it may be copied."""
    _console(stderr=False).print(Text(message, style=style), soft_wrap=True)


def show_json(value: object) -> None:
    """JSON alone on stdout."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def show_table(columns: list[str], rows: list[list[Any]], *, right: tuple[str, ...] = ()) -> None:
    """A table to stdout. A cell is text, a number (with thousands set apart), None or a rich Text."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    _console(stderr=False).print(table)


def _cell(value: object) -> Text:
    if isinstance(value, Text):
        return value
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, int):
        return Text(f"{value:,}")
    return Text("–" if value is None else str(value))
