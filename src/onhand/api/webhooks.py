"""Webhooks: who is told of events."""

import msgspec

from onhand.api.answer import Answer, ok
from onhand.api.decoding import decode
from onhand.api.once import once
from onhand.api.queries import DeliveriesQuery, Paged
from onhand.api.route import Call
from onhand.api.stock import Nothing
from onhand.services import webhooks
from onhand.services.webhook_requests import NewSecret, NewWebhook, Replay, WebhookPatch

_WEBHOOK = msgspec.json.Decoder(NewWebhook)
_PATCH = msgspec.json.Decoder(WebhookPatch)
_SECRET = msgspec.json.Decoder(NewSecret)
_REPLAY = msgspec.json.Decoder(Replay)
_NOTHING = msgspec.json.Decoder(Nothing)


async def create(call: Call) -> Answer:
    request = decode(_WEBHOOK, call.body)

    async def do() -> Answer:
        return ok(await webhooks.create(call.onhand, request), 201)

    return await once(call.onhand, call.actor, call.key, "create_webhook", request, do)


async def find(call: Call) -> Answer:
    query: Paged = call.query
    return ok(await webhooks.find(call.onhand, limit=query.limit, cursor=query.cursor))


async def get(call: Call) -> Answer:
    return ok(await webhooks.get(call.onhand, call.path["webhook_id"]))


async def patch(call: Call) -> Answer:
    request, name = decode(_PATCH, call.body), call.path["webhook_id"]

    async def do() -> Answer:
        return ok(await webhooks.patch(call.onhand, name, request))

    return await once(call.onhand, call.actor, call.key, "patch_webhook", request, do, name)


async def delete(call: Call) -> Answer:
    name = call.path["webhook_id"]

    async def do() -> Answer:
        await webhooks.delete(call.onhand, name)
        return Answer(204, b"", ())

    return await once(call.onhand, call.actor, call.key, "delete_webhook", None, do, name)


async def rotate(call: Call) -> Answer:
    request, name = decode(_SECRET, call.body), call.path["webhook_id"]

    async def do() -> Answer:
        return ok(await webhooks.rotate(call.onhand, name, request.secret))

    return await once(call.onhand, call.actor, call.key, "rotate_webhook_secret", request, do, name)


async def test(call: Call) -> Answer:
    request, name = decode(_NOTHING, call.body), call.path["webhook_id"]

    async def do() -> Answer:
        return ok(await webhooks.test(call.onhand, call.actor, name), 202)

    return await once(call.onhand, call.actor, call.key, "test_webhook", request, do, name)


async def replay(call: Call) -> Answer:
    request, name = decode(_REPLAY, call.body), call.path["webhook_id"]

    async def do() -> Answer:
        return ok(await webhooks.replay(call.onhand, name, request), 202)

    return await once(call.onhand, call.actor, call.key, "replay_webhook", request, do, name)


async def find_deliveries(call: Call) -> Answer:
    query: DeliveriesQuery = call.query
    name = call.path["webhook_id"]
    found = await webhooks.deliveries(call.onhand, name, status=query.status, limit=query.limit, cursor=query.cursor)
    return ok(found)
