"""The name of one request: in the answer's X-Request-Id, in problems as instance, and in the log."""

import uuid_utils


def new_request_id() -> str:
    return f"req_{uuid_utils.uuid7()}"
