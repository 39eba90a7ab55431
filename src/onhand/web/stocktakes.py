"""Cycle counts while selling: begun with a list of SKUs, counted one by one, approved and posted."""

import re

from onhand.api.answer import Answer
from onhand.api.refusal import Refusal
from onhand.domain.errors import DomainError
from onhand.services import counts, warehouses
from onhand.services.count_requests import Counted, NewCount
from onhand.web.forms import given, request
from onhand.web.rendering import page
from onhand.web.telling import told
from onhand.web.visit import PageRoute, Visit, redirect

PAGE_ROWS = 50
OPERATE = ("operate",)
SEPARATOR = re.compile(r"[\n,;\t]+")


async def _counts(visit: Visit) -> Answer:
    return await _listed(visit)


async def _listed(visit: Visit, *, status: int = 200, wrong: str = "") -> Answer:
    found = await counts.find(visit.onhand, limit=PAGE_ROWS, cursor=visit.query.get("cursor"))
    places = (await warehouses.find(visit.onhand, limit=1_000)).items
    return page(visit, "counts.html", status=status, found=found, warehouses=places, values=visit.form, wrong=wrong)


async def _begin(visit: Visit) -> Answer:
    skus = [sku.strip() for sku in SEPARATOR.split(visit.form.get("skus", "")) if sku.strip()]
    body = {**given(visit.form, "warehouse", "approval_limit"), "lines": [{"sku": sku} for sku in skus]}
    try:
        begun = await counts.create(visit.onhand, visit.someone.actor, request(NewCount, body))
    except (DomainError, Refusal) as error:
        problem = await told(visit.onhand, error, visit.request_id)
        return await _listed(visit, status=problem.status, wrong=problem.detail)
    return redirect(f"/counts/{begun.count_id}")


async def _count(visit: Visit) -> Answer:
    return await _shown(visit)


async def _shown(visit: Visit, *, status: int = 200, wrong: str = "", counted: str = "") -> Answer:
    session = await counts.get(visit.onhand, visit.path["count_id"])
    return page(visit, "count.html", status=status, session=session, wrong=wrong, counted=counted, values=visit.form)


async def _record(visit: Visit) -> Answer:
    """Again with the same figures changes nothing: a count is what lies there, not a change."""
    body = {"lines": [given(visit.form, "sku", "counted_quantity")]}
    try:
        await counts.record(visit.onhand, visit.path["count_id"], request(Counted, body))
    except (DomainError, Refusal) as error:
        problem = await told(visit.onhand, error, visit.request_id)
        return await _shown(visit, status=problem.status, wrong=problem.detail)
    return await _shown(visit, counted=visit.form.get("sku", ""))


async def _approve(visit: Visit) -> Answer:
    await counts.approve(visit.onhand, visit.someone.actor, visit.path["count_id"])
    return _back(visit)


async def _post(visit: Visit) -> Answer:
    try:
        await counts.post(visit.onhand, visit.someone.actor, visit.path["count_id"])
    except DomainError as error:
        problem = await told(visit.onhand, error, visit.request_id)
        return await _shown(visit, status=problem.status, wrong=problem.detail)
    return _back(visit)


async def _cancel(visit: Visit) -> Answer:
    await counts.cancel(visit.onhand, visit.path["count_id"])
    return _back(visit)


def _back(visit: Visit) -> Answer:
    return redirect(f"/counts/{visit.path['count_id']}")


ROUTES = [
    PageRoute("GET", "/counts", _counts),
    PageRoute("POST", "/counts", _begin, scopes=OPERATE),
    PageRoute("GET", "/counts/{count_id}", _count),
    PageRoute("POST", "/counts/{count_id}/record", _record, scopes=OPERATE),
    PageRoute("POST", "/counts/{count_id}/approve", _approve, scopes=("admin",)),
    PageRoute("POST", "/counts/{count_id}/post", _post, scopes=OPERATE),
    PageRoute("POST", "/counts/{count_id}/cancel", _cancel, scopes=OPERATE),
]
