"""Outcomes as bytes, kept with an Idempotency-Key so that a repeat of the request finds the first one (law 4)."""

from dataclasses import fields, replace
from typing import Any

import msgspec

from onhand.domain import errors
from onhand.domain.decide import Verdict
from onhand.domain.errors import DomainError
from onhand.domain.ids import Id
from onhand.domain.outcomes import (
    Nothing,
    OperationDone,
    PurchaseOrderDone,
    Refused,
    ReservationDone,
    ReturnDone,
    TransferDone,
)

_ERRORS: dict[str, type[DomainError]] = {
    error.code: error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, DomainError) and error is not DomainError
}
_Stored = OperationDone | ReservationDone | TransferDone | PurchaseOrderDone | ReturnDone | Refused | Nothing


def _from_id(value: Any) -> bytes:  # noqa: ANN401  msgspec's signature
    if isinstance(value, Id):
        return bytes(value)
    raise NotImplementedError(type(value))


def _to_id(type_: type, value: Any) -> Any:  # noqa: ANN401  msgspec's signature
    return type_(value)


_encoder = msgspec.msgpack.Encoder(enc_hook=_from_id)
_decoder = msgspec.msgpack.Decoder(_Stored, dec_hook=_to_id)


def encode(verdict: Verdict) -> bytes:
    """The verdict as MessagePack."""
    if isinstance(verdict, DomainError):
        facts = {field.name: getattr(verdict, field.name) for field in fields(verdict)}  # type: ignore[arg-type]
        facts = msgspec.to_builtins(facts, enc_hook=_from_id, builtin_types=(bytes,))
        return _encoder.encode(Refused(verdict.code, facts))
    return _encoder.encode(verdict)


def decode(data: bytes) -> Verdict:
    """What encode was given."""
    stored: _Stored = _decoder.decode(data)
    if isinstance(stored, Refused):
        error: Any = msgspec.convert(stored.facts, _ERRORS[stored.code], dec_hook=_to_id)
        # msgspec makes it without BaseException.__new__, and str() of such an exception ends the process (SIGSEGV).
        whole: DomainError = replace(error)
        return whole
    return stored
