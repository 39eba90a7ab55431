"""The routes that say from where an order would ship, and when those ship that wait."""

import msgspec

from onhand.api import examples_routing as examples
from onhand.api.answer import Answer, ok
from onhand.api.decoding import decode
from onhand.api.examples import page
from onhand.api.once import once
from onhand.api.queries import PromisesQuery
from onhand.api.route import Call, Route
from onhand.services import answers, routing, routing_rules, told
from onhand.services.requests import NewQuote, RoutingRules

READ = frozenset({"read"})
ADMIN = frozenset({"admin"})

_QUOTE = msgspec.json.Decoder(NewQuote)
_RULES = msgspec.json.Decoder(RoutingRules)


async def _quote(call: Call) -> Answer:
    return ok(await routing.quote(call.onhand, decode(_QUOTE, call.body)))


async def _promises(call: Call) -> Answer:
    query: PromisesQuery = call.query
    found = await told.find(
        call.onhand,
        at_risk=query.at_risk,
        sku=query.sku,
        warehouse=query.warehouse,
        limit=query.limit,
        cursor=query.cursor,
    )
    return ok(found)


async def _get_rules(call: Call) -> Answer:
    return ok(await routing_rules.get(call.onhand))


async def _put_rules(call: Call) -> Answer:
    request = decode(_RULES, call.body)

    async def do() -> Answer:
        return ok(await routing_rules.put(call.onhand, call.actor, request))

    return await once(call.onhand, call.actor, call.key, "put_routing_rules", request, do)


PROMISES = [
    Route(
        method="GET",
        path="/v1/promises",
        handle=_promises,
        summary="Who waits, for what, until when, and whether that is what was told",
        tag="reservations",
        scopes=READ,
        query=PromisesQuery,
        answer=list[answers.ToldPromise],
        shown=page(examples.TOLD_PROMISE),
        problems=("NOT_FOUND",),
        description="Written down within two seconds of the reservation, and compared as often with what is true now: "
        "a day that moves is told by an event of type promise.moved, with what moved it. The oldest reservation first.",
    ),
]
ROUTING = [
    Route(
        method="GET",
        path="/v1/routing/rules",
        handle=_get_rules,
        summary="Read by which rules orders are routed",
        tag="routing",
        scopes=READ,
        answer=routing_rules.Setting,
        shown=examples.ROUTING_SETTING,
    ),
    Route(
        method="PUT",
        path="/v1/routing/rules",
        handle=_put_rules,
        summary="Order and switch the rules of routing",
        tag="routing",
        scopes=ADMIN,
        body=RoutingRules,
        answer=routing_rules.Setting,
        example=examples.ROUTING_RULES,
        shown=examples.ROUTING_SETTING,
        idempotent=True,
        description="The first rule that tells two plans apart decides; rules that are not named are off. In force at "
        "once in the process that answers, in all others within a second.",
    ),
    Route(
        method="POST",
        path="/v1/routing/quote",
        handle=_quote,
        summary="Say from where an order would ship, and why",
        tag="routing",
        scopes=READ,
        body=NewQuote,
        answer=routing.Quote,
        example=examples.NEW_QUOTE,
        shown=examples.QUOTE,
        problems=(
            "INSUFFICIENT_STOCK",
            "NO_ACTIVE_WAREHOUSE",
            "WAREHOUSE_INACTIVE",
            "LEVEL_OVERFLOW",
            "UNKNOWN_SKU",
            "UNKNOWN_PRODUCT",
            "UNKNOWN_WAREHOUSE",
        ),
        description="Reserves nothing. The route names the candidates, the preferred first, their distances, how "
        "precisely the ship-to is known, and the rule that decided.",
    ),
]
