"""Every code a problem can carry: its status, its title, when it is given, and what the caller does about it.

docs/errors.md says the same in a table; a test holds the two together. Codes are stable: a code is never renamed.
"""

from typing import NamedTuple


class Code(NamedTuple):
    status: int
    title: str
    when: str
    remedy: str


CODES: dict[str, Code] = {
    "MALFORMED_REQUEST": Code(
        400, "Malformed request", "The request is not HTTP that the server understands.", "Mend the client."
    ),
    "MALFORMED_JSON": Code(
        400,
        "Malformed JSON",
        "The body is not JSON in UTF-8: cut off, NaN or Infinity, nested too deeply, or missing where one is needed.",
        "Send valid JSON.",
    ),
    "UNAUTHENTICATED": Code(
        401, "Unauthenticated", "There is no API key, or it is not valid.", "Send Authorization: Bearer KEY."
    ),
    "FORBIDDEN": Code(
        403, "Forbidden", "The key is valid but lacks the scope that detail names.", "Use a key with that scope."
    ),
    "NOT_FOUND": Code(
        404, "Not found", "The path names nothing that exists.", "Check the path, the SKU, the code or the id in it."
    ),
    "METHOD_NOT_ALLOWED": Code(
        405, "Method not allowed", "The path exists, but not with this method.", "Use a method that Allow names."
    ),
    "INSUFFICIENT_STOCK": Code(
        409,
        "Insufficient stock",
        "Some lines ask for more than is available; errors names them with requested and available. Nothing was held.",
        "Ask for less, elsewhere, or set allow_partial.",
    ),
    "RESERVATION_CLOSED": Code(
        409,
        "Reservation closed",
        "The reservation is fulfilled, released or expired: nothing of it is open.",
        "Make a new reservation if the units are still wanted.",
    ),
    "QUANTITY_EXCEEDS_OPEN": Code(
        409,
        "Quantity exceeds what is open",
        "More units are to be released, fulfilled or received than are open.",
        "Read the reservation or transfer again and ask for at most what is open.",
    ),
    "QUANTITY_EXCEEDS_FULFILLED": Code(
        409,
        "Quantity exceeds what was fulfilled",
        "More units are to come back than were fulfilled, less those that came back before.",
        "Read the reservation and its returns; take back at most the rest.",
    ),
    "NOT_COVERED": Code(
        409,
        "Not covered by stock",
        "Backordered units are to be fulfilled: no stock covers them yet.",
        "Fulfill what is covered; wait for new stock for the rest.",
    ),
    "BELOW_ZERO": Code(
        409, "Below zero", "An adjustment takes away more than lies there.", "Count again, or adjust by less."
    ),
    "STALE_EXPECTATION": Code(
        409,
        "Stale expectation",
        "on_hand is not expected_on_hand: somebody else has moved stock since it was read.",
        "Read the level again, then decide anew.",
    ),
    "LEVEL_OVERFLOW": Code(
        409, "Level overflow", "A level would exceed 2,147,483,647 units.", "Check the quantity for a slip."
    ),
    "CAPACITY_EXCEEDED": Code(
        409,
        "Capacity exceeded",
        "More is to come into a warehouse than it takes in, and its capacity_policy is refuse; errors names each line.",
        "Bring less, or elsewhere; or change the warehouse's capacity or its policy.",
    ),
    "TRANSFER_CLOSED": Code(
        409,
        "Transfer closed",
        "The transfer is received or cancelled: nothing of it is under way.",
        "Read the transfer; make a new one if more is to move.",
    ),
    "PURCHASE_ORDER_CLOSED": Code(
        409,
        "Purchase order closed",
        "The purchase order is received, cancelled or closed short: nothing more of it will come.",
        "Receive what came without it: POST /v1/receipts.",
    ),
    "PURCHASE_ORDER_NOT_PLACED": Code(
        409,
        "Purchase order not placed",
        "The purchase order is a draft: nothing of it can be received.",
        "Place it first: POST /v1/purchase_orders/{id}/place.",
    ),
    "COUNT_CLOSED": Code(
        409,
        "Count closed",
        "The count is posted or cancelled: nothing more is counted into it.",
        "Begin a new count: POST /v1/counts.",
    ),
    "COUNT_NEEDS_APPROVAL": Code(
        409,
        "Count needs approval",
        "A line differs by more units than approval_limit, or all differences are worth more than approval_value.",
        "Count it again, or have it approved: POST /v1/counts/{id}/approve.",
    ),
    "WAREHOUSE_INACTIVE": Code(
        409,
        "Warehouse inactive",
        "The warehouse takes no new stock and no new orders.",
        "Name another warehouse, or make this one active again.",
    ),
    "NO_ACTIVE_WAREHOUSE": Code(
        409,
        "No active warehouse",
        "A line names no warehouse, and no warehouse is active.",
        "Make a warehouse, or make one active again.",
    ),
    "ALREADY_EXISTS": Code(
        409, "Already exists", "The SKU, code or name is taken.", "Change the existing one with PATCH, or rename."
    ),
    "BODY_TOO_LARGE": Code(
        413, "Body too large", "The body is larger than the server reads.", "Send the lines in several requests."
    ),
    "UNSUPPORTED_MEDIA_TYPE": Code(
        415,
        "Unsupported media type",
        "A body came without Content-Type: application/json, or encoded.",
        "Send JSON, in UTF-8, not compressed, and say so in Content-Type.",
    ),
    "VALIDATION_FAILED": Code(
        422,
        "Validation failed",
        "A field is missing, unknown, of the wrong type or out of range; errors says where and how.",
        "Mend the fields that errors names.",
    ),
    "UNKNOWN_SKU": Code(
        422, "Unknown SKU", "A line names a SKU that does not exist.", "Check the SKU, or create the product first."
    ),
    "UNKNOWN_PRODUCT": Code(
        422, "Unknown product", "A line names a product_id that does not exist.", "Check the id, or use the SKU."
    ),
    "UNKNOWN_WAREHOUSE": Code(
        422, "Unknown warehouse", "The request names a warehouse that does not exist.", "Check the code or the id."
    ),
    "UNKNOWN_SUPPLIER": Code(
        422, "Unknown supplier", "The request names a supplier that does not exist.", "Check the code or the id."
    ),
    "IDEMPOTENCY_KEY_REUSED": Code(
        422,
        "Idempotency-Key reused",
        "The same Idempotency-Key came before with another request.",
        "Use a new key for every new request; repeat a request byte for byte.",
    ),
    "INTERNAL": Code(
        500,
        "Internal error",
        "A fault of the server. Whether the request took effect is not known.",
        "Repeat it with the same Idempotency-Key; report the instance.",
    ),
    "OVERLOADED": Code(
        503,
        "Overloaded",
        "Too much waits already; nothing was done.",
        "Repeat after Retry-After seconds.",
    ),
    "DATABASE_UNAVAILABLE": Code(
        503,
        "Database unavailable",
        "The database cannot be reached; nothing was done.",
        "Repeat after Retry-After seconds.",
    ),
    "NOT_MIGRATED": Code(
        503,
        "Database not migrated",
        "GET /health/ready: the database lacks migrations that this version needs.",
        "Run `onhand migrate`.",
    ),
    "OUTCOME_UNKNOWN": Code(
        503,
        "Outcome unknown",
        "The database went away while it committed: the operation may or may not have happened.",
        "Repeat it with the same Idempotency-Key: the answer tells which, and nothing happens twice.",
    ),
}

# Codes of single fields: errors[].code under VALIDATION_FAILED.
FIELD_CODES: dict[str, str] = {
    "MISSING_FIELD": "The field is needed and not there.",
    "UNKNOWN_FIELD": "There is no such field or parameter.",
    "INVALID_TYPE": "A string where a number is meant, a fraction where an integer is meant, and so on.",
    "OUT_OF_RANGE": "The number is too small or too large.",
    "INVALID_LENGTH": "The text or the list is too short or too long.",
    "INVALID_CHARACTERS": "Control characters, NUL, or bytes that are not UTF-8.",
    "INVALID_UUID": "Not a UUID.",
    "UNKNOWN_COUNTRY": "Two capital letters, but no country of ISO 3166-1.",
    "INVALID_VALUE": "Not one of the values, or not in the form, that this field has.",
}
