"""The suite as one page that needs nothing from anywhere: the table, and latency curves drawn in SVG."""

import math
from collections.abc import Iterator, Sequence
from html import escape

from onhand.bench.measure import Row
from onhand.bench.suite import Suite

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 760, 360, 60, 40, 12
NINES_MAX = 5
COLOURS = ("#0b6e99", "#c2410c", "#15803d", "#7e22ce", "#b91c1c", "#854d0e", "#0f766e", "#1d4ed8", "#be185d", "#4d7c0f")
STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
table{border-collapse:collapse;width:100%}td,th{padding:.25rem .6rem;text-align:right;border-bottom:1px solid #ddd}
td:first-child,th:first-child{text-align:left}.bad{color:#b91c1c}svg{width:100%;height:auto}
text{font:12px system-ui,sans-serif;fill:#444}"""
HEADS = (
    "measured",
    "unit",
    "ratio",
    "least – most",
    "goal",
    "per s",
    "textbook per s",
    "µs per unit",
    "p50 ms",
    "p99 ms",
)


def page(suite: Suite) -> str:
    """A whole HTML document."""
    told = ", ".join(f"{name} = {value}" for name, value in sorted(suite.settings.items()))
    clean = [row for row in suite.rows if row.clean and row.figures]
    derived = "".join(f"<li>{escape(each.name)}: {each.value:.2f} (goal {each.goal})</li>" for each in suite.derived)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>onhand bench</title><style>{STYLE}</style>'
        f"<h1>onhand bench</h1><p>{suite.levels:,} levels, {suite.processors} processors. {escape(told)}</p>"
        "<p>Ratios are to pgbench with the textbook's one transaction per order, right before and after each run; "
        "by cpu: those of processor time per unit. "
        "A second model has judged every answer of each figure.</p>"
        f"<table><tr>{''.join(f'<th>{head}</th>' for head in HEADS)}</tr>{''.join(map(_row, suite.rows))}</table>"
        f"<ul>{derived}</ul><h2>Latency</h2>{curves(clean)}</html>"
    )


def _row(row: Row) -> str:
    if not row.clean or not row.figures:
        findings = [*row.findings, *(each for figure in row.figures for each in figure.findings)]
        told = escape("; ".join(findings))
        return f'<tr><td>{escape(row.name)}</td><td class="bad" colspan="10">no figure: {told}</td></tr>'
    low, middle, high = row.spread("ratio")
    cells = (
        escape(row.name),
        escape(row.unit),
        f"<b>{middle:.2f}</b>",
        f"{low:.2f} – {high:.2f}",
        "" if row.goal is None else f"≥ {row.goal:g}",
        f"{row.spread('cpu_ratio')[1]:.2f}",
        f"{row.spread('per_s')[1]:,.0f}",
        f"{row.spread('textbook_per_s')[1]:,.0f}",
        f"{row.spread('cpu_us')[1]:.0f}",
        f"{row.latency_ms('p50'):.1f}",
        f"{row.latency_ms('p99'):.1f}",
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def curves(rows: Sequence[Row]) -> str:
    """Latency against the share of requests not slower, the tail spread out; both scales logarithmic."""
    points = {row.name: row.figures[len(row.figures) // 2].curve for row in rows}
    values = [ms for curve in points.values() for _, ms in curve if ms > 0] or [1.0]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    body = [*_grid(low, high)]
    for number, (name, curve) in enumerate(points.items()):
        colour = COLOURS[number % len(COLOURS)]
        line = " ".join(f"{_x(share):.1f},{_y(ms, low, high):.1f}" for share, ms in curve)
        body.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{line}"/>')
        body.append(f'<text x="{WIDTH + 10}" y="{TOP + 14 + 16 * number}" style="fill:{colour}">{escape(name)}</text>')
    box = f"0 0 {WIDTH + 190} {HEIGHT + BOTTOM}"
    return f'<svg viewBox="{box}" role="img" aria-label="Latency by share of requests">{"".join(body)}</svg>'


def _grid(low: int, high: int) -> Iterator[str]:
    for nines in range(NINES_MAX + 1):
        x = _x(1 - 10.0**-nines)
        label = "0" if nines == 0 else f"{100 * (1 - 10.0**-nines):.6g} %"
        yield f'<path d="M{x:.1f} {TOP}V{HEIGHT}" stroke="#e5e5e5"/>'
        yield f'<text x="{x:.1f}" y="{HEIGHT + 18}" text-anchor="middle">{label}</text>'
    for power in range(low, high + 1):
        y = _y(10.0**power, low, high)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH}" stroke="#e5e5e5"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g} ms</text>'


def _x(share: float) -> float:
    nines = min(float(NINES_MAX), -math.log10(max(1e-9, 1 - share)))
    return LEFT + nines / NINES_MAX * (WIDTH - LEFT)


def _y(ms: float, low: int, high: int) -> float:
    power = math.log10(max(ms, 10.0**low))
    return HEIGHT - (power - low) / (high - low) * (HEIGHT - TOP)
