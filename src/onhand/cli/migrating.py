"""onhand migrate."""

from typing import Annotated

from cyclopts import Parameter

from onhand import installation
from onhand.cli import opening
from onhand.cli.errors import FAILED
from onhand.cli.terminal import show, show_json
from onhand.config import from_environment
from onhand.db import migrate as migrations

Check = Annotated[bool, Parameter(help="List what is pending and change nothing; exit 1 if anything is.")]
AsJson = Annotated[bool, Parameter(name="--json", help="Print the result as JSON.")]


def migrate(*, check: Check = False, as_json: AsJson = False) -> int:
    """Bring the database to this version of onhand."""
    opening.quiet_logs()
    settings = from_environment()
    if check and settings.database_url is None and not opening.has_embedded_data(settings):
        pending = sorted(path.stem for path in migrations.MIGRATIONS.glob("*.sql"))
    else:
        with installation.database(settings) as url:
            pending = migrations.pending(url) if check else migrations.migrate(url)
    if as_json:
        show_json({"pending" if check else "applied": pending})
        return FAILED if check and pending else 0
    for name in pending:
        show(f"{'pending' if check else 'applied'}  {name}")
    if not pending:
        show("nothing is pending: the database is up to date")
    return FAILED if check and pending else 0
