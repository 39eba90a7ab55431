"""From a request of a browser to its page: session, scope, form, handler; and every error as a page with words."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import psycopg
from litestar import HttpMethod, Request
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from onhand.api import decoding, problems
from onhand.api.answer import Answer
from onhand.api.edge import EXCHANGE, Exchange, send_answer
from onhand.api.refusal import Refusal
from onhand.api.serving import headers_of
from onhand.services import users
from onhand.services.context import Onhand
from onhand.web import (
    books,
    catalog,
    floor,
    orders,
    overview,
    people,
    purchases,
    replenishment,
    returns,
    stock,
    stocktakes,
    suppliers,
    transfers,
)
from onhand.web.pulse import Pulse
from onhand.web.rendering import ASSETS, TYPES, page
from onhand.web.telling import told
from onhand.web.visit import FORM_MAX_BYTES, SECURITY, PageRoute, User, Visit, fields, must_be_ours, session_of

SENT_OUT_WITHIN_S = 5.0
FOREVER = b"public, max-age=31536000, immutable"


def handlers(onhand: Onhand, pulse: Pulse) -> list[HTTPRouteHandler]:
    """The routes of the pages, for the application that serves the API as well."""
    pages = (stock, orders, floor, returns, stocktakes, transfers, replenishment, purchases, suppliers, catalog, books)
    routes = [*overview.routes(pulse), *(route for each in (*pages, people) for route in each.ROUTES)]
    return [*(_handler(onhand, route) for route in routes), _assets(), _live(onhand, pulse)]


def _handler(onhand: Onhand, route: PageRoute) -> HTTPRouteHandler:
    async def answer(scope: Any, receive: Receive, exchange: Exchange) -> ASGIApp:  # noqa: ANN401
        answered = await _serve(onhand, route, scope, receive, exchange.request_id)

        async def respond(scope: Scope, receive: Receive, send: Send) -> None:
            del scope, receive
            await send_answer(send, answered)

        return respond

    return _route(route.method, route.path, answer)


def _route(method: str, path: str, answer: Callable[[Any, Receive, Exchange], Awaitable[ASGIApp]]) -> HTTPRouteHandler:
    async def handle(request: Request[Any, Any, Any]) -> ASGIApp:
        exchange: Exchange = request.scope[EXCHANGE]  # type: ignore[literal-required]
        exchange.route = path
        return await answer(request.scope, request.receive, exchange)

    litestar_path = path.replace("}", ":str}")
    return HTTPRouteHandler(litestar_path, http_method=[HttpMethod(method)], name=f"{method} {path}")(handle)


async def _serve(
    onhand: Onhand, route: PageRoute, scope: Mapping[str, Any], receive: Receive, request_id: str
) -> Answer:
    headers = headers_of(scope["headers"])
    visit = Visit(onhand, None, {}, {}, {}, headers, request_id)
    try:
        user = await _user(onhand, headers)
        query = fields(scope["query_string"].decode("latin-1"))
        visit = visit._replace(user=user, path=decoding.path(scope["path_params"]), query=query)
        if route.method == "POST":
            visit = visit._replace(form=await _form(headers, receive))
        if route.scopes and user is None:
            return people.login_page(visit, status=401)
        if route.method == "POST":
            must_be_ours(user, visit.form, headers)
        _must_hold(user, route)
        return await route.handle(visit)
    except Exception as error:  # noqa: BLE001  the one place where every error becomes a page
        problem = await told(onhand, error, request_id)
        return page(visit, "error.html", status=problem.status, problem=problem)


def _must_hold(user: User | None, route: PageRoute) -> None:
    if route.scopes and user is not None and not user.may(*route.scopes):
        raise Refusal("FORBIDDEN", f"Your account lacks the scope {' or '.join(route.scopes)}.")


async def _user(onhand: Onhand, headers: Mapping[bytes, bytes]) -> User | None:
    secret = session_of(headers)
    row = await users.of_session(onhand, secret) if secret else None
    return User(row.user_id, row.name, frozenset(row.scopes), secret) if row and secret else None


async def _form(headers: Mapping[bytes, bytes], receive: Receive) -> dict[str, str]:
    if headers.get(b"content-type", b"").partition(b";")[0].strip() != b"application/x-www-form-urlencoded":
        raise Refusal("UNSUPPORTED_MEDIA_TYPE", "Send the form as application/x-www-form-urlencoded.")
    body, more = b"", True
    while more:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal("MALFORMED_REQUEST", "The caller went away in the middle of the form.")
        body += message.get("body", b"")
        if len(body) > FORM_MAX_BYTES:
            raise Refusal("BODY_TOO_LARGE", f"A form has at most {FORM_MAX_BYTES:,} bytes.")
        more = message.get("more_body", False)
    try:
        return fields(body.decode())
    except ValueError:
        raise Refusal("MALFORMED_REQUEST", "The form is not UTF-8, or has too many fields.") from None


def _assets() -> HTTPRouteHandler:
    async def answer(scope: Any, receive: Receive, exchange: Exchange) -> ASGIApp:  # noqa: ANN401
        del receive
        name = scope["path_params"]["name"]

        async def respond(scope: Scope, receive: Receive, send: Send) -> None:
            del scope, receive
            if name not in ASSETS:
                await send_answer(send, problems.answer_of(_nothing(exchange.request_id)))
                return
            media_type = TYPES[name[name.rindex(".") :]].encode() + b"; charset=utf-8"
            headers = ((b"content-type", media_type), (b"cache-control", FOREVER), *SECURITY[1:3])
            await send_answer(send, Answer(200, ASSETS[name], headers))

        return respond

    return _route("GET", "/assets/{name}", answer)


def _nothing(request_id: str) -> problems.Problem:
    return problems.make("NOT_FOUND", "There is nothing at this path.", request_id)


def _live(onhand: Onhand, pulse: Pulse) -> HTTPRouteHandler:
    """Server-sent events: the numbers of the overview, each second."""

    async def answer(scope: Any, receive: Receive, exchange: Exchange) -> ASGIApp:  # noqa: ANN401
        del receive
        visitor = headers_of(scope["headers"])
        welcome = await _welcome(onhand, visitor)

        async def respond(scope: Scope, receive: Receive, send: Send) -> None:
            del scope
            if not welcome:
                detail = "Log in first."
                await send_answer(send, problems.answer_of(problems.make("FORBIDDEN", detail, exchange.request_id)))
                return
            headers = [(b"content-type", b"text/event-stream"), *SECURITY]
            start: Any = {"type": "http.response.start", "status": 200, "headers": headers}
            await send(start)
            writing = asyncio.create_task(_write(pulse, send))
            leaving = asyncio.create_task(_gone(receive))
            sent_out = asyncio.create_task(_sent_out(onhand, visitor))
            _, pending = await asyncio.wait({writing, leaving, sent_out}, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
            end: Any = {"type": "http.response.body", "body": b""}
            await send(end)

        return respond

    return _route("GET", "/live", answer)


async def _write(pulse: Pulse, send: Send) -> None:
    stream = pulse.stream()
    try:
        async for told in stream:
            body = b"data: " + msgspec.json.encode(told) + b"\n\n"
            part: Any = {"type": "http.response.body", "body": body, "more_body": True}
            await send(part)
    finally:
        await stream.aclose()  # type: ignore[attr-defined]  # an async generator


async def _welcome(onhand: Onhand, headers: Mapping[bytes, bytes]) -> bool:
    user = await _user(onhand, headers)
    return user is not None and user.may("read")


async def _sent_out(onhand: Onhand, headers: Mapping[bytes, bytes]) -> None:
    """Until the session has ended, or its user is disabled: an open page is no way to stay."""
    while True:
        await asyncio.sleep(SENT_OUT_WITHIN_S)
        with contextlib.suppress(psycopg.Error):
            if not await _welcome(onhand, headers):
                return


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
