"""The routes that move stock or tell how much there is."""

from onhand.api import display, examples, hot, stock, stream
from onhand.api.answer import Answer
from onhand.api.queries import (
    AvailabilityManyParameters,
    AvailabilityParameters,
    ReservationsQuery,
    StreamParameters,
    TransfersQuery,
)
from onhand.api.route import Call, Route
from onhand.services import answers
from onhand.services.requests import (
    AvailabilityQuery,
    Extension,
    NewAdjustment,
    NewReceipt,
    NewReservation,
    NewTransfer,
    ReservationBatch,
    ReservationPart,
    TransferPart,
)

READ = frozenset({"read"})
RESERVE = frozenset({"reserve"})
OPERATE = frozenset({"operate"})
SHIP = frozenset({"reserve", "operate"})
LINES = ("UNKNOWN_SKU", "UNKNOWN_PRODUCT", "UNKNOWN_WAREHOUSE")
BUSY = ("OVERLOADED", "OUTCOME_UNKNOWN", "IDEMPOTENCY_KEY_REUSED")


async def _reserve(call: Call) -> Answer:
    return await hot.reserve(call.onhand, call.actor, call.body, call.key)


async def _reserve_batch(call: Call) -> Answer:
    return await hot.reserve_batch(call.onhand, call.actor, call.body, call.key)


async def _release(call: Call) -> Answer:
    return await hot.release(call.onhand, call.actor, call.path["reservation_id"], call.body, call.key)


async def _fulfill(call: Call) -> Answer:
    return await hot.fulfill(call.onhand, call.actor, call.path["reservation_id"], call.body, call.key)


RESERVATIONS = [
    Route(
        method="POST",
        path="/v1/reservations",
        handle=_reserve,
        summary="Hold stock for an order",
        tag="reservations",
        scopes=RESERVE,
        status=201,
        body=NewReservation,
        answer=answers.Reservation,
        example=examples.NEW_RESERVATION,
        shown=examples.RESERVATION,
        problems=("INSUFFICIENT_STOCK", "WAREHOUSE_INACTIVE", "LEVEL_OVERFLOW", *LINES, *BUSY),
        idempotent=True,
        description="All lines or none, unless allow_partial. A line without a warehouse is held wherever stock is.",
    ),
    Route(
        method="POST",
        path="/v1/reservations/batch",
        handle=_reserve_batch,
        summary="Hold stock for many orders",
        tag="reservations",
        scopes=RESERVE,
        body=ReservationBatch,
        answer=hot.BatchResults,
        example=examples.BATCH,
        shown=examples.BATCH_RESULTS,
        problems=("IDEMPOTENCY_KEY_REUSED",),
        idempotent=True,
        description="Each on its own, answered in order. A key of the whole request guards entries without their own.",
    ),
    Route(
        method="GET",
        path="/v1/reservations",
        handle=stock.find_reservations,
        summary="List reservations, newest first",
        tag="reservations",
        scopes=READ,
        query=ReservationsQuery,
        answer=list[answers.Reservation],
        shown=examples.page(examples.RESERVATION),
    ),
    Route(
        method="GET",
        path="/v1/reservations/{reservation_id}",
        handle=stock.get_reservation,
        summary="Read a reservation",
        tag="reservations",
        scopes=READ,
        answer=answers.Reservation,
        shown=examples.RESERVATION,
        problems=("NOT_FOUND",),
    ),
    Route(
        method="POST",
        path="/v1/reservations/{reservation_id}/release",
        handle=_release,
        summary="Give held units back, all or some",
        tag="reservations",
        scopes=SHIP,
        body=ReservationPart,
        optional_body=True,
        answer=answers.Reservation,
        example={},
        shown=examples.RELEASED,
        problems=("NOT_FOUND", "RESERVATION_CLOSED", "QUANTITY_EXCEEDS_OPEN", *LINES, *BUSY),
        idempotent=True,
        description="Without lines: all that is open.",
    ),
    Route(
        method="POST",
        path="/v1/reservations/{reservation_id}/fulfill",
        handle=_fulfill,
        summary="Ship held units, all or some",
        tag="reservations",
        scopes=SHIP,
        body=ReservationPart,
        optional_body=True,
        answer=answers.Reservation,
        example={"lines": [{"sku": "MUG-RED", "quantity": 2, "warehouse": "LEJ1"}]},
        shown=examples.FULFILLED,
        problems=("NOT_FOUND", "RESERVATION_CLOSED", "QUANTITY_EXCEEDS_OPEN", "NOT_COVERED", *LINES, *BUSY),
        idempotent=True,
        description="Without lines: all that is open.",
    ),
    Route(
        method="POST",
        path="/v1/reservations/{reservation_id}/extend",
        handle=stock.extend,
        summary="Move the end of the hold, counted from now",
        tag="reservations",
        scopes=RESERVE,
        body=Extension,
        answer=answers.Reservation,
        example={"expires_in_s": 3600},
        shown=examples.RESERVATION,
        problems=("NOT_FOUND", "RESERVATION_CLOSED", *BUSY),
        idempotent=True,
    ),
]

STOCK = [
    Route(
        method="POST",
        path="/v1/receipts",
        handle=stock.receive,
        summary="Receive units; they cover backorders first",
        tag="stock",
        scopes=OPERATE,
        status=201,
        body=NewReceipt,
        answer=answers.Operation,
        example=examples.NEW_RECEIPT,
        shown=examples.RECEIPT,
        problems=("WAREHOUSE_INACTIVE", "LEVEL_OVERFLOW", *LINES, *BUSY),
        idempotent=True,
    ),
    Route(
        method="POST",
        path="/v1/adjustments",
        handle=stock.adjust,
        summary="Write down a count, a loss or a find",
        tag="stock",
        scopes=OPERATE,
        status=201,
        body=NewAdjustment,
        answer=answers.Operation,
        example=examples.NEW_ADJUSTMENT,
        shown=examples.ADJUSTMENT,
        problems=("BELOW_ZERO", "STALE_EXPECTATION", "LEVEL_OVERFLOW", *LINES, *BUSY),
        idempotent=True,
        description="A count is a fact and is never refused for finding less than is reserved: short names the "
        "reservations that it leaves without stock.",
    ),
]

TRANSFERS = [
    Route(
        method="POST",
        path="/v1/transfers",
        handle=stock.transfer,
        summary="Move units to another warehouse",
        tag="transfers",
        scopes=OPERATE,
        status=201,
        body=NewTransfer,
        answer=answers.Transfer,
        example=examples.NEW_TRANSFER,
        shown=examples.TRANSFER,
        problems=("INSUFFICIENT_STOCK", "WAREHOUSE_INACTIVE", "LEVEL_OVERFLOW", *LINES, *BUSY),
        idempotent=True,
    ),
    Route(
        method="GET",
        path="/v1/transfers",
        handle=stock.find_transfers,
        summary="List transfers, newest first",
        tag="transfers",
        scopes=READ,
        query=TransfersQuery,
        answer=list[answers.Transfer],
        shown=examples.page(examples.TRANSFER),
    ),
    Route(
        method="GET",
        path="/v1/transfers/{transfer_id}",
        handle=stock.get_transfer,
        summary="Read a transfer",
        tag="transfers",
        scopes=READ,
        answer=answers.Transfer,
        shown=examples.TRANSFER,
        problems=("NOT_FOUND",),
    ),
    Route(
        method="POST",
        path="/v1/transfers/{transfer_id}/receive",
        handle=stock.receive_transfer,
        summary="Take in what is under way, all or some",
        tag="transfers",
        scopes=OPERATE,
        body=TransferPart,
        optional_body=True,
        answer=answers.Transfer,
        example={},
        shown=examples.RECEIVED,
        problems=("NOT_FOUND", "TRANSFER_CLOSED", "QUANTITY_EXCEEDS_OPEN", "LEVEL_OVERFLOW", *LINES, *BUSY),
        idempotent=True,
        description="Without lines: all that is under way.",
    ),
    Route(
        method="POST",
        path="/v1/transfers/{transfer_id}/cancel",
        handle=stock.cancel_transfer,
        summary="Send what is under way back",
        tag="transfers",
        scopes=OPERATE,
        body=stock.Nothing,
        optional_body=True,
        answer=answers.Transfer,
        example={},
        shown=examples.CANCELLED,
        problems=("NOT_FOUND", "TRANSFER_CLOSED", "LEVEL_OVERFLOW", *BUSY),
        idempotent=True,
    ),
]

AVAILABILITY = [
    Route(
        method="GET",
        path="/v1/availability/stream",
        handle=stream.stream,
        summary="Changes as they happen, for open product pages",
        tag="availability",
        scopes=READ,
        query=StreamParameters,
        media_type="text/event-stream",
        shown=examples.STREAM,
        problems=("UNKNOWN_SKU", "OVERLOADED"),
        description="Server-sent events: each data line is an answer of /v1/availability/{sku}, first of every SKU, "
        "then of each that changes. Ends after half a minute; an EventSource connects anew by itself.",
    ),
    Route(
        method="GET",
        path="/v1/availability/{sku}",
        handle=display.one,
        summary="How many can be promised",
        tag="availability",
        scopes=READ,
        query=AvailabilityParameters,
        answer=answers.Availability,
        shown=examples.AVAILABILITY,
        problems=("NOT_FOUND",),
        description="For display: only a reservation decides a sale. as_of and age_ms say how old the numbers are; the "
        "ETag is that of the numbers, and If-None-Match is answered 304.",
    ),
    Route(
        method="POST",
        path="/v1/availability",
        handle=display.many,
        summary="How many of each of these can be promised",
        tag="availability",
        scopes=READ,
        query=AvailabilityManyParameters,
        body=AvailabilityQuery,
        answer=display.Availabilities,
        example={"skus": ["MUG-RED"]},
        shown={"items": [examples.AVAILABILITY]},
        problems=("UNKNOWN_SKU",),
    ),
]
