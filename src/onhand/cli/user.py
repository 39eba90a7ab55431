"""onhand user: who may log in to the pages."""

from typing import Annotated

from cyclopts import Parameter

from onhand.cli import opening
from onhand.cli.errors import CliError
from onhand.cli.key import Scope, scopes_of
from onhand.cli.terminal import say, show
from onhand.domain.limits import NAME_MAX_CHARS
from onhand.services import keys, users
from onhand.services.context import Onhand
from onhand.services.importing import BAD_TEXT

NEWCOMER = "demo"

Name = Annotated[str, Parameter(help="What the user is called; ledger rows say that user:NAME did them.")]


def create(*, name: Name, scope: Scope) -> int:
    """Make a user, or give one new scopes, and print the path of a link that logs them in once."""
    scopes = scopes_of(scope)
    if not 0 < len(name) <= NAME_MAX_CHARS or BAD_TEXT.search(name):
        raise CliError(f"a name has 1 to {NAME_MAX_CHARS} characters, and no control characters")

    async def work(onhand: Onhand) -> str:
        await users.put(onhand, name, scopes)
        return await users.link(onhand, name)

    secret = opening.run(work)
    say(f"onhand: {name!r} may {', '.join(scopes)}. This path of the server logs in once, within a day:")
    show(f"/enter/{secret}")
    return 0


async def newcomer_link(onhand: Onhand) -> str:
    """The path that logs somebody in who has just started the demo."""
    await users.put(onhand, NEWCOMER, keys.SCOPES)
    return f"/enter/{await users.link(onhand, NEWCOMER)}"
