"""From a service's request to the engine and back."""

from hashlib import blake2b
from typing import Generic, NamedTuple, TypeVar

import msgspec

from onhand.domain.commands import Command, Header
from onhand.domain.ids import Id
from onhand.engine.engine import new_id
from onhand.engine.job import Key
from onhand.services.requests import Reference

Answered = TypeVar("Answered")


class Reply(NamedTuple, Generic[Answered]):
    """An answer; replayed when it is that of an earlier request with the same Idempotency-Key."""

    answer: Answered
    replayed: bool


class Submission(NamedTuple):
    """What the engine is asked for."""

    command: Command
    key: Key | None


def header(actor: str, *, reason: str | None = None, reference: Reference | None = None) -> Header:
    return Header(
        new_id(),
        actor,
        reason,
        reference.type if reference else None,
        reference.id if reference else None,
    )


def header_about(actor: str, kind: str, subject: Id, *, reason: str | None = None) -> Header:
    """Of an operation on a reservation or a transfer that exists already."""
    return Header(new_id(), actor, reason, kind, str(subject))


def idempotency(actor: str, key: str | None, operation: str, request: object, target: str = "") -> Key | None:
    """Digests of caller and key, and of what is asked: the order of fields and white space do not matter."""
    if key is None:
        return None
    asked = f"{operation}\0{target}\0".encode() + msgspec.json.encode(request)
    return Key(
        Id(blake2b(f"{actor}\0{key}".encode(), digest_size=16).digest()),
        Id(blake2b(asked, digest_size=16).digest()),
    )
