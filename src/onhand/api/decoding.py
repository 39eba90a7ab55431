"""From bytes to requests. Everything wrong becomes a Refusal that says where."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec

from onhand.api.refusal import Refusal, invalid
from onhand.api.route import NoQuery

Request = TypeVar("Request")

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
WHERE = re.compile(r" - at `(?:key in )?\$(?P<path>.*)`$", re.DOTALL)
FIELD = re.compile(r"^Object (?:missing required|contains unknown) field `(?P<name>.*)`$", re.DOTALL)
# What msgspec says, by a part of it: the code, and our own words where its are not for callers.
TELLING = (
    ("Object missing", "MISSING_FIELD", "This field is needed."),
    ("Object contains unknown", "UNKNOWN_FIELD", "There is no such field here."),
    ("regex '^[0-9a-fA-F]{8}", "INVALID_UUID", "This is not a UUID."),
    ("regex '^[^", "INVALID_CHARACTERS", "Control characters are not allowed here."),
    (" matching regex ", "INVALID_VALUE", "This is not in the form that this field has."),
)
SPEAKING = (
    (" of length ", "INVALID_LENGTH"),
    (", got `", "INVALID_TYPE"),
    (r"out of range|^Expected `\w+` [<>]", "OUT_OF_RANGE"),
)
_NO_QUERY = NoQuery()
DETAIL_MAX_CHARS = 300  # of what is repeated from the request


def decode(decoder: msgspec.json.Decoder[Request], body: bytes) -> Request:
    """Raise Refusal: MALFORMED_JSON, or VALIDATION_FAILED with the path of the field."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        _must_be_json(body)  # What is cut off or too deep is malformed, whichever field the decoder stumbled over.
        raise _refusal(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(body, error) from None


def _must_be_json(body: bytes) -> None:
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if "out of range" not in str(error):  # 1e999 is JSON, and not a number we can hold.
            raise _malformed(body, error) from None


def _malformed(body: bytes, error: Exception) -> Refusal:
    if not body:
        return Refusal("MALFORMED_JSON", "A JSON body is needed, and there is none.")
    if isinstance(error, RecursionError):
        return Refusal("MALFORMED_JSON", "The JSON is nested too deeply.")
    if isinstance(error, UnicodeDecodeError):
        return Refusal("MALFORMED_JSON", "The body is not UTF-8.")
    return Refusal("MALFORMED_JSON", f"{str(error).rstrip('.')}.")


def _refusal(error: msgspec.ValidationError, root: str = "$") -> Refusal:
    text = str(error)
    path = ""
    if where := WHERE.search(text):
        path, text = where["path"].removeprefix("."), text[: where.start()]
    if missing := FIELD.match(text):
        path = f"{path}.{missing['name']}" if path else missing["name"]
    code, detail = _judge(text)
    return invalid(path[:DETAIL_MAX_CHARS] or root, code, detail)


def _judge(text: str) -> tuple[str, str]:
    """The code and the sentence for what msgspec says."""
    for mark, code, sentence in TELLING:
        if mark in text:
            return code, sentence
    sentence = f"{text[:DETAIL_MAX_CHARS].strip().replace('`', '')}."
    for mark, code in SPEAKING:
        if re.search(mark, text):
            return code, sentence
    return "INVALID_VALUE", sentence


def query(raw: bytes, shape: type[Request]) -> Request:
    """The query string as a struct. Raise Refusal for an unknown, repeated or bad parameter."""
    if not raw and shape is NoQuery:
        return _NO_QUERY  # type: ignore[return-value]
    given: dict[str, str] = {}
    for name, value in _parameters(raw):
        if name in given:
            raise invalid(name, "INVALID_VALUE", "This parameter is given more than once.")
        given[name] = value
    try:
        return msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as error:
        raise _refusal(error, "query") from None


def _parameters(raw: bytes) -> Iterator[tuple[str, str]]:
    for part in raw.split(b"&"):
        if part:
            name, _, value = part.replace(b"+", b" ").partition(b"=")
            decoded = text(name.decode("latin-1"), "query")
            yield decoded, text(value.decode("latin-1"), decoded)


def path(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Percent-decode the path's parameters, so that a SKU may hold any character but controls."""
    return {name: text(value, name) for name, value in parameters.items()}


def text(escaped: str, where: str) -> str:
    """Percent-decode. Raise Refusal for control characters and for what is not UTF-8."""
    try:
        plain = unquote_to_bytes(escaped.encode("latin-1")).decode()
    except UnicodeError:
        raise invalid(where, "INVALID_CHARACTERS", "This is not UTF-8.") from None
    if CONTROL.search(plain):
        raise invalid(where, "INVALID_CHARACTERS", "Control characters are not allowed here.")
    return plain
