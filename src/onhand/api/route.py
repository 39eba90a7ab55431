"""A route of the API as data: what the router, the checks before a handler and the documentation all read."""

from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

import msgspec

from onhand.api.answer import Answer
from onhand.services.context import Onhand

Pending = Callable[[str], list[str]]  # the names of the migrations that the database of a URL lacks; may block


class NoQuery(msgspec.Struct, forbid_unknown_fields=True):
    """No parameters."""


class Call(NamedTuple):
    """A request that has passed every check before its handler. query is an instance of the route's query."""

    onhand: Onhand
    actor: str
    path: dict[str, str]
    query: Any
    body: bytes
    key: str | None
    pending: Pending
    if_none_match: bytes = b""
    accept_language: bytes = b""


Told = Answer | Exception
Respond = Callable[[Told], None]
Begin = Callable[[Call, Respond, AbstractSet[Any]], None]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """scopes: any of them will do (admin always does); none = no key needed.

    example is the request of the documentation, shown what it answers. problems are the codes special to this route.
    optional_body: an empty body stands for {}. begin is the handler of a hot route, for those who need not wait.
    """

    method: str
    path: str
    handle: Callable[[Call], Awaitable[Answer]]
    summary: str
    tag: str
    scopes: frozenset[str] = frozenset()
    status: int = 200
    query: type[msgspec.Struct] = NoQuery
    body: type[Any] | None = None
    optional_body: bool = False
    answer: Any = None
    example: Any = None
    shown: Any = None
    problems: tuple[str, ...] = ()
    description: str = ""
    idempotent: bool = False
    begin: Begin | None = None
    media_type: str = "application/json"

    @property
    def parameters(self) -> list[str]:
        """The names in the path."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
