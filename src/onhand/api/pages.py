"""The documentation, and what each problem means. Self-contained, no outside host."""

from functools import cache
from html import escape
from typing import Any

import msgspec

from onhand.api import openapi
from onhand.api.answer import Answer, Headers, ok
from onhand.api.codes import CODES, FIELD_CODES
from onhand.api.refusal import Refusal
from onhand.api.route import Call, Route

HTML: Headers = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
)
LIMITS = ("format", "minimum", "maximum", "minLength", "maxLength", "default")
STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #0b7285; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.25; } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
a { color: var(--accent); } code, pre { font: 14px/1.45 ui-monospace, monospace; }
pre { background: var(--soft); padding: .75rem; overflow-x: auto; border-radius: 6px; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .3rem .6rem;
border-bottom: 1px solid var(--line); } .method { font-weight: 700; color: var(--accent); }
details { border: 1px solid var(--line); border-radius: 6px; padding: .5rem .9rem; margin: .5rem 0; }
summary { cursor: pointer; } summary span { color: GrayText; }
"""


def routes(documented: list[Route]) -> list[Route]:
    """The routes of the pages themselves."""

    @cache
    def document() -> dict[str, Any]:
        return openapi.document(documented)

    @cache
    def docs() -> bytes:
        return _page("onhand: API", _docs(documented, document()))

    async def openapi_json(call: Call) -> Answer:
        del call
        return ok(document())

    async def docs_page(call: Call) -> Answer:
        del call
        return Answer(200, docs(), HTML)

    return [
        Route(method="GET", path="/openapi.json", handle=openapi_json, summary="OpenAPI 3.1", tag="pages"),
        Route(method="GET", path="/docs", handle=docs_page, summary="The documentation", tag="pages"),
        Route(method="GET", path="/problems/{code}", handle=_problem, summary="What a problem means", tag="pages"),
    ]


async def _problem(call: Call) -> Answer:
    code = call.path["code"]
    if code not in CODES:
        raise Refusal("NOT_FOUND", "There is no such code; /docs lists them all.")
    known = CODES[code]
    body = (
        f"<h1>{escape(known.title)}</h1><p><code>{code}</code>, status {known.status}</p>"
        f"<p><b>When:</b> {escape(known.when)}</p><p><b>What to do:</b> {escape(known.remedy)}</p>"
        '<p><a href="/docs#codes">All codes</a></p>'
    )
    return Answer(200, _page(known.title, body), HTML)


def _page(title: str, body: str) -> bytes:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body>{body}</body></html>"
    ).encode()


def _docs(documented: list[Route], document: dict[str, Any]) -> str:
    tags = [tag["name"] for tag in document["tags"]]
    contents = " · ".join(f'<a href="#{tag}">{tag}</a>' for tag in [*tags, "shapes", "codes"])
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in document["info"]["description"].split("\n\n"))
    sections = "".join(
        f'<h2 id="{tag}">{tag}</h2>'
        + "".join(
            _route(route, document["paths"][route.path][route.method.lower()])
            for route in documented
            if route.tag == tag
        )
        for tag in tags
    )
    return (
        f"<h1>onhand {escape(document['info']['version'])}: the API</h1>{paragraphs}"
        f'<p><a href="/openapi.json">OpenAPI 3.1</a> · {contents}</p>{sections}'
        f'<h2 id="shapes">shapes</h2>{_shapes(document["components"]["schemas"])}<h2 id="codes">codes</h2>{_codes()}'
    )


def _route(route: Route, operation: dict[str, Any]) -> str:
    parts = [f"<p>{escape(operation.get('description', ''))}</p>"]
    if parameters := operation.get("parameters"):
        rows = "".join(
            f"<tr><td><code>{escape(p['name'])}</code></td><td>{p['in']}</td><td>{_type(p['schema'])}</td></tr>"
            for p in parameters
        )
        parts.append(f"<table><tr><th>parameter</th><th>in</th><th></th></tr>{rows}</table>")
    if route.example is not None:
        parts.append(f"<p>Request</p>{_json(route.example)}")
    if route.shown is not None:
        parts.append(f"<p>Answer, {route.status}</p>{_json(route.shown)}")
    codes = ", ".join(f'<a href="/problems/{code}"><code>{code}</code></a>' for code in openapi.codes_of(route))
    parts.append(f"<p>Problems: {codes}</p>")
    return (
        f'<details id="{operation["operationId"]}"><summary><span class="method">{route.method}</span> '
        f"<code>{escape(route.path)}</code> <span>{escape(route.summary)}</span></summary>{''.join(parts)}</details>"
    )


def _json(example: Any) -> str:  # noqa: ANN401
    return f"<pre>{escape(msgspec.json.format(msgspec.json.encode(example), indent=2).decode(), quote=False)}</pre>"


def _shapes(schemas: dict[str, Any]) -> str:
    return "".join(
        f'<details id="shape-{name}"><summary><code>{name}</code> <span>{escape(schema.get("description", ""))}</span>'
        f"</summary><table>{_fields(schema)}</table></details>"
        for name, schema in sorted(schemas.items())
    )


def _fields(schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    return "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{'required' if name in required else ''}</td>"
        f"<td>{_type(field)}</td></tr>"
        for name, field in schema.get("properties", {}).items()
    )


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#shape-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(choice) for choice in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    words = ["one of " + ", ".join(map(str, schema["enum"]))] if "enum" in schema else [str(schema.get("type", "any"))]
    words += [f"{name} {schema[name]}" for name in LIMITS if schema.get(name) is not None]
    return escape(", ".join([*words, *filter(None, [schema.get("description")])]))


def _codes() -> str:
    rows = "".join(
        f"<tr><td><code>{code}</code></td><td>{known.status}</td><td>{escape(known.when)}</td>"
        f"<td>{escape(known.remedy)}</td></tr>"
        for code, known in CODES.items()
    )
    fields = "".join(
        f"<tr><td><code>{code}</code></td><td>{escape(when)}</td></tr>" for code, when in FIELD_CODES.items()
    )
    return (
        f"<table><tr><th>code</th><th>status</th><th>when</th><th>what to do</th></tr>{rows}</table>"
        f"<p>Codes of single fields, in errors:</p><table>{fields}</table>"
    )
