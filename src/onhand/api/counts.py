"""Cycle counts."""

import msgspec

from onhand.api.answer import Answer, ok
from onhand.api.decoding import decode
from onhand.api.once import once
from onhand.api.queries import CountsQuery
from onhand.api.route import Call
from onhand.api.stock import Nothing
from onhand.services import counts
from onhand.services.count_requests import Counted, NewCount

_NEW = msgspec.json.Decoder(NewCount)
_COUNTED = msgspec.json.Decoder(Counted)
_NOTHING = msgspec.json.Decoder(Nothing)


async def create(call: Call) -> Answer:
    request = decode(_NEW, call.body)

    async def do() -> Answer:
        return ok(await counts.create(call.onhand, call.actor, request), 201)

    return await once(call.onhand, call.actor, call.key, "create_count", request, do)


async def record(call: Call) -> Answer:
    request, count = decode(_COUNTED, call.body), call.path["count_id"]

    async def do() -> Answer:
        return ok(await counts.record(call.onhand, count, request))

    return await once(call.onhand, call.actor, call.key, "record_count", request, do, count)


async def approve(call: Call) -> Answer:
    decode(_NOTHING, call.body)
    return ok(await counts.approve(call.onhand, call.actor, call.path["count_id"]))


async def post(call: Call) -> Answer:
    decode(_NOTHING, call.body)
    return ok(await counts.post(call.onhand, call.actor, call.path["count_id"]))


async def cancel(call: Call) -> Answer:
    decode(_NOTHING, call.body)
    return ok(await counts.cancel(call.onhand, call.path["count_id"]))


async def get(call: Call) -> Answer:
    return ok(await counts.get(call.onhand, call.path["count_id"]))


async def find(call: Call) -> Answer:
    query: CountsQuery = call.query
    return ok(await counts.find(call.onhand, status=query.status, limit=query.limit, cursor=query.cursor))
