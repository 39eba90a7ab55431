"""A purchase order to print or to send: self-contained HTML in which every text is escaped, or CSV."""

import csv
import io
from decimal import Decimal
from html import escape

from onhand.services.spreadsheet import guarded
from onhand.services.supply_answers import OrderSheet

STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; color: #000; }
table { border-collapse: collapse; width: 100%; margin: 1.5rem 0; } thead { display: table-header-group; }
td, th { text-align: left; padding: .3rem .5rem; border-bottom: 1px solid #bbb; vertical-align: top; }
.n { text-align: right; font-variant-numeric: tabular-nums; } tr { break-inside: avoid; } dt { color: #555; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dd { margin: 0; }
@page { margin: 18mm; }
"""
HEADINGS = ("", "SKU", "Your SKU", "Product", "Deliver to", "Units", "Unit cost", "Cost")
COLUMNS = (
    *("purchase_order_id", "supplier", "expected_arrival_date", "line", "sku", "supplier_sku", "product"),
    *("warehouse", "warehouse_name", "quantity", "unit_cost"),
)
NUMBERS_FROM = HEADINGS.index("Units")


def page(sheet: OrderSheet) -> bytes:
    """The order as UTF-8 HTML. Costs where all lines have one are summed up."""
    facts = {
        "Order": sheet.purchase_order_id,
        "Supplier": f"{sheet.supplier_name} ({sheet.supplier})",
        "Status": sheet.status.replace("_", " "),
        "Placed": sheet.placed_at.date().isoformat() if sheet.placed_at else "not yet",
        "Expected": sheet.expected_arrival_date.isoformat() if sheet.expected_arrival_date else "",
    }
    costs = [None if line.unit_cost is None else Decimal(line.unit_cost) * line.quantity for line in sheet.lines]
    rows = [
        [
            str(line.line + 1),
            line.sku,
            line.supplier_sku or "",
            line.product,
            f"{line.warehouse_name} ({line.warehouse})",
            f"{line.quantity:,}",
            line.unit_cost or "",
            "" if cost is None else f"{cost:,.2f}",
        ]
        for line, cost in zip(sheet.lines, costs, strict=True)
    ]
    units = sum(line.quantity for line in sheet.lines)
    known = [cost for cost in costs if cost is not None]
    total = f"{sum(known):,.2f}" if len(known) == len(costs) else ""
    rows.append(["", "", "", "Total", "", f"{units:,}", "", total])
    title = f"Purchase order {sheet.purchase_order_id}"
    described = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts.items())
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>Purchase order</h1><dl>{described}</dl>"
        f"<table><thead>{_row('th', list(HEADINGS))}</thead><tbody>{''.join(_row('td', row) for row in rows)}</tbody>"
        "</table></body></html>"
    ).encode()


def table(sheet: OrderSheet) -> bytes:
    """The order as UTF-8 CSV, a row per line."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(COLUMNS)
    expected = sheet.expected_arrival_date.isoformat() if sheet.expected_arrival_date else ""
    for line in sheet.lines:
        texts = (line.sku, line.supplier_sku or "", line.product, line.warehouse, line.warehouse_name)
        head = (sheet.purchase_order_id, guarded(sheet.supplier), expected, line.line)
        writer.writerow((*head, *map(guarded, texts), line.quantity, line.unit_cost or ""))
    return output.getvalue().encode()


def _row(tag: str, cells: list[str]) -> str:
    """Numbers to the right."""
    parts = (
        f'<{tag} class="n">{escape(cell)}</{tag}>' if n >= NUMBERS_FROM else f"<{tag}>{escape(cell)}</{tag}>"
        for n, cell in enumerate(cells)
    )
    return f"<tr>{''.join(parts)}</tr>"
