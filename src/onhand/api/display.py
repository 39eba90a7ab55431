"""Availability for product pages and the caches before them."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from onhand.api.answer import JSON, Answer, Headers
from onhand.api.decoding import decode
from onhand.api.edge import NOT_MODIFIED
from onhand.api.hot import soon
from onhand.api.queries import AvailabilityManyParameters, AvailabilityParameters
from onhand.api.refusal import invalid
from onhand.api.route import Call, Respond
from onhand.cache.entry import Stock
from onhand.domain.errors import Unknown
from onhand.domain.ids import Id
from onhand.domain.limits import AVAILABILITY_SKUS_MAX, PROMISE_AHEAD_MAX_DAYS
from onhand.domain.routing import Warehouse
from onhand.engine.directory import NotAtHandError
from onhand.services import answers, availability, geo, showing, wording
from onhand.services.availability import SHOWN_AT_ONCE, Moment, moment_of
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


class _Ready(NamedTuple):
    """An answer for the wire, but for its age. body: up to as_of."""

    body: bytes
    tag: bytes
    headers: Headers  # without the content type

    def aged(self, call: Call, stock: Stock, moment: Moment) -> Answer:
        if call.if_none_match and matches(call.if_none_match, self.tag):
            return Answer(NOT_MODIFIED, b"", self.headers)
        return Answer(200, self.body + _tail(moment, stock.seen_s), JSON + self.headers)


def _ready(told: answers.Numbers) -> _Ready:
    body = _encoder.encode(told)
    tag = _tag(body)
    return _Ready(body[:-1], tag, ((b"etag", tag), VARY, CACHED))


def _tail(moment: Moment, seen_s: float) -> bytes:
    """The end of the JSON of an answer as old as that."""
    age_s = max(0.0, moment.now_s - seen_s)
    as_of = _encoder.encode(moment.now - timedelta(seconds=age_s))
    return b',"as_of":%b,"age_ms":%d}' % (as_of, round(age_s * 1000))


def one(call: Call, respond: Respond, absent: Absent = NOTHING) -> None:
    """With an ETag of the numbers, whatever their age; 304 when the caller has them already."""
    del absent
    query: AvailabilityParameters = call.query
    sku = call.path["sku"]
    place = either(query.warehouse, query.warehouse_id, "warehouse")
    if query.consistency != "cached" or place or query.at is not None or query.ship_to is not None:
        soon(_read(call), respond)
        return
    stock = call.onhand.display.at_hand(sku)
    if stock is not None:
        _show(call, stock, respond)
        return

    def looked(found: Stock | None, error: Exception | None) -> None:
        if error is not None:
            respond(error)
        elif found is None:
            soon(_read(call), respond)
        else:
            _show(call, found, respond)

    call.onhand.display.look(sku, looked)


def _show(call: Call, stock: Stock, respond: Respond) -> None:
    moment = moment_of(call.onhand)
    language = wording.language_of(call.accept_language)
    try:
        told = showing.one(call.onhand, stock, moment, call.query.quantity, language, _ready).aged(call, stock, moment)
    except NotAtHandError:
        soon(_read_what_it_takes(call, language), respond)
        return
    except Exception as error:  # noqa: BLE001  every error is an answer
        respond(error)
        return
    respond(told)


async def _read_what_it_takes(call: Call, language: str) -> Answer:
    found = await showing.read(call.onhand, call.path["sku"], call.query.quantity, language, _ready)
    if found is None:
        return await _read(call)
    ready, stock, moment = found
    return ready.aged(call, stock, moment)


async def _read(call: Call) -> Answer:
    query: AvailabilityParameters = call.query
    answer = await availability.get(
        call.onhand,
        call.path["sku"],
        warehouse=either(query.warehouse, query.warehouse_id, "warehouse"),
        quantity=query.quantity,
        consistency=query.consistency,
        at=moment(query.at, call.onhand.now()) if query.at is not None else None,
        ship_to=await geo.locate(call.onhand, ship_to(query.ship_to)) if query.ship_to is not None else None,
        language=wording.language_of(call.accept_language),
    )
    tag = etag(answer)
    headers: Headers = ((b"etag", tag), VARY, CACHED if query.consistency == "cached" else STRONG)
    if call.if_none_match and matches(call.if_none_match, tag):
        return Answer(NOT_MODIFIED, b"", headers)
    return Answer(200, _encoder.encode(answer), JSON + headers)


def many(call: Call, respond: Respond, absent: Absent = NOTHING) -> None:
    """Those of up to 500 products, in the order asked."""
    del absent
    query: AvailabilityManyParameters = call.query
    request = decode(_SKUS, call.body)
    if request.product_ids:
        soon(_many_by_id(call, request), respond)
        return
    skus = _must_be_few(request.skus)
    if query.consistency == "cached" and len(skus) <= SHOWN_AT_ONCE:
        warehouses = call.onhand.directory.warehouses_at_hand
        found = None if warehouses is None else call.onhand.display.many_at_hand(skus)
        if found is not None and warehouses is not None:
            respond(_items([_shown(call, [found[sku] for sku in skus], warehouses)]))
            return

    soon(_read_many(call, skus), respond)


async def _read_many(call: Call, skus: list[str]) -> Answer:
    stocks = await availability.stocks(call.onhand, skus, consistency=call.query.consistency)
    warehouses = await call.onhand.directory.warehouses()
    parts = []
    for first in range(0, len(stocks), SHOWN_AT_ONCE):
        if first:
            await asyncio.sleep(0)  # Orders and short reads need not wait for a long one.
        parts.append(_shown(call, stocks[first : first + SHOWN_AT_ONCE], warehouses))
    return _items(parts)


async def _many_by_id(call: Call, request: AvailabilityQuery) -> Answer:
    """The SKUs first, then the ids."""
    ids = [parse_id(text, f"product_ids[{index}]") for index, text in enumerate(request.product_ids)]
    named = await call.onhand.directory.skus(set(ids))
    for index, product in enumerate(ids):
        if product not in named:
            raise Unknown("product", str(product), f"product_ids[{index}]")
    skus = _must_be_few([*request.skus, *(named[product] for product in ids)])
    return await _read_many(call, skus)


def _must_be_few(skus: list[str]) -> list[str]:
    """Raises Refusal."""
    if not 1 <= len(skus) <= AVAILABILITY_SKUS_MAX:
        raise invalid("skus", "INVALID_LENGTH", f"Give 1 to {AVAILABILITY_SKUS_MAX} products.")
    return skus


def _shown(call: Call, stocks: Sequence[Stock], warehouses: Mapping[Id, Warehouse]) -> bytes:
    """Their answers, with commas between them."""
    moment = moment_of(call.onhand)
    tails: dict[float, bytes] = {}
    told = []
    for body, stock in zip(showing.many(stocks, warehouses, moment, _body), stocks, strict=True):
        tail = tails.get(stock.seen_s)
        if tail is None:
            tail = tails[stock.seen_s] = _tail(moment, stock.seen_s)
        told.append(body + tail)
    return b",".join(told)


def _body(told: answers.Numbers) -> bytes:
    return _encoder.encode(told)[:-1]


def _items(parts: Sequence[bytes]) -> Answer:
    return Answer(200, b'{"items":[' + b",".join(parts) + b"]}")


def etag(answer: answers.Availability) -> bytes:
    """Weak (RFC 9110, 8.8.1): as_of and age_ms differ between answers of one tag."""
    numbers = answers.Numbers(answer.sku, answer.available, answer.status, answer.warehouses, answer.promise)
    return _tag(_encoder.encode(numbers))


def _tag(numbers: bytes) -> bytes:
    return b'W/"' + blake2b(numbers, digest_size=9).hexdigest().encode() + b'"'


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
