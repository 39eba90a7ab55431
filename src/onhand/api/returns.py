"""Returns."""

import msgspec

from onhand.api.answer import Answer, of_reply, ok
from onhand.api.decoding import decode
from onhand.api.queries import ReturnsQuery
from onhand.api.route import Call
from onhand.services import returns
from onhand.services.return_requests import NewReturn

_NEW = msgspec.json.Decoder(NewReturn)


async def create(call: Call) -> Answer:
    return of_reply(await returns.create(call.onhand, call.actor, decode(_NEW, call.body), call.key), 201)


async def get(call: Call) -> Answer:
    return ok(await returns.get(call.onhand, call.path["return_id"]))


async def find(call: Call) -> Answer:
    query: ReturnsQuery = call.query
    found = await returns.find(
        call.onhand,
        reservation_id=query.reservation_id,
        order_id=query.order_id,
        limit=query.limit,
        cursor=query.cursor,
    )
    return ok(found)
