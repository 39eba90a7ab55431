"""onhand key: who may call."""

from typing import Annotated

from cyclopts import Parameter

from onhand.cli import opening
from onhand.cli.errors import CliError
from onhand.cli.terminal import say, show, show_json, show_table
from onhand.domain.limits import NAME_MAX_CHARS
from onhand.services import keys
from onhand.services.context import Onhand
from onhand.services.importing import BAD_TEXT

Name = Annotated[str, Parameter(help="What the key is called; ledger rows say it did them.")]
Scope = Annotated[
    list[str], Parameter(help=f"What it may do: {', '.join(keys.SCOPES)}; with commas, or the flag again.")
]
AsJson = Annotated[bool, Parameter(name="--json", help="Print the keys as JSON.")]


def create(*, name: Name, scope: Scope) -> int:
    """Make a key and print it, this once, alone on stdout."""
    scopes = scopes_of(scope)
    if not 0 < len(name) <= NAME_MAX_CHARS or BAD_TEXT.search(name):
        raise CliError(f"a name has 1 to {NAME_MAX_CHARS} characters, and no control characters")

    async def work(onhand: Onhand) -> str:
        return await keys.create(onhand, name, scopes)

    key = opening.run(work)
    say(f"onhand: made the key {name!r} with {', '.join(scopes)}. It is shown this once:")
    show(key)
    return 0


def listing(*, as_json: AsJson = False) -> int:
    """The keys there are; not the keys themselves, which onhand does not know."""
    found = opening.run(keys.every)
    if as_json:
        show_json(
            [
                {"name": k.name, "scopes": k.scopes, "created_at": k.created_at, "revoked_at": k.revoked_at}
                for k in found
            ]
        )
        return 0
    if not found:
        say("onhand: there are no keys; make one: onhand key create --name shop --scope read,reserve")
        return 0
    rows = [
        [key.name, ",".join(key.scopes), f"{key.created_at:%Y-%m-%d %H:%M}", _state(key.revoked_at is None)]
        for key in found
    ]
    show_table(["name", "scopes", "created (UTC)", "state"], rows)
    return 0


def revoke(*, name: Name) -> int:
    """End a key; it opens nothing from the next request on."""
    opening.run(lambda onhand: keys.revoke(onhand, name))
    say(f"onhand: revoked the key {name!r}")
    return 0


def _state(valid: bool) -> str:  # noqa: FBT001
    return "valid" if valid else "revoked"


def scopes_of(given: list[str]) -> list[str]:
    wanted = [scope.strip() for text in given for scope in text.split(",") if scope.strip()]
    if unknown := [scope for scope in wanted if scope not in keys.SCOPES]:
        raise CliError(f"there is no scope {', '.join(map(repr, unknown))}", f"Scopes: {', '.join(keys.SCOPES)}")
    if not wanted:
        raise CliError("a key without a scope opens nothing", f"Scopes: {', '.join(keys.SCOPES)}")
    return [scope for scope in keys.SCOPES if scope in wanted]
