"""onhand export: CSV out, streamed."""

import csv
import gzip
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import IO, Annotated, Any, Literal, cast

from cyclopts import Parameter

from onhand.cli import opening
from onhand.cli.errors import CliError
from onhand.cli.progress import progress
from onhand.cli.terminal import say
from onhand.services.context import Onhand
from onhand.services.exporting import EXPORTS, Filter, batches, resolve
from onhand.services.spreadsheet import guarded

File = Annotated[
    str,
    Parameter(help="Where to; .gz packs it, - or nothing is stdout.", allow_leading_hyphen=True, show_default=False),
]
Sku = Annotated[str | None, Parameter(help="Only this product.")]
Warehouse = Annotated[str | None, Parameter(help="Only this warehouse, by its code.")]
From = Annotated[str | None, Parameter(name="--from", help="Only from this day or time on (2026-03-01, UTC).")]
To = Annotated[str | None, Parameter(name="--to", help="Only before this day or time.")]

Type = Annotated[
    Literal["RECEIVE", "RESERVE", "RELEASE", "FULFILL", "ADJUST", "TRANSFER"] | None,
    Parameter(name="--type", help="Only rows of this operation."),
]


def products(file: File = "-", /, *, sku: Sku = None) -> int:
    """Products, as `onhand import products` reads them."""
    return _export("products", file, Filter(sku))


def stock(file: File = "-", /, *, sku: Sku = None, warehouse: Warehouse = None) -> int:
    """What is on hand, as `onhand import stock` reads it."""
    return _export("stock", file, Filter(sku, warehouse))


def warehouses(file: File = "-", /, *, warehouse: Warehouse = None) -> int:
    """Warehouses, as `onhand import warehouses` reads them."""
    return _export("warehouses", file, Filter(warehouse=warehouse))


def levels(file: File = "-", /, *, sku: Sku = None, warehouse: Warehouse = None) -> int:
    """Every level with all its quantities and settings."""
    return _export("levels", file, Filter(sku, warehouse))


def ledger(
    file: File = "-",
    /,
    *,
    sku: Sku = None,
    warehouse: Warehouse = None,
    since: From = None,
    until: To = None,
    type_: Type = None,
) -> int:
    """The ledger, oldest first: all of it, or the receipts, or the adjustments."""
    return _export("ledger", file, Filter(sku, warehouse, _time("--from", since), _time("--to", until), type_))


def reservations(
    file: File = "-", /, *, sku: Sku = None, warehouse: Warehouse = None, since: From = None, until: To = None
) -> int:
    """Reservations, one row per line and warehouse, oldest first."""
    return _export("reservations", file, Filter(sku, warehouse, _time("--from", since), _time("--to", until)))


def suppliers(file: File = "-", /, *, sku: Sku = None) -> int:
    """Suppliers, one row per product they sell, with its terms."""
    return _export("suppliers", file, Filter(sku))


def purchase_orders(
    file: File = "-", /, *, sku: Sku = None, warehouse: Warehouse = None, since: From = None, until: To = None
) -> int:
    """Purchase orders, one row per line, oldest first."""
    return _export("purchase_orders", file, Filter(sku, warehouse, _time("--from", since), _time("--to", until)))


def transfers(
    file: File = "-", /, *, sku: Sku = None, warehouse: Warehouse = None, since: From = None, until: To = None
) -> int:
    """Transfers, one row per line, oldest first; a warehouse is either end."""
    return _export("transfers", file, Filter(sku, warehouse, _time("--from", since), _time("--to", until)))


def counts(
    file: File = "-", /, *, sku: Sku = None, warehouse: Warehouse = None, since: From = None, until: To = None
) -> int:
    """Cycle counts, one row per line, oldest first."""
    return _export("counts", file, Filter(sku, warehouse, _time("--from", since), _time("--to", until)))


def returns(
    file: File = "-", /, *, sku: Sku = None, warehouse: Warehouse = None, since: From = None, until: To = None
) -> int:
    """What customers sent back, one row per part, oldest first."""
    return _export("returns", file, Filter(sku, warehouse, _time("--from", since), _time("--to", until)))


def _export(kind: str, file: str, wanted: Filter) -> int:
    if file.startswith("--"):
        raise CliError(f"Unknown option: {file}", "A file of that name is ./" + file)

    async def work(onhand: Onhand) -> int:
        export, done = EXPORTS[kind], 0
        parameters = await resolve(onhand, wanted)
        with _output(file) as output, progress(f"exporting {kind}") as meter:
            writer = csv.writer(output, lineterminator="\n")
            writer.writerow(export.columns)
            async for rows in batches(onhand, export, parameters):
                writer.writerows(map(_cells, rows))
                done += len(rows)
                meter(done)
        return done

    rows = opening.run(work)
    if file != "-":
        say(f"onhand: {rows:,} rows written to {file}")
    return 0


@contextmanager
def _output(file: str) -> Iterator[IO[str]]:
    """A file appears under its name when it is whole."""
    if file == "-":
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        yield sys.stdout
        sys.stdout.flush()
        return
    path = Path(file)
    unfinished = path.with_name(path.name + ".part")
    try:
        with unfinished.open("wb") as raw:
            data = cast("IO[bytes]", gzip.GzipFile(path.stem, "wb", 6, raw)) if path.suffix == ".gz" else raw
            with io.TextIOWrapper(data, encoding="utf-8", newline="") as text:
                yield text
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


TEXT: dict[type, Callable[[Any], str]] = {str: guarded, datetime: lambda at: at.isoformat().replace("+00:00", "Z")}


def _cells(row: tuple[Any, ...]) -> list[Any]:
    return [TEXT[type(value)](value) if type(value) in TEXT else value for value in row]


def _time(flag: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        if len(text) == len("2026-03-01"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CliError(f"{flag} {text!r} is not a day like 2026-03-01 or a time like 2026-03-01T14:00:00Z") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
