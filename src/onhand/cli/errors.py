"""From an error to one line for a person, what to do about it, and an exit code. Nothing here shows a traceback."""

import psycopg
from psycopg_pool import PoolTimeout

from onhand.config import ConfigError
from onhand.domain.errors import AlreadyExists, DomainError, Invalid, Unavailable, Unknown
from onhand.embedded.errors import EmbeddedError
from onhand.server.errors import ServeError

FAILED = 1
UNUSABLE = 2  # wrong usage, wrong settings, a file that cannot be read: nothing was begun


class CliError(Exception):
    """Ends the command: one line, a hint that helps, an exit code."""

    def __init__(self, message: str, hint: str | None = None, exit_code: int = UNUSABLE) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code


def explain(error: Exception) -> CliError:
    """What to tell of any error."""
    message, hint, exit_code = _explanation(error)
    return CliError(message, hint, exit_code)


def _explanation(error: Exception) -> tuple[str, str | None, int]:
    match error:
        case CliError():
            told: tuple[str, str | None, int] = (error.message, error.hint, error.exit_code)
        case ConfigError():
            told = str(error), "`onhand config` lists every setting.", UNUSABLE
        case EmbeddedError():
            told = str(error), "`onhand doctor` checks the installation.", FAILED
        case psycopg.errors.UndefinedTable() | psycopg.errors.UndefinedColumn():
            told = _first_line(error), "Is the database migrated? Run: onhand migrate", FAILED
        case psycopg.errors.InsufficientPrivilege():
            told = _first_line(error), "Use a role that owns the tables of onhand.", FAILED
        case psycopg.OperationalError() | PoolTimeout() | Unavailable():
            reason = f": {_first_line(error)}" if str(error) else ""
            told = f"the database cannot be reached{reason}", "`onhand doctor` says more.", FAILED
        case ServeError():
            told = str(error), None, FAILED
        case DomainError():
            told = _of_domain(error), None, FAILED
        case OSError() if error.filename is not None:
            told = f"{error.filename}: {error.strerror}", None, UNUSABLE
        case _:
            told = f"{type(error).__name__}: {_first_line(error)}", "Add --debug for the traceback.", FAILED
    return told


def _of_domain(error: DomainError) -> str:
    match error:
        case Unknown():
            return f"there is no {error.kind} {error.name!r}"
        case AlreadyExists():
            return f"a {error.kind} named {error.name!r} exists already"
        case Invalid():
            return "; ".join(f"{field.path}: {field.detail}" for field in error.fields)
        case _:
            said = str(error)
            return f"{error.code}: {(type(error).__doc__ or '').strip()}" + (f" ({said})" if said else "")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
