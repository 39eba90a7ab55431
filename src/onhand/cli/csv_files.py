"""CSV files as the world makes them: plain or gzipped, a file or stdin, with BOM, CRLF, quotes, columns in any order.

A file is read in bounded memory, however long it is, or its lines are.
"""

import csv
import gzip
import io
import os
import re
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import IO, NamedTuple, Self, cast

from onhand.cli.errors import CliError
from onhand.services.importing import Problem, Record
from onhand.services.spreadsheet import unguarded

LINE_CHARS_MAX = 1_000_000
CELL_CHARS_MAX = 10_000
REPORT_COLUMNS = ("refused_line", "refused_column", "refused_code", "refused_reason")
TELL_EVERY_ROWS = 5_000

NOT_UTF8 = re.compile("[\ud800-\udfff]")

Position = Callable[[int, int], None]  # bytes read, of how many


class Scan(NamedTuple):
    """digest: of the rows and not of the bytes, so that packing or line ends make no other content of it."""

    rows: int
    digest: bytes


class CsvFile:
    """An opened file with a good header. Use as a context manager."""

    def __init__(self, source: str, columns: Sequence[str], required: Sequence[str]) -> None:
        """source: a path, or - for stdin. Raises CliError, OSError."""
        self.name = "stdin" if source == "-" else Path(source).name
        self._columns = columns
        self._raw = _spooled_stdin() if source == "-" else Path(source).open("rb")  # noqa: SIM115  closed with us
        try:
            self._size_bytes = self._raw.seek(0, io.SEEK_END)
            self._packed = self._look()
            self.given = self._read_header(required)
        except BaseException:
            self._raw.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()

    def is_file(self, path: Path) -> bool:
        """Whether it is read from there."""
        return os.path.samestat(os.fstat(self._raw.fileno()), path.stat())

    def scan(self, position: Position) -> Scan:
        """Read it once to the end: how many rows, and which. Raises CliError where it is not CSV."""
        digest = blake2b(digest_size=16)
        rows = 0
        for rows, record in enumerate(self.records(), 1):
            digest.update("\x1f".join(record.cells).encode("utf-8", "surrogateescape") + b"\x1e")
            if rows % TELL_EVERY_ROWS == 0:
                position(self._raw.tell(), self._size_bytes)
        return Scan(rows, digest.digest())

    def records(self) -> Iterator[Record]:
        """Every row but the header. Raises CliError where the file is not CSV."""
        try:
            yield from self._records()
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise CliError(f"{self.name}: the gzip file is damaged or cut short ({error})") from error

    def _records(self) -> Iterator[Record]:
        rows = self._rows()
        next(rows, None)
        places = [self._header.index(column) if column in self._header else None for column in self._columns]
        width = len(self._header)
        for line, row in rows:
            if not any(row):
                continue
            if len(row) != width:
                problem = Problem(None, "WRONG_CELL_COUNT", f"{len(row)} cells, the header has {width}.")
                yield Record(line, _fitting(row, places), problem)
                continue
            cells = ["" if place is None else row[place].strip() for place in places]
            text = "\0".join(cells)
            if "'" in text:
                cells = [unguarded(cell) for cell in cells]
            if not text.isascii() and NOT_UTF8.search(text):
                yield Record(line, cells, self._not_utf8(cells))
            else:
                yield Record(line, cells)

    def _not_utf8(self, cells: list[str]) -> Problem:
        column = next(column for column, cell in zip(self._columns, cells, strict=True) if NOT_UTF8.search(cell))
        return Problem(column, "INVALID_UTF8", "Not UTF-8. Save the file as “CSV UTF-8”.")

    def _look(self) -> bool:
        self._raw.seek(0)
        first = self._raw.read(4)
        if first.startswith(b"PK\x03\x04"):
            raise CliError(f"{self.name} is a spreadsheet or a zip file, not CSV", "Save it as “CSV UTF-8”.")
        if first.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise CliError(f"{self.name} is UTF-16 text", "Save it as “CSV UTF-8”.")
        return first.startswith(b"\x1f\x8b")

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row, from the header on, with its first line in the file."""
        self._raw.seek(0)
        data = cast("IO[bytes]", gzip.GzipFile(fileobj=self._raw)) if self._packed else self._raw
        text = io.TextIOWrapper(data, encoding="utf-8-sig", errors="surrogateescape", newline="")
        csv.field_size_limit(CELL_CHARS_MAX)
        line = 1
        try:
            lines = self._lines(text)
            first = next(lines, "")
            delimiter = max(",;\t", key=first.count)  # Where a comma is in numbers, spreadsheets write semicolons.
            reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
            for row in reader:
                yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            raise CliError(f"{self.name}, line {line}: {error}", "Is a quote not closed there?") from error
        finally:
            with suppress(ValueError):  # It may be closed by now, when we are given up half-way.
                text.detach()  # The file stays open.

    def _lines(self, text: IO[str]) -> Iterator[str]:
        while line := text.readline(LINE_CHARS_MAX):
            if len(line) >= LINE_CHARS_MAX:
                raise CliError(f"{self.name}: a line is longer than {LINE_CHARS_MAX:,} characters; is this CSV?")
            yield line

    def _read_header(self, required: Sequence[str]) -> frozenset[str]:
        try:
            _, header = next(self._rows(), (1, []))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise CliError(f"{self.name}: not a gzip file that could be read ({error})") from error
        self._header = [cell.strip().lower() for cell in header]
        if not any(self._header):
            raise CliError(f"{self.name} has no header", self._expected())
        known = (*self._columns, *REPORT_COLUMNS)
        if unknown := [cell for cell in self._header if cell not in known]:
            raise CliError(f"{self.name}: unknown column {', '.join(map(repr, unknown))[:200]}", self._expected())
        if missing := [column for column in required if column not in self._header]:
            raise CliError(f"{self.name} lacks the column {', '.join(missing)}", self._expected())
        if len(set(self._header)) < len(self._header):
            raise CliError(f"{self.name} has a column twice", self._expected())
        return frozenset(self._header)

    def _expected(self) -> str:
        return f"Columns: {', '.join(self._columns)}"


def _fitting(row: list[str], places: list[int | None]) -> list[str]:
    return ["" if place is None or place >= len(row) else row[place] for place in places]


def _spooled_stdin() -> IO[bytes]:
    """Read in full: it is read twice, first to see that it is whole."""
    if sys.stdin.isatty():
        raise CliError("stdin is a terminal: pipe a file in, or name one")
    spool = tempfile.TemporaryFile()  # noqa: SIM115  closed with the CsvFile
    shutil.copyfileobj(sys.stdin.buffer, spool)
    return spool
