"""The examples of webhooks."""

from onhand.api.examples import EVENT_ID, NOW, Json

WEBHOOK_ID = "019332c5-71b0-7c3a-9a41-5b1f0f8c1a0e"
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # noqa: S105  an example
URL = "https://shop.example/hooks/onhand"
TYPES = ["reservation.expired", "reservation.short"]

NEW_WEBHOOK: Json = {"url": URL, "types": TYPES}
WEBHOOK: Json = {
    "webhook_id": WEBHOOK_ID,
    "url": URL,
    "types": TYPES,
    "description": None,
    "active": True,
    "disabled_because": None,
    "created_at": NOW,
    "updated_at": NOW,
}
MADE: Json = {**WEBHOOK, "secret": SECRET}
DELIVERY: Json = {
    "event_id": EVENT_ID,
    "type": "reservation.short",
    "status": "pending",
    "attempts": 2,
    "next_attempt_at": "2026-03-01T10:00:06Z",
    "last_attempt_at": "2026-03-01T10:00:01Z",
    "last_status": 503,
    "last_error": None,
}
