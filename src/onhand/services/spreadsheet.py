"""Cells that a spreadsheet would take for a formula: written behind an apostrophe, which is taken away when read."""

import re

FORMULA = re.compile(r"'*[=+\-@\t\r]")
GUARDED = re.compile(r"'+[=+\-@\t\r]")


def guarded(text: str) -> str:
    """The cell as text, also for a spreadsheet."""
    return "'" + text if FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if GUARDED.match(text) else text
