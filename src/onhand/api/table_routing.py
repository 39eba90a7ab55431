"""The routes that say from where an order would ship."""

import msgspec

from onhand.api import examples
from onhand.api.answer import Answer, ok
from onhand.api.decoding import decode
from onhand.api.route import Call, Route
from onhand.services import routing
from onhand.services.requests import NewQuote

READ = frozenset({"read"})

_QUOTE = msgspec.json.Decoder(NewQuote)


async def _quote(call: Call) -> Answer:
    return ok(await routing.quote(call.onhand, decode(_QUOTE, call.body)))


ROUTING = [
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
