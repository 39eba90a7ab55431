"""Returns on the floor: what customers send back, against the order it was shipped for."""

from onhand.api.answer import Answer
from onhand.api.refusal import Refusal
from onhand.domain.errors import DomainError
from onhand.engine.engine import new_id
from onhand.services import returns
from onhand.services.return_requests import NewReturn, Return
from onhand.web.forms import given, request
from onhand.web.rendering import page
from onhand.web.telling import told
from onhand.web.visit import PageRoute, Visit

OPERATE = ("operate",)
KEPT = ("order_id", "disposition")  # from one scan to the next
DISPOSITIONS = {
    "restock": "Back on the shelf",
    "quality_control": "To be looked at",
    "damaged": "Damaged",
    "refuse": "Refused, goes back",
}


async def _form(visit: Visit) -> Answer:
    return _shown(visit, dict(visit.query))


def _shown(
    visit: Visit, values: dict[str, str], *, status: int = 200, wrong: str = "", done: Return | None = None
) -> Answer:
    kept = dict.fromkeys(("order_id", "sku", "quantity", "disposition", "reason"), "")
    return page(
        visit,
        "returns.html",
        status=status,
        values={**kept, **values},
        wrong=wrong,
        done=done,
        dispositions=DISPOSITIONS,
        key=str(new_id()),
    )


async def _post(visit: Visit) -> Answer:
    """Done once however often it is sent: the form carries its Idempotency-Key."""
    line = given(visit.form, "sku", "quantity", "disposition", "reason")
    try:
        asked = request(NewReturn, {**given(visit.form, "order_id"), "lines": [line]})
        done = await returns.create(visit.onhand, visit.someone.actor, asked, visit.form.get("key") or None)
    except (DomainError, Refusal) as error:
        problem = await told(visit.onhand, error, visit.request_id)
        return _shown(visit, visit.form, status=problem.status, wrong=problem.detail)
    return _shown(visit, {name: visit.form.get(name, "") for name in KEPT}, done=done.answer)


ROUTES = [
    PageRoute("GET", "/returns", _form, scopes=OPERATE),
    PageRoute("POST", "/returns", _post, scopes=OPERATE),
]
