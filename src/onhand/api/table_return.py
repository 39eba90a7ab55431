"""The routes of returns."""

from onhand.api import returns
from onhand.api.examples import LATER, RESERVATION_ID, RETURN_ID, Json, page
from onhand.api.queries import ReturnsQuery
from onhand.api.route import Route
from onhand.api.table_stock import BUSY, LINES, OPERATE, READ
from onhand.services.return_requests import NewReturn, Return

_NEW: Json = {
    "order_id": "SO-1001",
    "reason": "did not like the colour",
    "lines": [
        {"sku": "MUG-RED", "quantity": 1, "disposition": "restock"},
        {"sku": "MUG-RED", "quantity": 1, "disposition": "refuse", "reason": "used"},
    ],
}
_LINE: Json = {
    "line": 0,
    "reservation_id": RESERVATION_ID,
    "reservation_line": 0,
    "sku": "MUG-RED",
    "quantity": 1,
    "disposition": "restock",
    "shipped_from": "LEJ1",
    "warehouse": "LEJ1",
    "reason": None,
}
_RETURN: Json = {
    "return_id": RETURN_ID,
    "order_id": "SO-1001",
    "reason": "did not like the colour",
    "created_at": LATER,
    "created_by": "key:desk",
    "lines": [_LINE, {**_LINE, "line": 1, "disposition": "refuse", "warehouse": None, "reason": "used"}],
    "warnings": [],
}

RETURNS = [
    Route(
        method="POST",
        path="/v1/returns",
        handle=returns.create,
        summary="Take back what was shipped, or refuse to",
        tag="returns",
        scopes=OPERATE,
        status=201,
        body=NewReturn,
        answer=Return,
        example=_NEW,
        shown=_RETURN,
        problems=(
            "NOT_FOUND",
            "QUANTITY_EXCEEDS_FULFILLED",
            "WAREHOUSE_INACTIVE",
            "LEVEL_OVERFLOW",
            "CAPACITY_EXCEEDED",
            *LINES,
            *BUSY,
        ),
        idempotent=True,
        description="Never more than was fulfilled less what came back before. What is not refused is received, onto "
        "the shelf or beside it, where it was shipped from unless warehouse says otherwise. Refused units move no "
        "stock.",
    ),
    Route(
        method="GET",
        path="/v1/returns",
        handle=returns.find,
        summary="List returns, newest first",
        tag="returns",
        scopes=READ,
        query=ReturnsQuery,
        answer=list[Return],
        shown=page(_RETURN),
    ),
    Route(
        method="GET",
        path="/v1/returns/{return_id}",
        handle=returns.get,
        summary="Read a return",
        tag="returns",
        scopes=READ,
        answer=Return,
        shown=_RETURN,
        problems=("NOT_FOUND",),
    ),
]
