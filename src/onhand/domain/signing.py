"""Signatures of Standard Webhooks 1.0: who receives a message can tell that onhand sent it, and when."""

import base64
import binascii
import hmac

PREFIX = "whsec_"
SECRET_MIN_BYTES = 24
SECRET_MAX_BYTES = 64


def secret_text(secret: bytes) -> str:
    """As callers see it."""
    return PREFIX + base64.b64encode(secret).decode()


def secret_bytes(text: str) -> bytes:
    """Raise ValueError when text is not whsec_ and base64 of 24 to 64 bytes."""
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error
    if not text.startswith(PREFIX) or not SECRET_MIN_BYTES <= len(secret) <= SECRET_MAX_BYTES:
        raise ValueError(text)
    return secret


def signature(secret: str, message_id: str, timestamp_s: int, body: bytes) -> str:
    """Of webhook-id, webhook-timestamp and the body as sent: v1,BASE64."""
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret_bytes(secret), signed, "sha256")).decode()
