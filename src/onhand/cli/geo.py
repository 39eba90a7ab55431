"""onhand geo: where postal codes lie."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from onhand.cli import opening
from onhand.cli.errors import FAILED, CliError
from onhand.cli.progress import progress
from onhand.cli.terminal import say, show_json
from onhand.services import geo
from onhand.services.context import Onhand

File = Annotated[Path, Parameter(help="A postal code file of GeoNames, unzipped, such as DE.txt.")]
AsJson = Annotated[bool, Parameter(name="--json", help="Print the result as JSON.")]
SHOWN_MAX = 10


def import_(file: File, /, *, as_json: AsJson = False) -> int:
    """Take in a postal code file of GeoNames."""
    try:
        with file.open(encoding="utf-8") as lines, progress(f"reading {file.name}") as meter:

            async def work(onhand: Onhand) -> geo.Imported:
                return await geo.import_postal_codes(onhand, lines, advance=meter)

            done = opening.run(work)
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(f"{file} cannot be read: {error}") from None
    if as_json:
        show_json(msgspec.to_builtins(done))
    else:
        for refused in done.refused[:SHOWN_MAX]:
            say(f"onhand: row {refused.row}: {refused.reason}")
        say(f"onhand: {done.postal_codes} postal codes from {done.rows} rows, {len(done.refused)} rows refused")
    return FAILED if done.refused else 0
