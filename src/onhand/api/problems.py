"""Errors as RFC 9457 problems: the one table from domain errors to status, words and facts."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
import psycopg
import structlog

from onhand.api.answer import REPLAYED_HEADER, Answer, Headers
from onhand.api.codes import CODES
from onhand.api.refusal import Refusal
from onhand.domain import errors as e
from onhand.domain.ids import Id
from onhand.services.context import Onhand
from onhand.services.names import NOTHING, Absent, labels_at_hand, named

PROBLEM: Headers = ((b"content-type", b"application/problem+json"),)
RETRY_AFTER_S = 2
WORDS_MAX = 1_024

Entry = dict[str, Any]  # product and warehouse are ids here; the caller gets sku and warehouse code

_encoder = msgspec.json.Encoder()
_words: dict[tuple[Any, ...], tuple[int, bytes, bytes]] = {}

log = structlog.get_logger()


class Problem(msgspec.Struct, omit_defaults=True):
    """RFC 9457, with a stable code and the facts of each bad field or line."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    errors: list[dict[str, Any]] = []


class Told(NamedTuple):
    code: str
    detail: str
    entries: Sequence[Entry] = ()
    retry_after_s: int | None = None


def _lines(indexes: Iterable[int], of: int | None, what: str) -> str:
    count = len(set(indexes))
    if of:
        return f"{count} of {of} lines {what}."
    return f"{count} lines {what}." if count > 1 else f"1 line {what}."


def _shortage(code: str, shortage: e.Shortage) -> Entry:
    return {
        "path": f"lines[{shortage.line}]",
        "code": code,
        "product": shortage.product,
        "warehouse": shortage.warehouse,
        "requested": shortage.requested,
        "available": shortage.available,
    }


def _insufficient_stock(error: e.InsufficientStock) -> Told:
    return Told(
        error.code,
        _lines((shortage.line for shortage in error.shortages), error.lines, "ask for more than is available"),
        [_shortage(error.code, shortage) for shortage in error.shortages],
    )


def _not_covered(error: e.NotCovered) -> Told:
    detail = "No stock covers these units yet: they wait for the next receipt."
    return Told(error.code, detail, [_shortage(error.code, shortage) for shortage in error.shortages])


def _unknown(error: e.Unknown) -> Told:
    what = {"sku": "SKU"}.get(error.kind, error.kind)
    detail = f"There is no {what} {error.name!r}."
    if error.path is None:
        return Told(error.code, detail)
    code = f"UNKNOWN_{error.kind.upper()}"
    code = code if code in CODES else "VALIDATION_FAILED"
    return Told(code, detail, [{"path": error.path, "code": code, "detail": detail, error.kind: error.name}])


def _quantity_exceeds_open(error: e.QuantityExceedsOpen) -> Told:
    return Told(
        error.code,
        f"{error.requested} units are asked for and {error.open} are open.",
        [_at(error.line, error.code, product=error.product, requested=error.requested, open=error.open)],
    )


def _quantity_exceeds_fulfilled(error: e.QuantityExceedsFulfilled) -> Told:
    facts = {"requested": error.requested, "fulfilled": error.fulfilled, "returned": error.returned}
    return Told(
        error.code,
        f"{error.fulfilled} units were fulfilled and {error.returned} came back; {error.requested} cannot.",
        [_at(error.line, error.code, product=error.product, **facts)],
    )


def _below_zero(error: e.BelowZero) -> Told:
    facts = {"quantity_change": error.quantity_change, "on_hand": error.on_hand}
    return Told(
        error.code,
        f"{error.on_hand} units are there, {-error.quantity_change} are to be taken away.",
        [_at(error.line, error.code, product=error.product, warehouse=error.warehouse, **facts)],
    )


def _stale_expectation(error: e.StaleExpectation) -> Told:
    facts = {"expected_on_hand": error.expected_on_hand, "on_hand": error.on_hand}
    return Told(
        error.code,
        f"{error.expected_on_hand} units were expected and {error.on_hand} are there.",
        [_at(error.line, error.code, product=error.product, warehouse=error.warehouse, **facts)],
    )


def _level_overflow(error: e.LevelOverflow) -> Told:
    return Told(
        error.code,
        "A level holds at most 2,147,483,647 units.",
        [_at(error.line, error.code, product=error.product, warehouse=error.warehouse, quantity=error.quantity)],
    )


def _capacity_exceeded(error: e.CapacityExceeded) -> Told:
    entries = [
        _at(
            x.line,
            error.code,
            product=x.product,
            warehouse=x.warehouse,
            requested=x.requested,
            free=x.free,
            capacity_in=x.capacity_in,
        )
        for x in error.excesses
    ]
    return Told(error.code, _lines((x.line for x in error.excesses), None, "would not fit into the warehouse"), entries)


def _warehouse_inactive(error: e.WarehouseInactive) -> Told:
    detail = "The warehouse takes no new stock and no new orders."
    return Told(error.code, detail, [_at(error.line, error.code, warehouse=error.warehouse)])


def _invalid(error: e.Invalid) -> Told:
    detail = "; ".join(f"{field.path}: {field.detail}" for field in error.fields[:3]) or "The request is not valid."
    return Told(error.code, detail, [{"path": f.path, "code": f.code, "detail": f.detail} for f in error.fields])


def _already_exists(error: e.AlreadyExists) -> Told:
    what = {"sku": "SKU"}.get(error.kind, error.kind)
    detail = f"The {what} {error.name!r} exists already."
    return Told(error.code, detail, [{"path": error.kind, "code": error.code, "detail": detail}])


def _count_needs_approval(error: e.CountNeedsApproval) -> Told:
    told = []
    if error.approval_limit is not None and error.variance > error.approval_limit:
        told.append(f"A line differs by {error.variance} units; up to {error.approval_limit} need no approval.")
    if error.approval_value is not None:
        told.append(
            f"The differences are worth {error.value_off} {error.currency}; up to {error.approval_value} need no "
            "approval, and none whose cost is unknown."
        )
    names = ("variance", "approval_limit", "value_off", "approval_value", "currency")
    facts = {name: getattr(error, name) for name in names}
    return Told(error.code, " ".join(told), [{"path": "count_id", "code": error.code, **facts}])


def _at(line: int, code: str, **facts: object) -> Entry:
    return {"path": f"lines[{line}]", "code": code, **facts}


TABLE: dict[type[Exception], Callable[[Any], Told]] = {
    e.InsufficientStock: _insufficient_stock,
    e.Unknown: _unknown,
    e.ReservationClosed: lambda error: Told(
        error.code, f"The reservation is {error.status}: nothing of it is open.", [_status("reservation_id", error)]
    ),
    e.QuantityExceedsOpen: _quantity_exceeds_open,
    e.QuantityExceedsFulfilled: _quantity_exceeds_fulfilled,
    e.NotCovered: _not_covered,
    e.BelowZero: _below_zero,
    e.StaleExpectation: _stale_expectation,
    e.LevelOverflow: _level_overflow,
    e.CapacityExceeded: _capacity_exceeded,
    e.TransferClosed: lambda error: Told(
        error.code, f"The transfer is {error.status}: nothing of it is under way.", [_status("transfer_id", error)]
    ),
    e.PurchaseOrderClosed: lambda error: Told(
        error.code,
        f"The purchase order is {error.status}: nothing more of it will come.",
        [{"path": "purchase_order_id", "code": error.code, "status": error.status}],
    ),
    e.PurchaseOrderNotPlaced: lambda error: Told(
        error.code, "The purchase order is a draft: the supplier has not been asked for anything yet."
    ),
    e.CountClosed: lambda error: Told(
        error.code,
        f"The count is {error.status}: nothing more is counted into it.",
        [{"path": "count_id", "code": error.code, "status": error.status}],
    ),
    e.CountNeedsApproval: _count_needs_approval,
    e.WarehouseInactive: _warehouse_inactive,
    e.NoActiveWarehouse: lambda error: Told(
        error.code,
        "No warehouse is active: an order that names none can go nowhere.",
        [{"path": "lines", "code": error.code, "detail": "Name a warehouse, or make one active."}],
    ),
    e.AlreadyExists: _already_exists,
    e.Invalid: _invalid,
    e.IdempotencyKeyReused: lambda error: Told(
        error.code, "This Idempotency-Key came before with another request; use a new key for a new request."
    ),
    e.Overloaded: lambda error: Told(
        error.code, "Too much waits already; nothing was done.", retry_after_s=error.retry_after_s
    ),
    e.Unavailable: lambda error: Told(
        error.code, "The database cannot be reached; nothing was done.", retry_after_s=error.retry_after_s
    ),
    e.OutcomeUnknown: lambda error: Told(
        error.code,
        "The database went away while it committed. Repeat the request with the same Idempotency-Key to learn more.",
        retry_after_s=RETRY_AFTER_S,
    ),
}


def _status(path: str, error: e.ReservationClosed | e.TransferClosed) -> Entry:
    return {"path": path, "code": error.code, "status": error.status}


def problem(onhand: Onhand, error: Exception, request_id: str, absent: Absent = NOTHING) -> tuple[Problem, Headers]:
    """Any exception as a problem, and the headers that go with it. What nobody foresaw is logged and is INTERNAL.

    Raises NotAtHandError when names are needed to tell it.
    """
    if isinstance(error, Refusal):
        return make(error.code, error.detail, request_id, error.errors), error.headers
    if isinstance(error, psycopg.OperationalError):  # the pool's, or a read's: stock is the engine's affair
        log.warning("database_unavailable", request_id=request_id, error=repr(error))
        error = e.Unavailable()
    tell = TABLE.get(type(error))
    if tell is None:
        log.error("request_failed", request_id=request_id, exc_info=error)
        detail = "The server failed; the fault is logged under this instance. Repeat with the same Idempotency-Key."
        return make("INTERNAL", detail, request_id), ()
    told = tell(error)
    # A key used for another request is refused anew each time: that is no replay of the first outcome.
    replayed = getattr(error, "replayed", False) and not isinstance(error, e.IdempotencyKeyReused)
    headers: Headers = (REPLAYED_HEADER,) if replayed else ()
    if told.retry_after_s is not None:
        headers += ((b"retry-after", str(told.retry_after_s).encode()),)
    return make(told.code, told.detail, request_id, _named(onhand, told.entries, absent)), headers


def make(code: str, detail: str, request_id: str, errors: list[dict[str, Any]] | None = None) -> Problem:
    known = CODES[code]
    return Problem(f"/problems/{code}", known.title, known.status, detail, code, request_id, errors or [])


def answer_of(made: Problem, headers: Headers = ()) -> Answer:
    return Answer(made.status, _encoder.encode(made), PROBLEM + headers)


async def answer(onhand: Onhand, error: Exception, request_id: str) -> Answer:
    """Any exception as an answer."""
    try:
        return await named(onhand, lambda absent: answer_at_hand(onhand, error, request_id, absent))
    except psycopg.OperationalError as lost:  # while the names were looked up
        return answer_at_hand(onhand, lost, request_id)


def answer_at_hand(onhand: Onhand, error: Exception, request_id: str, absent: Absent = NOTHING) -> Answer:
    """Any exception as an answer. Raises NotAtHandError."""
    if type(error) is e.InsufficientStock and len(error.shortages) == 1 and not error.replayed:
        sku = onhand.directory.sku_of.get(error.shortages[0].product)
        place = error.shortages[0].warehouse and onhand.directory.code_of.get(error.shortages[0].warehouse)
        if sku and place:
            return _sold_out(onhand, error, (sku, place), request_id)
    return answer_of(*problem(onhand, error, request_id, absent))


def _sold_out(onhand: Onhand, error: e.InsufficientStock, where: tuple[str, str], request_id: str) -> Answer:
    """As answer_of(problem(…)). A sale that is over refuses thousands with the same words: only their ids differ."""
    [shortage] = error.shortages
    words = *where, shortage.line, shortage.requested, shortage.available, error.lines
    parts = _words.get(words)
    if parts is None:
        if len(_words) >= WORDS_MAX:
            _words.clear()
        made, _ = problem(onhand, error, "")
        before, instance, after = _encoder.encode(made).partition(b'"instance":"')  # Nothing of others comes before it.
        parts = _words[words] = made.status, before + instance, after
    status, before, after = parts
    return Answer(status, before + request_id.encode() + after, PROBLEM)


def _named(onhand: Onhand, entries: Sequence[Entry], absent: Absent) -> list[dict[str, Any]]:
    """Ids to names, None left out."""
    products = {entry["product"] for entry in entries if isinstance(entry.get("product"), Id)}
    places = {entry["warehouse"] for entry in entries if isinstance(entry.get("warehouse"), Id)}
    names = labels_at_hand(onhand.directory, products, places, absent) if products or places else None
    told_by_name = []
    for entry in entries:
        told = {}
        for fact, value in entry.items():
            if names and fact == "product" and isinstance(value, Id):
                told["sku"] = names.sku[value]
            elif names and fact == "warehouse" and isinstance(value, Id):
                told["warehouse"] = names.warehouse[value]
            elif value is not None:
                told[fact] = value
        told_by_name.append(told)
    return told_by_name
