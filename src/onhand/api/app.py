"""The application: Litestar routes each request to its entry in the tables; the edge lies around it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from litestar import HttpMethod, Litestar, Request, Response
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from onhand.api import table
from onhand.api.answer import Answer
from onhand.api.edge import EXCHANGE, Edge, Exchange, send_answer, send_stream
from onhand.api.problems import Problem, answer_of, make
from onhand.api.route import Route
from onhand.api.serving import Desk

FRAMEWORK = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "BODY_TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE"}


ErrorPage = Callable[[Problem], Answer]


def make_app(desk: Desk, more: Sequence[HTTPRouteHandler] = (), error_page: ErrorPage | None = None) -> Edge:
    """The ASGI application on an open installation; whoever opened it closes it after the server has stopped.

    more: handlers that lie beside the API, such as the pages. error_page: for browsers that ask for what is nowhere.
    """
    app = Litestar(
        [*(_handler(desk, route) for route in table.ROUTES), *more],
        openapi_config=None,  # onhand.api.openapi makes it from the same tables
        exception_handlers={HTTPException: partial(_framework_problem, error_page)},
        logging_config=None,
        debug=False,
    )
    return Edge(app)


def _handler(desk: Desk, route: Route) -> HTTPRouteHandler:
    async def handle(request: Request[Any, Any, Any]) -> ASGIApp:
        exchange: Exchange = request.scope[EXCHANGE]  # type: ignore[literal-required]
        exchange.route = route.path
        return _sent(await desk.serve(route, request.scope, request.receive, exchange.request_id))

    return HTTPRouteHandler(
        route.path.replace("}", ":str}"),
        http_method=[HttpMethod(route.method)],
        status_code=200,  # never looked at: what is sent has its own
        name=name(route),
    )(handle)


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


def _sent(answer: Answer) -> ASGIApp:
    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        if answer.stream is not None:
            await send_stream(receive, send, answer, answer.stream)
        else:
            await send_answer(send, answer)

    return respond


def _framework_problem(
    error_page: ErrorPage | None, request: Request[Any, Any, Any], error: HTTPException
) -> Response[bytes]:
    """What Litestar refuses before a route is found: no such path, not that method, a bad Host."""
    exchange: Exchange = request.scope[EXCHANGE]  # type: ignore[literal-required]
    code = FRAMEWORK.get(error.status_code, "MALFORMED_REQUEST" if error.status_code < 500 else "INTERNAL")
    detail = {
        "NOT_FOUND": "There is nothing at this path.",
        "METHOD_NOT_ALLOWED": f"{request.method} is not a method of this path.",
    }.get(code, error.detail)
    problem = make(code, detail, exchange.request_id)
    browsing = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1/")
    answer = error_page(problem) if error_page is not None and browsing else answer_of(problem)
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(
        answer.body,
        status_code=answer.status,
        media_type=headers.pop("content-type"),
        headers=headers | dict(error.headers or {}),
    )
