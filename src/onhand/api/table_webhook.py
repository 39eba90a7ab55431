"""The routes of the feed of events and of webhooks."""

from onhand.api import examples_webhook as examples
from onhand.api import reading, webhooks
from onhand.api.examples import EVENT, page
from onhand.api.queries import DeliveriesQuery, EventsQuery, Paged
from onhand.api.route import Route
from onhand.api.stock import Nothing
from onhand.services.webhook_requests import (
    Delivery,
    NewlyMade,
    NewSecret,
    NewWebhook,
    Queued,
    Replay,
    Webhook,
    WebhookPatch,
)

READ = frozenset({"read"})
ADMIN = frozenset({"admin"})
REUSED = ("IDEMPOTENCY_KEY_REUSED",)

EVENTS = [
    Route(
        method="GET",
        path="/v1/events",
        handle=reading.find_events,
        summary="Read what happened that no answer told, oldest first",
        tag="events",
        scopes=READ,
        query=EventsQuery,
        shown=page(EVENT),
        description="CloudEvents 1.0, kept for 30 days. Give the id of the last event seen as after: none is missed, "
        "whatever is committed meanwhile.",
    ),
]

WEBHOOKS = [
    Route(
        method="POST",
        path="/v1/webhooks",
        handle=webhooks.create,
        summary="Have events sent to an address",
        tag="webhooks",
        scopes=ADMIN,
        status=201,
        body=NewWebhook,
        answer=NewlyMade,
        example=examples.NEW_WEBHOOK,
        shown=examples.MADE,
        problems=REUSED,
        idempotent=True,
        description="Events from now on, as POST of a CloudEvent in JSON, signed as Standard Webhooks 1.0 says, at "
        "least once; any answer but 2xx within 15 seconds is tried again, 10 times in 29 hours. 410 makes it inactive. "
        "The secret is shown this once.",
    ),
    Route(
        method="GET",
        path="/v1/webhooks",
        handle=webhooks.find,
        summary="List webhooks, oldest first",
        tag="webhooks",
        scopes=ADMIN,
        query=Paged,
        answer=list[Webhook],
        shown=page(examples.WEBHOOK),
    ),
    Route(
        method="GET",
        path="/v1/webhooks/{webhook_id}",
        handle=webhooks.get,
        summary="Read a webhook, without its secret",
        tag="webhooks",
        scopes=ADMIN,
        answer=Webhook,
        shown=examples.WEBHOOK,
        problems=("NOT_FOUND",),
    ),
    Route(
        method="PATCH",
        path="/v1/webhooks/{webhook_id}",
        handle=webhooks.patch,
        summary="Change a webhook: what is given",
        tag="webhooks",
        scopes=ADMIN,
        body=WebhookPatch,
        answer=Webhook,
        example={"active": False},
        shown={**examples.WEBHOOK, "active": False},
        problems=("NOT_FOUND", *REUSED),
        idempotent=True,
        description="While it is inactive, what waits for it goes on waiting, and new events are not kept for it: "
        "replay sends them.",
    ),
    Route(
        method="DELETE",
        path="/v1/webhooks/{webhook_id}",
        handle=webhooks.delete,
        summary="Send nothing more to it",
        tag="webhooks",
        scopes=ADMIN,
        status=204,
        problems=("NOT_FOUND", *REUSED),
        idempotent=True,
    ),
    Route(
        method="POST",
        path="/v1/webhooks/{webhook_id}/rotate_secret",
        handle=webhooks.rotate,
        summary="Replace the secret",
        tag="webhooks",
        scopes=ADMIN,
        body=NewSecret,
        optional_body=True,
        answer=NewlyMade,
        example={},
        shown=examples.MADE,
        problems=("NOT_FOUND", *REUSED),
        idempotent=True,
        description="For a day, messages are signed with the old one as well.",
    ),
    Route(
        method="POST",
        path="/v1/webhooks/{webhook_id}/test",
        handle=webhooks.test,
        summary="Send it an event of type webhook.test",
        tag="webhooks",
        scopes=ADMIN,
        status=202,
        body=Nothing,
        optional_body=True,
        answer=Queued,
        example={},
        shown={"deliveries": 1},
        problems=("NOT_FOUND", *REUSED),
        idempotent=True,
    ),
    Route(
        method="POST",
        path="/v1/webhooks/{webhook_id}/replay",
        handle=webhooks.replay,
        summary="Send events again",
        tag="webhooks",
        scopes=ADMIN,
        status=202,
        body=Replay,
        optional_body=True,
        answer=Queued,
        example={"after": page(EVENT)["items"][0]["id"]},
        shown={"deliveries": 42},
        problems=("NOT_FOUND", *REUSED),
        idempotent=True,
        description="Those after an event of the feed; without after, all that are kept.",
    ),
    Route(
        method="GET",
        path="/v1/webhooks/{webhook_id}/deliveries",
        handle=webhooks.find_deliveries,
        summary="What became of each event, the newest first",
        tag="webhooks",
        scopes=ADMIN,
        query=DeliveriesQuery,
        answer=list[Delivery],
        shown=page(examples.DELIVERY),
        problems=("NOT_FOUND",),
    ),
]
