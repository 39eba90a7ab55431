"""What callers send about webhooks, and what they get."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from onhand.domain import limits
from onhand.services.requests import Body, Name, UuidText

Url = Annotated[
    str,
    Meta(
        max_length=limits.WEBHOOK_URL_MAX_CHARS,
        pattern=r"^[Hh][Tt][Tt][Pp][Ss]?://[\u0021-\u007e]+(?![\s\S])",
        description="http or https",
        examples=["https://shop.example/hooks/onhand"],
    ),
]
EventType = Literal[
    "reservation.short", "reservation.covered", "reservation.expired", "level.below_threshold", "promise.moved"
]  # webhook.test comes whatever is wanted
Types = Annotated[list[EventType], Meta(min_length=1, max_length=20, description="of events; null = all")]
Secret = Annotated[
    str, Meta(min_length=1, max_length=200, description="whsec_ and base64 of 24 to 64 bytes; none = one is made")
]
DeliveryStatus = Literal["pending", "delivered", "failed"]


class NewWebhook(Body):
    """Where to send events, and which. Without a secret, one is made; it is shown in the answer and never again."""

    url: Url
    types: Types | None = None
    description: Name | None = None
    active: bool = True
    secret: Secret | None = None


class WebhookPatch(Body):
    """Only what is given changes; null clears."""

    url: Url | UnsetType = UNSET
    types: Types | UnsetType | None = UNSET
    description: Name | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class NewSecret(Body):
    """Without a secret, one is made."""

    secret: Secret | None = None


class Replay(Body):
    """after: the id of the last event that is not to be sent again; none = every event that is kept."""

    after: UuidText | None = None


class Webhook(Struct):
    """disabled_because: why onhand made it inactive by itself."""

    webhook_id: str
    url: str
    types: list[str] | None
    description: str | None
    active: bool
    disabled_because: str | None
    created_at: datetime
    updated_at: datetime


class NewlyMade(Webhook):
    """The only answers that show the secret."""

    secret: str


class Delivery(Struct):
    """last_status: of the receiver's answer; null where there was none, and last_error says why."""

    event_id: str
    type: str
    status: str
    attempts: int
    next_attempt_at: datetime | None
    last_attempt_at: datetime | None
    last_status: int | None
    last_error: str | None


class Queued(Struct):
    """How many events are on their way."""

    deliveries: int
