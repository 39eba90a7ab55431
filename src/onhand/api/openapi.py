"""The OpenAPI 3.1 document, made from the tables: what is served and what is described cannot differ."""

from importlib.metadata import version
from typing import Any

import msgspec

from onhand.api import examples, examples_supply, examples_webhook, messages
from onhand.api.codes import CODES
from onhand.api.problems import Problem
from onhand.api.route import Route

Json = dict[str, Any]
NO_CONTENT = 204
REF = "#/components/schemas/{name}"
OF_ANY_KEYED = ("UNAUTHENTICATED", "FORBIDDEN")
OF_ANY_BODY = ("MALFORMED_JSON", "BODY_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE")
OF_ANY_DATABASE = ("DATABASE_UNAVAILABLE", "INTERNAL")

DESCRIPTION = """\
The truth about stock: how many units of each SKU lie in each warehouse, how many are promised to orders, and what can \
be promised next.

JSON, times in UTC (RFC 3339), ids are UUIDv7. A product is named by sku or product_id, a warehouse by its code or \
warehouse_id. Send an Idempotency-Key with every write: the same key and body give the first outcome again, never a \
second effect. Errors are RFC 9457 problems with a stable code. Unknown fields and parameters are refused."""


def document(routes: list[Route]) -> Json:
    """The whole document; the examples are those of the tables."""
    schemas = _Schemas(routes)
    paths: Json = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "onhand",
            "version": version("onhand"),
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "webhooks": messages.described(),
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key."}},
        },
    }


class _Schemas:
    """The schema of every type that the routes name."""

    def __init__(self, routes: list[Route]) -> None:
        types = [Problem, *(t for route in routes for t in (route.body, route.answer) if t is not None)]
        found, self.components = msgspec.json.schema_components(types, ref_template=REF)
        self._of: dict[str, Json] = dict(zip(map(str, types), found, strict=True))

    def of(self, type_: Any) -> Json:  # noqa: ANN401  a type, or a list of one
        schema = self._of[str(type_)]
        if schema.get("type") != "array":
            return schema
        return {
            "type": "object",
            "required": ["items", "next_cursor"],
            "properties": {"items": schema, "next_cursor": {"type": ["string", "null"]}},
        }


def operation_id(route: Route) -> str:
    """get_v1_products_sku"""
    path = route.path.strip("/").replace("{", "").replace("}", "").replace("/", "_")
    return f"{route.method.lower()}_{path}"


def _operation(route: Route, schemas: _Schemas) -> Json:
    operation: Json = {
        "operationId": operation_id(route),
        "summary": route.summary,
        "tags": [route.tag],
        "responses": _responses(route, schemas),
    }
    described = [route.description] if route.description else []
    if route.scopes:
        described.append(f"Scope: {' or '.join(sorted(route.scopes))}.")
        operation["security"] = [{"key": []}]
    if described:
        operation["description"] = " ".join(described)
    if parameters := _parameters(route):
        operation["parameters"] = parameters
    if route.body is not None:
        content = {"schema": schemas.of(route.body), "example": route.example}
        operation["requestBody"] = {"required": not route.optional_body, "content": {"application/json": content}}
    return operation


def _parameters(route: Route) -> list[Json]:
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "example": _example(name)}
        for name in route.parameters
    ]
    query = msgspec.json.schema(route.query)["$defs"][route.query.__name__]["properties"]
    found += [
        {"name": name, "in": "query", "required": False, "schema": _without_null(schema)}
        for name, schema in query.items()
    ]
    if route.idempotent:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Same key and body: the first outcome again, with Idempotency-Replayed: true.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
                "example": "SO-1001",
            }
        )
    return found


def _example(name: str) -> str:
    return {
        "sku": "MUG-RED",
        "warehouse": "LEJ1",
        "reservation_id": examples.RESERVATION_ID,
        "transfer_id": examples.TRANSFER_ID,
        "return_id": examples.RETURN_ID,
        "supplier": "KILN",
        "count_id": examples_supply.COUNT_ID,
        "purchase_order_id": examples_supply.PURCHASE_ORDER_ID,
        "webhook_id": examples_webhook.WEBHOOK_ID,
    }[name]


def _without_null(schema: Json) -> Json:
    """A parameter that is not given is null in the struct, and cannot be null in a URL."""
    schema = {name: value for name, value in schema.items() if name != "default" or value is not None}
    choices = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        return {**{name: value for name, value in schema.items() if name != "anyOf"}, **choices[0]}
    if "enum" in schema:
        return {**schema, "enum": [value for value in schema["enum"] if value is not None]}
    return schema


def _responses(route: Route, schemas: _Schemas) -> Json:
    schema = schemas.of(route.answer) if route.answer is not None else {}
    if route.path == "/v1/events":
        schema = messages.PAGE
    content: Json = {"schema": schema}
    if route.shown is not None:
        content["example"] = route.shown
    responses: Json = {str(route.status): {"description": "Done.", "content": {route.media_type: content}}}
    if route.status == NO_CONTENT:
        del responses[str(route.status)]["content"]
    if route.idempotent:
        responses[str(route.status)]["headers"] = {
            "Idempotency-Replayed": {"description": "true: the first outcome again.", "schema": {"const": "true"}}
        }
    by_status: dict[int, list[str]] = {}
    for code in codes_of(route):
        by_status.setdefault(CODES[code].status, []).append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = {
            "description": " · ".join(codes),
            "content": {
                "application/problem+json": {
                    "schema": schemas.of(Problem),
                    "examples": {code: {"value": _problem(code)} for code in codes},
                }
            },
        }
    return responses


def codes_of(route: Route) -> list[str]:
    """Every code that this route can answer with."""
    codes = list(route.problems)
    if route.scopes:
        codes += OF_ANY_KEYED
    if route.body is not None:
        codes += OF_ANY_BODY
    codes += ["VALIDATION_FAILED"]  # at least for a query parameter that it does not know
    codes += OF_ANY_DATABASE if route.scopes or route.path == "/health/ready" else ("INTERNAL",)
    return sorted(set(codes), key=lambda code: (CODES[code].status, code))


def _problem(code: str) -> Json:
    if code == "INSUFFICIENT_STOCK":
        return examples.SOLD_OUT
    known = CODES[code]
    return {
        "type": f"/problems/{code}",
        "title": known.title,
        "status": known.status,
        "detail": known.when,
        "code": code,
        "instance": examples.REQUEST_ID,
    }
