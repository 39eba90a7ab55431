"""Settings come from the environment, all of them here. An unknown ONHAND_* name is an error, not a typo in silence."""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from onhand.embedded.home import default_home


class ConfigError(Exception):
    """A setting is unknown or has a value that cannot be."""


@dataclass(frozen=True)
class Settings:
    """database_url None: the embedded PostgreSQL under home. port None: 8000, or the next free one."""

    database_url: str | None
    redis_url: str | None
    home: Path
    host: str
    port: int | None
    workers: int
    admin_key: str | None
    log_format: str  # console or json


NAMES = {
    "ONHAND_DATABASE_URL": "PostgreSQL to use, postgresql://… (default: an embedded one)",
    "ONHAND_REDIS_URL": "Valkey or Redis for displayed availability (default: in-process)",
    "ONHAND_HOME": "where the embedded PostgreSQL keeps its data",
    "ONHAND_HOST": "address to listen on (default 127.0.0.1)",
    "ONHAND_PORT": "port to listen on (default 8000, or the next free one)",
    "ONHAND_WORKERS": "server processes (default 1)",
    "ONHAND_ADMIN_KEY": "a first API key with every scope, for machines",
    "ONHAND_LOG_FORMAT": "console or json (default: console on a terminal, else json)",
}


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check every ONHAND_* setting. Raises ConfigError."""
    for name in environ:
        if name.startswith("ONHAND_") and name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, 1)
            raise ConfigError(f"{name} is not a setting of onhand" + (f"; did you mean {near[0]}?" if near else "."))
    database_url = environ.get("ONHAND_DATABASE_URL") or None
    if database_url and urlsplit(database_url).scheme not in ("postgresql", "postgres"):
        raise ConfigError("ONHAND_DATABASE_URL begins with postgresql://")
    redis_url = environ.get("ONHAND_REDIS_URL") or None
    if redis_url and urlsplit(redis_url).scheme not in ("redis", "rediss", "valkey", "valkeys", "unix"):
        raise ConfigError("ONHAND_REDIS_URL begins with redis://, rediss://, valkey:// or unix://")
    log_format = environ.get("ONHAND_LOG_FORMAT") or ("console" if os.isatty(2) else "json")
    if log_format not in ("console", "json"):
        raise ConfigError("ONHAND_LOG_FORMAT is console or json.")
    admin_key = environ.get("ONHAND_ADMIN_KEY") or None
    if admin_key is not None and (len(admin_key) < 16 or not admin_key.isascii() or not admin_key.isprintable()):
        raise ConfigError("ONHAND_ADMIN_KEY has at least 16 visible characters.")
    home = environ.get("ONHAND_HOME")
    return Settings(
        database_url=database_url,
        redis_url=redis_url,
        home=Path(home).expanduser().absolute() if home else default_home(),
        host=environ.get("ONHAND_HOST") or "127.0.0.1",
        port=_whole(environ, "ONHAND_PORT", 0, 65535),
        workers=_whole(environ, "ONHAND_WORKERS", 1, 256) or 1,
        admin_key=admin_key,
        log_format=log_format,
    )


def _whole(environ: Mapping[str, str], name: str, low: int, high: int) -> int | None:
    text = environ.get(name)
    if not text:
        return None
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ConfigError(f"{name} is a whole number from {low} to {high}.")
    return int(text)
