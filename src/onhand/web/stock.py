"""Stock: searched as one types, and one product with the why of each number."""

import csv
import io
from typing import Any, cast
from urllib.parse import quote

import msgspec

from onhand.api.answer import Answer
from onhand.api.refusal import Refusal
from onhand.services import availability, explain, ledger, levels, searching, viewing_product, warehouses
from onhand.services.requests import LedgerFilter, LevelSettings
from onhand.web.rendering import page
from onhand.web.visit import SECURITY, PageRoute, Visit, redirect

PAGE_ROWS = 50
CSV_ROWS_MAX = 10_000
PALETTE_ROWS = 8
LEDGER_ROWS = 50
TYPES = ("RECEIVE", "RESERVE", "RELEASE", "FULFILL", "ADJUST", "TRANSFER")
COLUMNS = ("sku", "name", "category", "on_hand", "reserved", "backordered", "available", "incoming")
SETTINGS = ("reorder_threshold", "reorder_quantity", "safety_stock")
ADDRESS = {"q": "query", "warehouse": "warehouse", "shown": "shown", "order": "order"}  # of a page, and what it asks
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _asked(visit: Visit) -> dict[str, str]:
    shown = visit.query.get("shown", "all")
    order = visit.query.get("order", "sku")
    return {
        "query": visit.query.get("q", "")[:100],
        "warehouse": visit.query.get("warehouse", ""),
        "shown": shown if shown in searching.SHOWN else "all",
        "order": order if order in searching.ORDERS else "sku",
    }


async def _stock(visit: Visit) -> Answer:
    found = await searching.search(
        visit.onhand,
        **_asked(visit),
        limit=PAGE_ROWS,
        cursor=visit.query.get("cursor"),
    )
    places = (await warehouses.find(visit.onhand, limit=1_000)).items
    asked = _asked(visit)
    shown = {name: asked[key] for name, key in ADDRESS.items() if asked[key] not in ("", "all", "sku")}
    return page(visit, "stock.html", found=found, asked=asked, shown=shown, warehouses=places)


async def _csv(visit: Visit) -> Answer:
    found = await searching.search(visit.onhand, **_asked(visit), limit=CSV_ROWS_MAX)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_harmless(getattr(row, name)) for name in COLUMNS] for row in found.items)
    headers = (
        (b"content-type", b"text/csv; charset=utf-8"),
        (b"content-disposition", b'attachment; filename="stock.csv"'),
        *SECURITY,
    )
    return Answer(200, text.getvalue().encode(), headers)


def _harmless(value: object) -> object:
    """A text that a spreadsheet would take for a formula gets an apostrophe (OWASP, CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


async def _palette(visit: Visit) -> Answer:
    found = await searching.search(visit.onhand, query=visit.query.get("q", "")[:100], limit=PALETTE_ROWS)
    body = msgspec.json.encode([{"sku": row.sku, "name": row.name, "available": row.available} for row in found.items])
    return Answer(200, body, ((b"content-type", b"application/json"), *SECURITY))


async def _product(visit: Visit) -> Answer:
    known = await explain.explain(visit.onhand, visit.path["sku"])
    type_ = visit.query.get("type", "")
    asked = LedgerFilter(sku=known.sku, warehouse=visit.query.get("warehouse") or None)
    if type_ in TYPES:
        asked.type = cast(Any, type_)
    entries = await ledger.find(visit.onhand, asked, LEDGER_ROWS, visit.query.get("cursor"))
    past = await viewing_product.past(visit.onhand, known.sku, known.levels)
    chart = {
        "x": [point.at.timestamp() for point in past.points],
        "on_hand": [point.on_hand for point in past.points],
        "reserved": [point.reserved for point in past.points],
    }
    return page(
        visit,
        "product.html",
        product=known,
        promise=await availability.get(visit.onhand, known.sku),
        entries=entries,
        types=TYPES,
        chart=chart,
        past=past,
        coming=await viewing_product.coming(visit.onhand, known.sku),
        edited=next((level for level in known.levels if level.warehouse == visit.query.get("edit")), None),
        today=visit.onhand.now().date(),
    )


async def _settings(visit: Visit) -> Answer:
    given = {name: _count(visit, name) for name in SETTINGS}
    if given["safety_stock"] is None:
        given["safety_stock"] = 0
    try:
        settings = msgspec.convert(given, LevelSettings)
    except msgspec.ValidationError as error:
        raise Refusal("VALIDATION_FAILED", str(error)) from None
    await levels.put(visit.onhand, visit.path["sku"], visit.form.get("warehouse", ""), settings)
    return redirect(f"/products/{_quoted(visit.path['sku'])}#levels")


def _quoted(sku: str) -> str:
    return quote(sku, safe="")


def _count(visit: Visit, name: str) -> int | None:
    text = visit.form.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise Refusal("VALIDATION_FAILED", f"{name.replace('_', ' ')}: a whole number of units.")
    return int(text)


ROUTES = [
    PageRoute("GET", "/stock", _stock),
    PageRoute("GET", "/stock.csv", _csv),
    PageRoute("GET", "/palette", _palette),
    PageRoute("GET", "/products/{sku}", _product),
    PageRoute("POST", "/products/{sku}/settings", _settings, scopes=("operate",)),
]
