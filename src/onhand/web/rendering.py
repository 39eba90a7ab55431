"""Jinja, with every value escaped, and the assets under names that change with their content."""

import hashlib
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from onhand.api.answer import Answer
from onhand.api.problems import Problem
from onhand.web.visit import HTML, Visit

STATIC = Path(__file__).parent / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
ASSETS = {path.name: path.read_bytes() for path in sorted(STATIC.iterdir()) if path.suffix in TYPES}
_VERSION = hashlib.sha256(b"".join(ASSETS.values())).hexdigest()[:12]


def asset(name: str) -> str:
    """The address of an asset. Raises KeyError when there is none of this name."""
    return f"/assets/{name}?v={_VERSION}" if ASSETS[name] else ""


def number(value: int | None) -> Markup:
    """A whole number, for the script to write as the reader's language does."""
    if value is None:
        return Markup('<span class="muted">–</span>')
    return Markup('<data value="{0}">{1}</data>').format(value, f"{value:,}")


def moment(value: datetime | None) -> Markup:
    if value is None:
        return Markup('<span class="muted">–</span>')
    return Markup('<time datetime="{0}">{1}</time>').format(value.isoformat(), f"{value:%Y-%m-%d %H:%M} UTC")


def ago(value: datetime | None) -> Markup:
    """A moment as how long ago it was, where there is a script to say so."""
    if value is None:
        return Markup('<span class="muted">–</span>')
    return Markup('<time datetime="{0}" data-ago>{1}</time>').format(value.isoformat(), f"{value:%Y-%m-%d %H:%M} UTC")


def day(value: date | None) -> Markup:
    """A day of the calendar, without a time zone."""
    if value is None:
        return Markup('<span class="muted">–</span>')
    return Markup('<time datetime="{0}" data-day>{0}</time>').format(value.isoformat())


def money(value: str | None) -> str:
    """A decimal as text, without the zeros after its cents."""
    if value is None:
        return "–"
    return f"{Decimal(value):.4f}".removesuffix("00")


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("onhand.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "number": number,
        "moment": moment,
        "ago": ago,
        "day": day,
        "money": money,
        "label": lambda text: text.replace("_", " ").capitalize(),
        "tail": lambda text: f"…{text[-8:]}",  # what tells two ids apart
    }
    made.globals |= {"asset": asset}
    return made


ENVIRONMENT = _environment()


def page(visit: Visit, template: str, *, status: int = 200, **values: Any) -> Answer:  # noqa: ANN401
    """A template as an answer. htmx gets the same page and takes its part of it."""
    text = ENVIRONMENT.get_template(template).render(user=visit.user, query=defaultdict(str, visit.query), **values)
    return Answer(status, text.encode(), HTML)


def error_page(problem: Problem) -> Answer:
    """For a browser at an address where there is nothing: nobody has looked who asks."""
    text = ENVIRONMENT.get_template("error.html").render(user=None, query={}, problem=problem)
    return Answer(problem.status, text.encode(), HTML)
