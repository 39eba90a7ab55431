"""Requests refused before any service sees them."""

from dataclasses import dataclass, field
from typing import Any

from onhand.api.answer import Headers


@dataclass(eq=False)
class Refusal(Exception):
    """code is one of onhand.api.codes; errors are the entries of the problem, headers go with the answer."""

    code: str
    detail: str
    errors: list[dict[str, Any]] = field(default_factory=list)
    headers: Headers = ()


def invalid(path: str, code: str, detail: str) -> Refusal:
    """One bad field, as VALIDATION_FAILED."""
    return Refusal("VALIDATION_FAILED", f"{path}: {detail}", [{"path": path, "code": code, "detail": detail}])
