"""The tables, the OpenAPI document and docs/errors.md say the same."""

import asyncio
import inspect
import json
import re
from pathlib import Path

import msgspec
import pytest

from onhand.api import openapi
from onhand.api.codes import CODES, FIELD_CODES
from onhand.api.problems import TABLE
from onhand.api.table import DOCUMENTED, ROUTES
from onhand.domain import errors
from onhand.services.feed import TYPES

ROOT = Path(__file__).parents[2]
DOMAIN_ERRORS = [
    error
    for error in vars(errors).values()
    if inspect.isclass(error) and issubclass(error, errors.DomainError) and error is not errors.DomainError
]


@pytest.mark.parametrize("error", DOMAIN_ERRORS)
def test_every_domain_error_has_its_problem_and_its_line(error):
    assert error in TABLE
    assert error.code in CODES
    assert f"| `{error.code}` |" in (ROOT / "docs/errors.md").read_text()


def test_errors_md_has_every_code_and_no_other():
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
    told = {code: f"{known.status} | {known.when} | {known.remedy}" for code, known in CODES.items()} | FIELD_CODES
    assert dict(rows) == told


@pytest.fixture(scope="module")
def document() -> dict:
    return json.loads(msgspec.json.encode(openapi.document(DOCUMENTED)))


def test_the_document_that_is_served_is_this_one(client, document):
    answer = client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == document


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_document_is_openapi_3_1(document):
    assert document["openapi"] == "3.1.0"
    assert {"title", "version"} <= set(document["info"])
    operations = [op for item in document["paths"].values() for op in item.values()]
    assert len({op["operationId"] for op in operations}) == len(operations)
    for path, item in document["paths"].items():
        assert path.startswith("/")
        for method, operation in item.items():
            assert method in {"get", "post", "put", "patch", "delete"}
            assert operation["responses"]
            assert all(re.fullmatch(r"[2-5]\d\d", status) for status in operation["responses"])
            assert all(response["description"] for response in operation["responses"].values())
            parameters = operation.get("parameters", [])
            assert {p["name"] for p in parameters if p["in"] == "path"} == set(re.findall(r"\{(\w+)\}", path))
            assert all(p["required"] for p in parameters if p["in"] == "path")
            assert len({(p["in"], p["name"]) for p in parameters}) == len(parameters)
            assert all("schema" in p for p in parameters)
            for scheme in operation.get("security", []):
                assert set(scheme) <= set(document["components"]["securitySchemes"])
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]


def test_every_route_is_documented_with_examples():
    for route in DOCUMENTED:
        assert route.summary
        assert route.shown is not None or route.media_type in ("text/plain", "text/html") or route.status == 204, route
        assert (route.example is not None) == (route.body is not None), route.path


def matches(value, schema, schemas) -> bool:  # noqa: PLR0911
    """Enough of JSON Schema for our own examples."""
    if "$ref" in schema:
        return matches(value, schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "anyOf" in schema:
        return any(matches(value, choice, schemas) for choice in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    kind = schema.get("type")
    if isinstance(kind, list):
        return any(matches(value, {"type": each}, schemas) for each in kind)
    if kind == "object":
        properties = schema.get("properties", {})
        more = schema.get("additionalProperties", True)
        return (
            isinstance(value, dict)
            and set(schema.get("required", [])) <= set(value)
            and (more is not False or set(value) <= set(properties))
            and all(matches(each, properties.get(name, {}), schemas) for name, each in value.items())
        )
    if kind == "array":
        return isinstance(value, list) and all(matches(each, schema.get("items", {}), schemas) for each in value)
    types = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)}
    return kind is None or isinstance(value, types[kind])


def test_examples_fit_their_schemas(document):
    schemas = document["components"]["schemas"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            contents = [response.get("content", {}) for response in operation["responses"].values()]
            contents += [operation["requestBody"]["content"]] if "requestBody" in operation else []
            for content in contents:
                for shape in content.values():
                    for example in [shape["example"]] if "example" in shape else []:
                        assert matches(example, shape["schema"], schemas), (method, path, example)
                    for example in shape.get("examples", {}).values():
                        assert matches(example["value"], shape["schema"], schemas), (method, path, example)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_answers_as_documented(client, document, route):
    """With the example as it stands: whatever the answer is, the document knows its status."""
    path = route.path.replace("{code}", "INTERNAL")
    known = document["paths"].get(route.path, {}).get(route.method.lower(), {"responses": {"200": {}}})
    for parameter in known.get("parameters", []):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
    answer = (
        client.request(route.method, path, json=route.example) if route.body else client.request(route.method, path)
    )
    assert str(answer.status_code) in known["responses"], answer.text
    if answer.status_code >= 400:
        assert answer.json()["code"] in openapi.codes_of(route)


@pytest.mark.parametrize("path", ["/", "/docs", "/problems/INSUFFICIENT_STOCK"])
def test_pages_are_self_contained(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", answer.text)
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_documentation_has_every_route_and_code(client):
    text = client.get("/docs").text
    for route in DOCUMENTED:
        assert f"<code>{route.path}</code>" in text
    for code in CODES:
        assert code in text
        assert client.get(f"/problems/{code}").status_code == 200
    assert client.get("/problems/NO_SUCH").status_code == 404


def test_a_fault_of_ours_is_internal_and_tells_nothing():
    """The traceback goes to the log, under the instance that the caller sees."""
    from onhand.api.problems import answer  # noqa: PLC0415

    async def fail():
        try:
            raise RuntimeError("secret")  # noqa: TRY301
        except RuntimeError as error:
            return await answer(None, error, "req_1")

    failed = asyncio.run(fail())
    problem = json.loads(failed.body)
    assert (failed.status, problem["code"], problem["instance"]) == (500, "INTERNAL", "req_1")
    assert b"secret" not in failed.body


def test_the_document_says_what_webhooks_receive(document):
    """OpenAPI 3.1: each type of event, by its name."""
    assert set(document["webhooks"]) == set(TYPES)
    for type_, item in document["webhooks"].items():
        [content] = item["post"]["requestBody"]["content"].values()
        assert content["example"]["type"] == type_
        assert matches(content["example"], content["schema"], {})
