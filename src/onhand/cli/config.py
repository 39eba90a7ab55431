"""onhand config: every setting, and where it comes from."""

import os
from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import urlsplit, urlunsplit

from cyclopts import Parameter

from onhand.cli.terminal import show, show_json, show_table
from onhand.config import NAMES, Settings, from_environment
from onhand.embedded import server
from onhand.embedded.cluster import DATABASE, ROLE
from onhand.embedded.home import PORT, Home
from onhand.embedded.postmaster import Address

HIDDEN = "***"
AsJson = Annotated[bool, Parameter(name="--json", help="Print the settings as JSON.")]
ShowSecrets = Annotated[bool, Parameter(help="Show passwords and keys.")]


def config(*, as_json: AsJson = False, show_secrets: ShowSecrets = False) -> int:
    """Print every setting and where it comes from."""
    settings = from_environment()
    values = _values(settings, show_secrets=show_secrets)
    sources = {name: _source(name) for name in values}
    if as_json:
        show_json({**values, "sources": sources})
        return 0
    shown = {name: "not set" if value is None else str(value) for name, value in values.items()}
    if settings.port is None:
        shown["port"] = "8000, or the next free one"
    rows = [[f"ONHAND_{name.upper()}", value, sources[name]] for name, value in shown.items()]
    show_table(["setting", "value", "from"], rows)
    if settings.database_url is None:
        running = server.attach(settings.home) is not None
        show()
        show(
            f"The database is onhand's own PostgreSQL; it is {'running' if running else 'not running'} at this moment."
        )
    return 0


def embedded_url(settings: Settings) -> str:
    """The URL of the embedded server: where it listens, or where it will."""
    address = Address(Home.at(settings.home).socket_directory(), PORT)
    return server.attach(settings.home) or address.url(ROLE, DATABASE)


def _values(settings: Settings, *, show_secrets: bool) -> dict[str, Any]:
    values = asdict(settings)
    values["database_url"] = settings.database_url or embedded_url(settings)
    values["home"] = str(settings.home)
    if not show_secrets:
        for name in ("database_url", "redis_url"):
            values[name] = values[name] and without_password(values[name])
        values["admin_key"] = values["admin_key"] and HIDDEN
    return {name.removeprefix("ONHAND_").lower(): values[name.removeprefix("ONHAND_").lower()] for name in NAMES}


def _source(name: str) -> str:
    return "environment" if os.environ.get(f"ONHAND_{name.upper()}") else "default"


def without_password(url: str) -> str:
    """The URL as it may be shown: a password in its place or in a parameter is hidden."""
    parts = urlsplit(url)
    place = parts.netloc
    user_and_password, at, host = place.rpartition("@")
    if ":" in user_and_password:
        place = f"{user_and_password.partition(':')[0]}:{HIDDEN}{at}{host}"
    query = "&".join(
        f"{name}={HIDDEN}" if "password" in name.lower() else f"{name}{equals}{value}"
        for name, equals, value in (pair.partition("=") for pair in parts.query.split("&"))
    )
    return urlunsplit((parts.scheme, place, parts.path, query, parts.fragment))
