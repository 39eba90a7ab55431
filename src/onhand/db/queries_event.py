"""The queries of the feed of events and of webhooks with the types of their rows."""

from datetime import datetime
from typing import Any, NamedTuple

from onhand.db.query import Query, Statement
from onhand.domain.ids import Id


class UnplacedRow(NamedTuple):
    unplaced: bool


class PositionRow(NamedTuple):
    position: int


class GoesOnRow(NamedTuple):
    goes_on_after: int


class PlacedRow(NamedTuple):
    event_id: Id
    type: str
    subject: str


class EventRow(NamedTuple):
    event_id: Id
    type: str
    subject: str
    created_at: datetime
    data: dict[str, Any]


INSERT_EVENTS = Statement("insert_events")
LOOK_FOR_UNPLACED_EVENTS = Query("look_for_unplaced_events", UnplacedRow)
LOCK_EVENT_FEED = Query("lock_event_feed", PositionRow)
PLACE_EVENTS = Query("place_events", PlacedRow)
MOVE_EVENT_FEED = Statement("move_event_feed")
FIND_EVENT_POSITION = Query("find_event_position", GoesOnRow)
LIST_EVENTS = Query("list_events", EventRow)
DELETE_OLD_EVENTS = Statement("delete_old_events")


class WebhookRow(NamedTuple):
    webhook_id: Id
    url: str
    types: list[str] | None
    description: str | None
    active: bool
    disabled_because: str | None
    created_at: datetime
    updated_at: datetime


class ClaimedRow(NamedTuple):
    webhook_id: Id
    url: str
    secret: str
    old_secret: str | None
    old_secret_until: datetime | None
    attempts: int
    event_id: Id
    type: str
    subject: str
    created_at: datetime
    data: dict[str, Any]


class DeliveryRow(NamedTuple):
    event_id: Id
    type: str
    status: str
    attempts: int
    next_attempt_at: datetime | None
    last_attempt_at: datetime | None
    last_status: int | None
    last_error: str | None


INSERT_WEBHOOK = Statement("insert_webhook")
LIST_WEBHOOKS = Query("list_webhooks", WebhookRow)
READ_WEBHOOK = Query("read_webhook", WebhookRow)
UPDATE_WEBHOOK = Statement("update_webhook")
DELETE_WEBHOOK = Statement("delete_webhook")
CHANGE_WEBHOOK_SECRET = Statement("change_webhook_secret")
DISABLE_WEBHOOK = Statement("disable_webhook")
INSERT_DELIVERIES = Statement("insert_deliveries")
INSERT_REPLAYED_DELIVERIES = Statement("insert_replayed_deliveries")
CLAIM_DELIVERIES = Query("claim_deliveries", ClaimedRow)
END_DELIVERY = Statement("end_delivery")
LIST_DELIVERIES = Query("list_deliveries", DeliveryRow)
DELETE_OLD_DELIVERIES = Statement("delete_old_deliveries")
