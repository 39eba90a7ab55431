"""An order file becomes rows, and what is no row is refused with its line number.

Columns: InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country.
"""

import csv
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from onhand.domain.limits import QUANTITY_MAX_UNITS, SKU_MAX_CHARS
from onhand.shop.orders.report import Refusals

COLUMNS = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
INVOICE = re.compile(r"[A-Z]?[0-9]{1,20}")
WHOLE = re.compile(r"-?[0-9]{1,20}")
DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
YEAR_MIN, YEAR_MAX = 1990, 2100
CONTROL = re.compile("[\x00-\x1f\x7f\ufffd]")

WRONG_COLUMNS = f"malformed: not {len(COLUMNS)} columns"
NOT_CSV = "malformed: not CSV"
NOT_TEXT = "malformed: control characters or not UTF-8"
NOT_AN_INVOICE = "malformed: invoice number"
NOT_A_CODE = "malformed: stock code"
NOT_A_NUMBER = "malformed: not a number"
NOT_A_DATE = "malformed: not a date"


class UnreadableFile(Exception):
    """The file cannot be read as orders at all: missing, cut off, or with other columns."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One line of an invoice. line: its number in the file; units signed; sku in upper case, code as written."""

    line: int
    invoice: str
    code: str
    sku: str
    description: str
    units: int
    at: datetime
    price: float
    customer: str
    country: str


def read(path: Path, refusals: Refusals) -> Iterator[Row]:
    """The rows of a .csv or .csv.gz; what is malformed goes to refusals. Raises UnreadableFile."""
    try:
        with (gzip.open if path.suffix == ".gz" else open)(
            path, "rt", encoding="utf-8-sig", errors="replace", newline=""
        ) as file:
            yield from parse(file, refusals)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(f"{path.name}: {error}") from error


def parse(lines: Iterable[str], refusals: Refusals) -> Iterator[Row]:
    """Rows of CSV text with a header. Raises UnreadableFile when the header is another one."""
    records = _records(lines, refusals)
    if next(records, (0, []))[1] != COLUMNS:
        raise UnreadableFile(f"the first line must be {','.join(COLUMNS)}")
    for line, cells in records:
        if not cells:
            continue
        row = _row(line, cells)
        if isinstance(row, str):
            refusals.add(row, line)
        else:
            yield row


def _records(lines: Iterable[str], refusals: Refusals) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines)
    while True:
        try:
            cells = next(reader)
            yield reader.line_num, cells
        except StopIteration:
            return
        except csv.Error:
            refusals.add(NOT_CSV, reader.line_num)


def _row(line: int, cells: list[str]) -> Row | str:  # noqa: PLR0911  one line per reason
    """The row, or why it is none."""
    if len(cells) != len(COLUMNS):
        return WRONG_COLUMNS
    if CONTROL.search("".join(cells)):
        return NOT_TEXT
    invoice, code, description, quantity, date, price, customer, country = map(str.strip, cells)
    if not INVOICE.fullmatch(invoice):
        return NOT_AN_INVOICE
    if not 1 <= len(code) <= SKU_MAX_CHARS:
        return NOT_A_CODE
    if not (WHOLE.fullmatch(quantity) and DECIMAL.fullmatch(price)) or abs(int(quantity)) > QUANTITY_MAX_UNITS:
        return NOT_A_NUMBER
    at = _time(date)
    if at is None:
        return NOT_A_DATE
    return Row(
        line,
        invoice,
        code,
        code.upper(),
        " ".join(description.split()),
        int(quantity),
        at,
        float(price),
        customer,
        country,
    )


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at if YEAR_MIN <= at.year <= YEAR_MAX else None
