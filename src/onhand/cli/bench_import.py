"""onhand bench import: how fast CSV goes in, beside a plain COPY."""

from typing import Annotated

from cyclopts import Parameter

from onhand.bench import database, importing
from onhand.bench.database import NAME
from onhand.bench.workload import Shape
from onhand.cli.bench import AsJson, Url, Warehouses
from onhand.cli.bench_database import bench_database
from onhand.cli.errors import CliError
from onhand.cli.terminal import say, show, show_json

Skus = Annotated[int, Parameter(help="Products that are imported.")]

OWN = f"{NAME}_import"


def run_import(
    *,
    skus: Skus = 100_000,
    warehouses: Warehouses = 2,
    database_url: Url = None,
    as_json: AsJson = False,
) -> int:
    """Import products and their stock, beside a plain COPY of the same rows. Its database is dropped afterwards."""
    shape = Shape(skus, warehouses)
    if not shape.levels:
        raise CliError("there must be at least one product and one warehouse")
    with bench_database(database_url) as (given, embedded):
        url = given
        if database_url is None:
            url = database.beside(given, embedded=embedded, name=OWN)
            database.drop(url, embedded=embedded)
            url = database.beside(given, embedded=embedded, name=OWN)
        try:
            found = importing.run(url, shape, lambda text: say(f"onhand: {text}"))
        finally:
            if database_url is None:
                database.drop(url, embedded=embedded)
    if as_json:
        show_json(found)
        return 0
    for each in found:
        show(
            f"{each.kind}: {each.rows:,} rows in {each.seconds:.1f} s: {each.rows_per_s:,.0f} rows/s, "
            f"{each.ratio:.2f} × plain COPY of what they become"
        )
    return 0
