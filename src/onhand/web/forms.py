"""From the fields of a form to the requests that the services take: every value is text, an empty one is not given."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from onhand.api.refusal import Refusal
from onhand.services.requests import Body

Request = TypeVar("Request", bound=Body)


def given(form: Mapping[str, str], *names: str) -> dict[str, object]:
    """The named fields that are filled."""
    return {name: form[name] for name in names if form.get(name)}


def request(kind: type[Request], values: Mapping[str, object]) -> Request:
    """Texts that are numbers, booleans or dates become so. Raises Refusal: VALIDATION_FAILED."""
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refusal("VALIDATION_FAILED", f"{error}.") from None


def units(form: Mapping[str, str], name: str) -> int:
    """A whole number that is not negative; an empty field is 0. Raises Refusal: VALIDATION_FAILED."""
    text = form.get(name, "")
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise Refusal("VALIDATION_FAILED", f"{name.replace('_', ' ')}: {text[:20]!r} is not a whole number of units.")
    return int(text)


def numbered(form: Mapping[str, str], name: str) -> list[tuple[int, str]]:
    """Fields name-0, name-1, …, as a table of lines sends them, in their order."""
    found = []
    for field, value in form.items():
        before, dash, number = field.rpartition("-")
        if dash and before == name and number.isascii() and number.isdigit() and len(number) <= 4:
            found.append((int(number), value))
    return sorted(found)
