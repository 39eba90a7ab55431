"""Availability for product pages and the caches before them."""

from hashlib import blake2b

import msgspec

from onhand.api.answer import JSON, Answer, Headers, ok
from onhand.api.decoding import decode
from onhand.api.queries import AvailabilityManyParameters, AvailabilityParameters
from onhand.api.route import Call
from onhand.services import answers, availability
from onhand.services.requests import AvailabilityQuery

_SKUS = msgspec.json.Decoder(AvailabilityQuery)
_encoder = msgspec.json.Encoder()
# A browser asks again each time and is mostly told that nothing has changed; a CDN answers a stampede from one answer.
CACHED = (b"cache-control", b"public, max-age=0, s-maxage=1, must-revalidate")
STRONG = (b"cache-control", b"no-store")


class Availabilities(msgspec.Struct):
    items: list[answers.Availability]


async def one(call: Call) -> Answer:
    """With an ETag of the numbers, whatever their age; 304 when the caller has them already."""
    query: AvailabilityParameters = call.query
    answer = await availability.get(
        call.onhand,
        call.path["sku"],
        warehouse=query.warehouse,
        quantity=query.quantity,
        consistency=query.consistency,
    )
    tag = etag(answer)
    headers: Headers = ((b"etag", tag), CACHED if query.consistency == "cached" else STRONG)
    if call.if_none_match and matches(call.if_none_match, tag):
        return Answer(304, b"", headers)
    return Answer(200, _encoder.encode(answer), (*JSON, *headers))


async def many(call: Call) -> Answer:
    query: AvailabilityManyParameters = call.query
    skus = decode(_SKUS, call.body).skus
    return ok(Availabilities(await availability.many(call.onhand, skus, consistency=query.consistency)))


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
