"""A request of a page as data, and the page routes that read it."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote

from onhand.api.answer import Answer, Headers
from onhand.api.refusal import Refusal
from onhand.services.context import Onhand

COOKIE = "onhand_session"
FORM_MAX_BYTES = 256 * 1024
FIELDS_MAX = 4_000  # a delivery of LINES_MAX lines has three fields for each
SECURITY: Headers = (
    (
        b"content-security-policy",
        (
            b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
            b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
HTML: Headers = ((b"content-type", b"text/html; charset=utf-8"), *SECURITY)


class User(NamedTuple):
    """Who is logged in. csrf proves that a form was ours: made from the session, readable by our pages only."""

    user_id: Any
    name: str
    scopes: frozenset[str]
    session: str

    @property
    def actor(self) -> str:
        """As the ledger names them."""
        return f"user:{self.name}"

    @property
    def csrf(self) -> str:
        return hashlib.sha256(f"csrf\0{self.session}".encode()).hexdigest()

    def may(self, *scopes: str) -> bool:
        return "admin" in self.scopes or not self.scopes.isdisjoint(scopes)


class Visit(NamedTuple):
    onhand: Onhand
    user: User | None
    path: dict[str, str]
    query: dict[str, str]
    form: dict[str, str]
    headers: Mapping[bytes, bytes]
    request_id: str

    @property
    def someone(self) -> User:
        """Whoever is logged in; the routes that need one have checked."""
        if self.user is None:
            raise Refusal("UNAUTHENTICATED", "Log in first.")
        return self.user


class PageRoute(NamedTuple):
    """scopes: any of them opens it; none = no login needed."""

    method: str
    path: str
    handle: Callable[[Visit], Awaitable[Answer]]
    scopes: tuple[str, ...] = ("read",)


def session_of(headers: Mapping[bytes, bytes]) -> str | None:
    try:
        cookies = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return None
    return cookies[COOKIE].value if COOKIE in cookies else None


def fields(text: str) -> dict[str, str]:
    return {name: value.strip() for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX)}


def must_be_ours(user: User | None, form: Mapping[str, str], headers: Mapping[bytes, bytes]) -> None:
    """A form comes from our own page. Raises Refusal: FORBIDDEN."""
    origin = headers.get(b"origin")
    if origin is not None and origin.partition(b"://")[2] != headers.get(b"host"):
        raise Refusal("FORBIDDEN", "This form came from another site.")
    if user is not None and not hmac.compare_digest(form.get("csrf", "").encode(), user.csrf.encode()):
        raise Refusal("FORBIDDEN", "This form is too old; open the page again.")


def redirect(to: str, *headers: tuple[bytes, bytes]) -> Answer:
    location = quote(to, safe="/?=&%#:-_.~")
    return Answer(303, b"", ((b"location", location.encode()), *SECURITY, *headers))


def cookie(visit: Visit, value: str, age_s: int) -> tuple[bytes, bytes]:
    """Secure where a proxy says that the browser came by HTTPS: who lies about that harms only their own cookie."""
    secure = "; Secure" if visit.headers.get(b"x-forwarded-proto", b"").strip().lower() == b"https" else ""
    return b"set-cookie", f"{COOKIE}={value}; Max-Age={age_s}; Path=/; HttpOnly; SameSite=Lax{secure}".encode()
