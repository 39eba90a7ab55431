"""The routes of cycle counts."""

from typing import Any

from onhand.api import counts
from onhand.api.examples import LATER, NOW, page
from onhand.api.examples_supply import COUNT_ID
from onhand.api.queries import CountsQuery
from onhand.api.route import Route
from onhand.api.stock import Nothing
from onhand.api.table_stock import BUSY, LINES, OPERATE, READ
from onhand.services.count_requests import Counted, CountSession, NewCount

_LINE: dict[str, Any] = {
    "line": 0,
    "sku": "MUG-RED",
    "expected": 7,
    "moved": None,
    "counted_quantity": None,
    "variance": None,
    "unit_cost": "4.2500",
    "variance_value": None,
}
_TOTALS: dict[str, Any] = {
    "lines": 1,
    "counted": 0,
    "units": 0,
    "units_off": 0,
    "value": "0",
    "value_off": "0",
    "unvalued": 0,
}
_OPEN: dict[str, Any] = {
    "count_id": COUNT_ID,
    "warehouse": "LEJ1",
    "status": "open",
    "approval_limit": 5,
    "approval_value": "100.0000",
    "currency": "EUR",
    "needs_approval": False,
    "approved_by": None,
    "created_at": NOW,
    "created_by": "key:floor",
    "posted_at": None,
    "totals": _TOTALS,
    "lines": [_LINE],
    "short": [],
}
_COUNTED = {
    **_OPEN,
    "totals": {**_TOTALS, "counted": 1, "units": -1, "units_off": 1, "value": "-4.2500", "value_off": "4.2500"},
    "lines": [{**_LINE, "moved": -2, "counted_quantity": 4, "variance": -1, "variance_value": "-4.2500"}],
}

COUNTS = [
    Route(
        method="POST",
        path="/v1/counts",
        handle=counts.create,
        summary="Begin a count of some products of a warehouse",
        tag="counts",
        scopes=OPERATE,
        status=201,
        body=NewCount,
        answer=CountSession,
        example={
            "warehouse": "LEJ1",
            "lines": [{"sku": "MUG-RED"}],
            "approval_limit": 5,
            "approval_value": "100.00",
            "currency": "EUR",
        },
        shown=_OPEN,
        problems=LINES,
        idempotent=True,
        description="Selling goes on. expected is what the book says at this moment.",
    ),
    Route(
        method="GET",
        path="/v1/counts",
        handle=counts.find,
        summary="List counts, newest first",
        tag="counts",
        scopes=READ,
        query=CountsQuery,
        answer=list[CountSession],
        shown=page(_COUNTED),
    ),
    Route(
        method="GET",
        path="/v1/counts/{count_id}",
        handle=counts.get,
        summary="Read a count",
        tag="counts",
        scopes=READ,
        answer=CountSession,
        shown=_COUNTED,
        problems=("NOT_FOUND",),
    ),
    Route(
        method="POST",
        path="/v1/counts/{count_id}/record",
        handle=counts.record,
        summary="Write down what lies on the shelf at this moment",
        tag="counts",
        scopes=OPERATE,
        body=Counted,
        answer=CountSession,
        example={"lines": [{"sku": "MUG-RED", "counted_quantity": 4}]},
        shown=_COUNTED,
        problems=("NOT_FOUND", "COUNT_CLOSED", *LINES),
        idempotent=True,
        description="Send each line as soon as it is counted, or with counted_at: it is compared with the book of that "
        "moment. Counting a line again replaces its count. An approval is taken back.",
    ),
    Route(
        method="POST",
        path="/v1/counts/{count_id}/approve",
        handle=counts.approve,
        summary="Let a count be posted that found more than its limit",
        tag="counts",
        scopes=frozenset({"admin"}),
        body=Nothing,
        optional_body=True,
        answer=CountSession,
        example={},
        shown={**_COUNTED, "approved_by": "key:manager"},
        problems=("NOT_FOUND", "COUNT_CLOSED"),
    ),
    Route(
        method="POST",
        path="/v1/counts/{count_id}/post",
        handle=counts.post,
        summary="Post the variances: an ADJUST",
        tag="counts",
        scopes=OPERATE,
        body=Nothing,
        optional_body=True,
        answer=CountSession,
        example={},
        shown={**_COUNTED, "status": "posted", "posted_at": LATER},
        problems=("NOT_FOUND", "COUNT_CLOSED", "COUNT_NEEDS_APPROVAL", "BELOW_ZERO", "LEVEL_OVERFLOW", *BUSY[:2]),
        description="Lines that were not counted are left alone. Posting again changes nothing: the ADJUST has the "
        "count's id as its operation_id.",
    ),
    Route(
        method="POST",
        path="/v1/counts/{count_id}/cancel",
        handle=counts.cancel,
        summary="End a count and post nothing",
        tag="counts",
        scopes=OPERATE,
        body=Nothing,
        optional_body=True,
        answer=CountSession,
        example={},
        shown={**_OPEN, "status": "cancelled"},
        problems=("NOT_FOUND", "COUNT_CLOSED"),
    ),
]
