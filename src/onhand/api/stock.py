"""Receipts, adjustments, transfers, and the quieter moves of reservations."""

import msgspec

from onhand.api.answer import Answer, of_reply, ok
from onhand.api.decoding import decode
from onhand.api.queries import ReservationsQuery, TransfersQuery
from onhand.api.route import Call
from onhand.services import reservations, stock, transfers
from onhand.services.requests import (
    Body,
    Extension,
    NewAdjustment,
    NewReceipt,
    NewStateChange,
    NewTransfer,
    Priority,
    TransferLoss,
    TransferPart,
)

_RECEIPT = msgspec.json.Decoder(NewReceipt)
_ADJUSTMENT = msgspec.json.Decoder(NewAdjustment)
_STATE_CHANGE = msgspec.json.Decoder(NewStateChange)
_TRANSFER = msgspec.json.Decoder(NewTransfer)
_TRANSFER_PART = msgspec.json.Decoder(TransferPart)
_TRANSFER_LOSS = msgspec.json.Decoder(TransferLoss)
_PRIORITY = msgspec.json.Decoder(Priority)
_EXTENSION = msgspec.json.Decoder(Extension)


class Nothing(Body):
    """No fields."""


_NOTHING = msgspec.json.Decoder(Nothing)


async def receive(call: Call) -> Answer:
    return of_reply(await stock.receive(call.onhand, call.actor, decode(_RECEIPT, call.body), call.key), 201)


async def adjust(call: Call) -> Answer:
    return of_reply(await stock.adjust(call.onhand, call.actor, decode(_ADJUSTMENT, call.body), call.key), 201)


async def change_state(call: Call) -> Answer:
    request = decode(_STATE_CHANGE, call.body)
    return of_reply(await stock.change_state(call.onhand, call.actor, request, call.key), 201)


async def transfer(call: Call) -> Answer:
    return of_reply(await transfers.dispatch(call.onhand, call.actor, decode(_TRANSFER, call.body), call.key), 201)


async def receive_transfer(call: Call) -> Answer:
    part = decode(_TRANSFER_PART, call.body)
    return of_reply(await transfers.receive(call.onhand, call.actor, call.path["transfer_id"], part, call.key), 200)


async def cancel_transfer(call: Call) -> Answer:
    decode(_NOTHING, call.body)
    return of_reply(await transfers.cancel(call.onhand, call.actor, call.path["transfer_id"], call.key), 200)


async def write_off_transfer(call: Call) -> Answer:
    loss = decode(_TRANSFER_LOSS, call.body)
    return of_reply(await transfers.write_off(call.onhand, call.actor, call.path["transfer_id"], loss, call.key), 200)


async def get_transfer(call: Call) -> Answer:
    return ok(await transfers.get(call.onhand, call.path["transfer_id"]))


async def find_transfers(call: Call) -> Answer:
    query: TransfersQuery = call.query
    return ok(await transfers.find(call.onhand, status=query.status, limit=query.limit, cursor=query.cursor))


async def extend(call: Call) -> Answer:
    extension = decode(_EXTENSION, call.body)
    reply = await reservations.extend(call.onhand, call.actor, call.path["reservation_id"], extension, call.key)
    return of_reply(reply, 200)


async def prioritize(call: Call) -> Answer:
    request = decode(_PRIORITY, call.body)
    reply = await reservations.prioritize(call.onhand, call.actor, call.path["reservation_id"], request, call.key)
    return of_reply(reply, 200)


async def get_reservation(call: Call) -> Answer:
    return ok(await reservations.get(call.onhand, call.path["reservation_id"]))


async def find_reservations(call: Call) -> Answer:
    query: ReservationsQuery = call.query
    found = await reservations.find(call.onhand, order_id=query.order_id, limit=query.limit, cursor=query.cursor)
    return ok(found)
