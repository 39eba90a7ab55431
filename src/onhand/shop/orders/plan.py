"""Rows become the life of a shop: every row is part of an event, or refused with a reason. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush
from zlib import crc32

import msgspec

from onhand.domain.limits import LINES_MAX
from onhand.services.requests import NewProduct, Selling
from onhand.shop.orders import events as e
from onhand.shop.orders.buyer import WEEK, Buyer, Launch, monday_of
from onhand.shop.orders.codes import COUNTRIES, correction_reason, is_name, no_goods
from onhand.shop.orders.report import Refusals
from onhand.shop.orders.rows import Row

OUTSIZED_UNITS = 10_000  # of one line: more than any customer of a gift shop means
DAY = timedelta(days=1)
SHIPPED_AFTER = DAY
BACKORDER_LIMIT_UNITS = 100  # per level, of the products that may be sold before they are there

ZERO = "zero quantity"
OUTSIZED = f"outsized: more than {OUTSIZED_UNITS:,} units in a line"
BAD_DEBT = "accounting: an A invoice adjusts a bad debt"
UNKNOWN_KIND = "unknown kind of invoice"
CANCELS_BY_ADDING = "a cancellation that adds units"
NEGATIVE_ORDER = "negative units of a customer without a cancellation"
TOO_MANY_LINES = f"an order of more than {LINES_MAX:,} lines"


class Plan(msgspec.Struct):
    """What a file says. events are in the order of time."""

    products: list[NewProduct]
    events: list[e.Event]
    refusals: Refusals
    lines: int = 0
    lines_ordered: int = 0
    lines_cancelled: int = 0
    lines_corrected: int = 0
    lines_refused: int = 0
    lines_beyond_limit: int = 0
    invoices: int = 0
    orders: int = 0
    units_ordered: int = 0
    codes_in_two_cases: list[str] = []
    countries_without_code: Counter[str] = msgspec.field(default_factory=Counter)
    corrections: Counter[str] = msgspec.field(default_factory=Counter)


def plan(rows: Iterable[Row], refusals: Refusals, *, limit: int | None = None) -> Plan:
    """Plan the first `limit` invoices. What is known of products comes from all rows: a limit changes no event."""
    invoices: dict[str, list[Row]] = {}
    catalogue = _Catalogue()
    for row in rows:
        if (reason := _refusal(row)) is not None:
            refusals.add(reason, row.line)
        else:
            invoices.setdefault(row.invoice, []).append(row)
            catalogue.see(row)
    result = Plan(catalogue.products(), [], refusals, codes_in_two_cases=catalogue.in_two_cases())
    ordered = sorted(invoices.items(), key=lambda item: item[1][0].at)
    chosen = ordered[:limit]
    result.invoices = len(chosen)
    result.events = list(_Story(result, catalogue).tell(chosen))
    result.lines_beyond_limit = sum(len(rows) for _, rows in ordered[len(chosen) :])
    result.lines_refused = refusals.lines
    accepted = result.lines_ordered + result.lines_cancelled + result.lines_corrected
    result.lines = accepted + result.lines_refused + result.lines_beyond_limit
    return result


def _refusal(row: Row) -> str | None:  # noqa: PLR0911  one line per reason
    """Why a row is no movement of goods, if it is none."""
    kind = row.invoice[0]
    if kind == "A":
        return BAD_DEBT
    if kind.isalpha() and kind != "C":
        return UNKNOWN_KIND
    if (meaning := no_goods(row.sku)) is not None:
        return f"no goods: {meaning} ({row.code})"
    if row.units == 0:
        return ZERO
    if abs(row.units) > OUTSIZED_UNITS:
        return OUTSIZED
    if kind == "C":
        return CANCELS_BY_ADDING if row.units > 0 else None
    return NEGATIVE_ORDER if row.units < 0 and row.customer else None


class _Catalogue:
    """The products behind the rows."""

    def __init__(self) -> None:
        self.names: dict[str, Counter[str]] = {}
        self.codes: dict[str, set[str]] = {}
        self.launches: dict[str, Launch] = {}

    def see(self, row: Row) -> None:
        names = self.names.setdefault(row.sku, Counter())
        self.codes.setdefault(row.sku, set()).add(row.code)
        if is_name(row.description, row.price):
            names[row.description] += 1
        if row.units > 0 and row.price > 0:
            launch = self.launches.get(row.sku)
            if launch is None:
                launch = self.launches[row.sku] = Launch(monday_of(row.at), row.price)
            launch[(row.at - launch.monday).days // 7] += row.units

    def products(self) -> list[NewProduct]:
        return [
            NewProduct(sku=sku, name=_most_frequent(names) or sku, category="Gifts", selling=_selling(sku))
            for sku, names in sorted(self.names.items())
        ]

    def in_two_cases(self) -> list[str]:
        return sorted(sku for sku, codes in self.codes.items() if len(codes) > 1)


def _most_frequent(names: Counter[str]) -> str | None:
    return min(names, key=lambda name: (-names[name], name), default=None)


def _selling(sku: str) -> Selling:
    """One product in five may be sold before it is there."""
    if crc32(sku.encode()) % 5:
        return Selling(mode="deny")
    return Selling(mode="backorder", limit=0)  # at its home alone: see replay.py


class _Story:
    """Invoices in the order of time, deliveries and shipments between them."""

    def __init__(self, result: Plan, catalogue: _Catalogue) -> None:
        self.result = result
        self.buyer = Buyer(catalogue.launches)
        self.agenda: list[tuple[datetime, int, e.Event]] = []
        self.planned = 0
        self.bought: dict[tuple[str, str], list[tuple[str, int]]] = {}  # customer and SKU → orders, units

    def tell(self, invoices: list[tuple[str, list[Row]]]) -> Iterator[e.Event]:
        if invoices:
            self._plan(e.Deliver(monday_of(invoices[0][1][0].at), ()))
        for invoice, rows in invoices:
            at = rows[0].at
            while self.agenda[0][0] <= at:
                yield from self._due(heappop(self.agenda)[2])
            for event in self._invoice(invoice, rows):
                yield event
                if isinstance(event, e.Place):
                    self._plan(e.Ship(at + SHIPPED_AFTER, event.order))

    def _plan(self, event: e.Event) -> None:
        self.planned += 1
        heappush(self.agenda, (event.at, self.planned, event))

    def _due(self, event: e.Event) -> Iterator[e.Event]:
        if not isinstance(event, e.Deliver):
            yield event
            return
        lines = self.buyer.monday(event.at)
        if lines:
            yield e.Deliver(event.at, lines)
        yield e.ShipWaiting(event.at, whole=True, delivered=frozenset(line.sku for line in lines))
        self._plan(e.ShipWaiting(event.at + DAY, whole=False))
        self._plan(e.Deliver(event.at + WEEK, ()))

    def _invoice(self, invoice: str, rows: list[Row]) -> Iterator[e.Event]:
        if invoice[0] == "C":
            yield self._cancel(invoice, rows)
            return
        sold = [row for row in rows if _is_sale(row, rows)]
        corrected = [row for row in rows if not _is_sale(row, rows)]
        if corrected:
            yield self._correct(invoice, corrected)
        if len(sold) > LINES_MAX:
            for row in sold:
                self.result.refusals.add(TOO_MANY_LINES, row.line)
        elif sold:
            yield self._place(invoice, sold)

    def _place(self, invoice: str, rows: list[Row]) -> e.Place:
        country = COUNTRIES.get(rows[0].country)
        if country is None:
            self.result.countries_without_code[rows[0].country] += 1
        for row in rows:
            self.buyer.sold(row.sku, row.units)
            if row.customer:
                self.bought.setdefault((row.customer, row.sku), []).append((invoice, row.units))
        self.result.orders += 1
        self.result.lines_ordered += len(rows)
        self.result.units_ordered += sum(row.units for row in rows)
        return e.Place(rows[0].at, invoice, tuple(e.OrderLine(row.line, row.sku, row.units) for row in rows), country)

    def _cancel(self, invoice: str, rows: list[Row]) -> e.Cancel:
        self.result.lines_cancelled += len(rows)
        lines: list[e.CancelLine] = []
        for row in rows:
            self.buyer.moved(row.sku, -row.units)
            lines += self._matched(row)
        return e.Cancel(rows[0].at, invoice, tuple(lines))

    def _matched(self, row: Row) -> Iterator[e.CancelLine]:
        """The customer's latest orders of this product first."""
        left = -row.units
        orders = self.bought.get((row.customer, row.sku), [])
        while left and orders:
            order, units = orders.pop()
            part = min(left, units)
            left -= part
            if units > part:
                orders.append((order, units - part))
            yield e.CancelLine(row.line, row.sku, part, order)
        if left:
            yield e.CancelLine(row.line, row.sku, left, None)

    def _correct(self, invoice: str, rows: list[Row]) -> e.Correct:
        self.result.lines_corrected += len(rows)
        lines = []
        for row in rows:
            self.buyer.moved(row.sku, row.units)
            reason = correction_reason("" if is_name(row.description, 1.0) else row.description)
            self.result.corrections[reason.split(":")[0]] += 1
            lines.append(e.CorrectionLine(row.line, row.sku, row.units, reason))
        return e.Correct(rows[0].at, invoice, tuple(lines))


def _is_sale(row: Row, invoice: list[Row]) -> bool:
    """Units to a customer, or for money; stock without either is a correction of the books."""
    return row.units > 0 and (bool(row.customer) or any(other.price > 0 for other in invoice))
