"""What webhooks receive and the feed of events shows, for the OpenAPI document."""

from typing import Any

from onhand.api import examples
from onhand.services.feed import TYPES

Json = dict[str, Any]

HEADERS = {
    "webhook-id": "The id of the event; the same at every attempt.",
    "webhook-timestamp": "When this attempt was made, seconds since 1970.",
    "webhook-signature": "v1,BASE64 of HMAC-SHA256 over id.timestamp.body; several, with spaces between, while a new "
    "secret replaces an old one.",
}
TEXT: Json = {"type": "string"}
EVENT: Json = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid"},
        "source": TEXT,
        "type": {"enum": list(TYPES)},
        "subject": TEXT,
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "data": {"type": "object"},
    },
}
PAGE: Json = {
    "type": "object",
    "required": ["items", "next_cursor"],
    "properties": {"items": {"type": "array", "items": EVENT}, "next_cursor": {"type": ["string", "null"]}},
}


def described() -> Json:
    """Every type of event, as OpenAPI 3.1 describes webhooks."""
    return {type_: _message(type_, told) for type_, told in TYPES.items()}


def _message(type_: str, told: str) -> Json:
    return {
        "post": {
            "summary": told,
            "parameters": [
                {"name": name, "in": "header", "required": True, "description": meaning, "schema": TEXT}
                for name, meaning in HEADERS.items()
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/cloudevents+json": {"schema": EVENT, "example": {**examples.EVENT, "type": type_}}
                },
            },
            "responses": {"2XX": {"description": "Received. Anything else is tried again."}},
        }
    }
