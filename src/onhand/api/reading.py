"""The ledger, the feed of events, explanations, and proofs of the laws."""

import msgspec

from onhand.api.answer import Answer, ok
from onhand.api.decoding import decode
from onhand.api.once import once
from onhand.api.queries import EventsQuery, LedgerQuery
from onhand.api.refusal import Refusal
from onhand.api.route import Call
from onhand.services import explain, feed, ledger, reconcile
from onhand.services.requests import Body


class Reconcile(Body):
    """repair: mend what is found by ledger entries."""

    repair: bool = False


_RECONCILE = msgspec.json.Decoder(Reconcile)


async def find_ledger(call: Call) -> Answer:
    query: LedgerQuery = call.query
    return ok(await ledger.find(call.onhand, query, query.limit, query.cursor))


async def find_events(call: Call) -> Answer:
    query: EventsQuery = call.query
    return ok(await feed.find(call.onhand, query.after or query.cursor, query.limit))


async def explain_product(call: Call) -> Answer:
    return ok(await explain.explain(call.onhand, call.path["sku"]))


async def last_reconciliation(call: Call) -> Answer:
    report = await reconcile.last(call.onhand)
    if report is None:
        raise Refusal("NOT_FOUND", "No reconciliation has run yet; POST /v1/reconciliation runs one.")
    return ok(report)


async def run_reconciliation(call: Call) -> Answer:
    request = decode(_RECONCILE, call.body)

    async def do() -> Answer:
        return ok(await reconcile.run(call.onhand, repair=request.repair))

    return await once(call.onhand, call.actor, call.key, "reconcile", request, do)
