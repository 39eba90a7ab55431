"""Transfers under way: received in parts, or turned back."""

from onhand.api.answer import Answer
from onhand.api.refusal import Refusal
from onhand.domain.errors import DomainError
from onhand.engine.engine import new_id
from onhand.services import transfers
from onhand.services.answers import Transfer
from onhand.services.requests import TransferPart
from onhand.web.forms import numbered, request, units
from onhand.web.rendering import page
from onhand.web.telling import told
from onhand.web.visit import PageRoute, Visit, redirect

PAGE_ROWS = 50
OPERATE = ("operate",)
STATUSES = ("in_transit", "partially_received", "received", "cancelled")


async def _transfers(visit: Visit) -> Answer:
    status = visit.query.get("status", "")
    found = await transfers.find(
        visit.onhand, status=status if status in STATUSES else None, limit=PAGE_ROWS, cursor=visit.query.get("cursor")
    )
    return page(visit, "transfers.html", found=found, statuses=STATUSES)


async def _transfer(visit: Visit) -> Answer:
    return await _shown(visit, {})


async def _shown(visit: Visit, values: dict[str, str], *, status: int = 200, wrong: str = "") -> Answer:
    transfer = await transfers.get(visit.onhand, visit.path["transfer_id"])
    return page(visit, "transfer.html", status=status, transfer=transfer, values=values, wrong=wrong, key=str(new_id()))


async def _receive(visit: Visit) -> Answer:
    """Done once however often it is sent: the form carries its Idempotency-Key."""
    transfer_id, key = visit.path["transfer_id"], visit.form.get("key") or None
    try:
        part = request(TransferPart, {"lines": _lines(await transfers.get(visit.onhand, transfer_id), visit.form)})
        await transfers.receive(visit.onhand, visit.someone.actor, transfer_id, part, key)
    except (DomainError, Refusal) as error:
        problem = await told(visit.onhand, error, visit.request_id)
        return await _shown(visit, visit.form, status=problem.status, wrong=problem.detail)
    return redirect(f"/transfers/{transfer_id}")


def _lines(transfer: Transfer, form: dict[str, str]) -> list[dict[str, object]]:
    """Raises Refusal when nothing came."""
    asked = dict(enumerate(transfer.lines))
    came = [(number, units(form, f"came-{number}")) for number, _ in numbered(form, "came")]
    lines: list[dict[str, object]] = [
        {"sku": asked[n].sku, "quantity": many} for n, many in came if many and n in asked
    ]
    if not lines:
        raise Refusal("VALIDATION_FAILED", "Say how many units came: every field is empty or 0.")
    return lines


async def _cancel(visit: Visit) -> Answer:
    transfer_id = visit.path["transfer_id"]
    await transfers.cancel(visit.onhand, visit.someone.actor, transfer_id, visit.form.get("key") or None)
    return redirect(f"/transfers/{transfer_id}")


ROUTES = [
    PageRoute("GET", "/transfers", _transfers),
    PageRoute("GET", "/transfers/{transfer_id}", _transfer),
    PageRoute("POST", "/transfers/{transfer_id}/receive", _receive, scopes=OPERATE),
    PageRoute("POST", "/transfers/{transfer_id}/cancel", _cancel, scopes=OPERATE),
]
