"""Availability for product pages and the caches before them."""

from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b

import msgspec

from onhand.api.answer import JSON, Answer, Headers, ok
from onhand.api.decoding import decode
from onhand.api.edge import NOT_MODIFIED
from onhand.api.hot import soon
from onhand.api.queries import AvailabilityManyParameters, AvailabilityParameters
from onhand.api.refusal import invalid
from onhand.api.route import Call, Respond
from onhand.domain.errors import Unknown
from onhand.domain.limits import AVAILABILITY_SKUS_MAX, PROMISE_AHEAD_MAX_DAYS
from onhand.services import answers, availability, geo, wording
from onhand.services.names import NOTHING, Absent, either, parse_id
from onhand.services.requests import AvailabilityQuery, ShipTo

_SKUS = msgspec.json.Decoder(AvailabilityQuery)
_encoder = msgspec.json.Encoder()
# A browser asks again each time and is mostly told that nothing has changed; a CDN answers a stampede from one answer.
CACHED = (b"cache-control", b"public, max-age=0, s-maxage=1, must-revalidate")
VARY = (b"vary", b"accept-language")
DAWN = datetime.min.replace(tzinfo=UTC).timetz()
CLOCKS_DIFFER = timedelta(minutes=1)
STRONG = (b"cache-control", b"no-store")


class Availabilities(msgspec.Struct):
    items: list[answers.Availability]


def one(call: Call, respond: Respond, absent: Absent = NOTHING) -> None:
    """With an ETag of the numbers, whatever their age; 304 when the caller has them already."""
    del absent
    query: AvailabilityParameters = call.query
    sku = call.path["sku"]
    language = wording.language_of(call.accept_language)
    place = either(query.warehouse, query.warehouse_id, "warehouse")
    if query.consistency == "cached" and place is None and query.at is None and query.ship_to is None:
        held = availability.at_hand(call.onhand, sku, quantity=query.quantity, language=language)
        if held is not None:
            respond(_shown(call, held))
            return

    async def read() -> Answer:
        answer = await availability.get(
            call.onhand,
            sku,
            warehouse=place,
            quantity=query.quantity,
            consistency=query.consistency,
            at=moment(query.at, call.onhand.now()) if query.at is not None else None,
            ship_to=await geo.locate(call.onhand, ship_to(query.ship_to)) if query.ship_to is not None else None,
            language=language,
        )
        return _shown(call, answer)

    soon(read(), respond)


def _shown(call: Call, answer: answers.Availability) -> Answer:
    tag = etag(answer)
    headers: Headers = ((b"etag", tag), VARY, CACHED if call.query.consistency == "cached" else STRONG)
    if call.if_none_match and matches(call.if_none_match, tag):
        return Answer(NOT_MODIFIED, b"", headers)
    return Answer(200, _encoder.encode(answer), (*JSON, *headers))


def many(call: Call, respond: Respond, absent: Absent = NOTHING) -> None:
    """Those of up to 500 products, in the order asked."""
    del absent
    query: AvailabilityManyParameters = call.query
    request = decode(_SKUS, call.body)
    if request.product_ids:
        soon(_many_by_id(call, request), respond)
        return
    skus = _must_be_few(request.skus)
    held = availability.many_at_hand(call.onhand, skus) if query.consistency == "cached" else None
    if held is not None:
        respond(ok(Availabilities(held)))
        return

    async def read() -> Answer:
        return ok(Availabilities(await availability.many(call.onhand, skus, consistency=query.consistency)))

    soon(read(), respond)


async def _many_by_id(call: Call, request: AvailabilityQuery) -> Answer:
    """The SKUs first, then the ids."""
    ids = [parse_id(text, f"product_ids[{index}]") for index, text in enumerate(request.product_ids)]
    named = await call.onhand.directory.skus(set(ids))
    for index, product in enumerate(ids):
        if product not in named:
            raise Unknown("product", str(product), f"product_ids[{index}]")
    skus = _must_be_few([*request.skus, *(named[product] for product in ids)])
    return ok(Availabilities(await availability.many(call.onhand, skus, consistency=call.query.consistency)))


def _must_be_few(skus: list[str]) -> list[str]:
    """Raises Refusal."""
    if not 1 <= len(skus) <= AVAILABILITY_SKUS_MAX:
        raise invalid("skus", "INVALID_LENGTH", f"Give 1 to {AVAILABILITY_SKUS_MAX} products.")
    return skus


def etag(answer: answers.Availability) -> bytes:
    """Weak (RFC 9110, 8.8.1): as_of and age_ms differ between answers of one tag."""
    numbers = (answer.sku, answer.available, answer.status, answer.warehouses, answer.promise)
    return b'W/"' + blake2b(_encoder.encode(numbers), digest_size=9).hexdigest().encode() + b'"'


def matches(if_none_match: bytes, tag: bytes) -> bool:
    """Weak comparison (RFC 9110, 13.1.2)."""
    if if_none_match.strip() == b"*":
        return True
    bare = tag.removeprefix(b"W/")
    return any(given.strip().removeprefix(b"W/") == bare for given in if_none_match.split(b","))


def moment(at: str, now: datetime) -> datetime:
    """A day or a time that is still to come; without an offset it is UTC. Raises Refusal."""
    try:
        if len(at) == len("2026-03-04"):
            parsed = datetime.combine(date.fromisoformat(at), now.timetz() if at == str(now.date()) else DAWN)
        else:
            parsed = datetime.fromisoformat(at.replace(" ", "+"))
    except ValueError:
        raise invalid("at", "INVALID_VALUE", "This is no day and no time of RFC 3339.") from None
    parsed = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    if not now - CLOCKS_DIFFER <= parsed <= now + timedelta(days=PROMISE_AHEAD_MAX_DAYS):
        detail = f"From now on, up to {PROMISE_AHEAD_MAX_DAYS} days ahead."
        raise invalid("at", "OUT_OF_RANGE", detail)
    return max(parsed, now)


def ship_to(text: str) -> ShipTo:
    """latitude,longitude or country or country,postal code. Raises Refusal."""
    first, comma, second = (part.strip() for part in text.partition(","))
    try:
        place: dict[str, object] = {"latitude": float(first), "longitude": float(second)}
    except ValueError:
        place = {"country": first, "postal_code": second} if comma else {"country": first}
    try:
        return msgspec.convert(place, ShipTo)
    except msgspec.ValidationError:
        detail = "Give latitude,longitude in degrees, or a country (ISO 3166-1 alpha-2), or country,postal code."
        raise invalid("ship_to", "INVALID_VALUE", detail) from None
