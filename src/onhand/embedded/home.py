"""The directory that belongs to one embedded server, and what lies where in it."""

import hashlib
import os
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from onhand.embedded.account import Account, account_for, reachable, unprivileged
from onhand.embedded.errors import BadHome
from onhand.embedded.lock import FileLock

# The kernel's limit for a socket's path is 104 bytes on some systems and 108 on Linux.
SOCKET_PATH_BYTES_MAX = 100
PORT = 5432  # names the socket file; no TCP port is opened
ROOT_HOME = Path("/var/lib/onhand")


def default_home() -> Path:
    """Where the server lives if nobody says otherwise.

    `$XDG_DATA_HOME/onhand` or `~/.local/share/onhand`. For root only if the account that root lends to the
    server can reach it (mostly /root is closed to it), else `/var/lib/onhand`. Raises BadHome.
    """
    data_home = os.environ.get("XDG_DATA_HOME", "")
    base = Path(data_home) if data_home.startswith("/") else Path("~/.local/share").expanduser()
    home = base / "onhand"
    if os.geteuid() == 0 and not reachable(home, unprivileged(home)):
        return ROOT_HOME
    return home


@dataclass(frozen=True)
class Home:
    """One server's directory; `account` is who the server runs as (None: as ourselves)."""

    path: Path
    account: Account | None

    @classmethod
    def at(cls, path: Path) -> Self:
        """The home at `path`, which need not exist. Raises BadHome."""
        resolved = path.expanduser().resolve()
        return cls(resolved, account_for(resolved))

    def create(self) -> None:
        """Make the directory if it is missing, and see that it is ours. Raises BadHome."""
        try:
            if not self.path.exists():
                self.path.mkdir(parents=True, exist_ok=True)
                # Root's server runs as another account, which must get through to its data.
                self.path.chmod(0o711 if self.account else 0o700)
            owner_uid = self.path.stat().st_uid
        except OSError as error:
            raise BadHome(self.path, f"{error.strerror} ({error.filename})") from error
        if not self.path.is_dir():
            raise BadHome(self.path, "it is not a directory")
        if os.geteuid() not in {0, owner_uid}:
            raise BadHome(self.path, f"it belongs to user {owner_uid} and we are user {os.geteuid()}")

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def data_unfinished(self) -> Path:
        """Where `initdb` works; renamed to `data` when it is done, so that `data` is always whole."""
        return self.path / "data.new"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @property
    def log(self) -> Path:
        return self.path / "postgres.log"

    @cached_property
    def reachable(self) -> bool:
        """Whether the server's account can walk down to the home."""
        return reachable(self.path, self.account)

    def starter_lock(self) -> FileLock:
        """Held alone by whoever starts or stops the server."""
        return self._lock("starter.lock")

    def users_lock(self) -> FileLock:
        """Shared by all who use the server."""
        return self._lock("users.lock")

    def alive_lock(self) -> FileLock:
        """Held by the postmaster and all its children, who inherit it."""
        return self._lock("alive.lock")

    def watchdog_lock(self) -> FileLock:
        """Held by the watchdog, who inherits it."""
        return self._lock("watchdog.lock")

    def socket_directory(self) -> Path:
        """Where the server's socket goes: into the home, or if that is too long or closed, below /tmp."""
        inside = self.path / "run"
        longest = len(os.fsencode(inside / f".s.PGSQL.{PORT}.lock"))
        if self.reachable and longest <= SOCKET_PATH_BYTES_MAX:
            return inside
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        # Not $XDG_RUNTIME_DIR: it vanishes at logout, and services have none. Squatters: see make_private.
        return Path(f"/tmp/onhand-{self.owner.uid}-{digest}")  # noqa: S108 checked by make_private

    @property
    def owner(self) -> Account:
        """Whose the server's files are."""
        return self.account or Account(os.geteuid(), os.getegid())

    def make_private(self, directory: Path) -> None:
        """Make `directory` 0700 and the server's, or prove that it already is. Raises BadHome."""
        try:
            directory.mkdir(mode=0o700)
            os.chown(directory, self.owner.uid, self.owner.gid, follow_symlinks=False)
        except FileExistsError:
            pass
        except OSError as error:
            raise BadHome(self.path, f"{error.strerror} ({directory})") from error
        status = directory.lstat()
        if status.st_uid == 0 and self.account and stat.S_ISDIR(status.st_mode):
            # Ours, from a start that was killed between mkdir and chown.
            os.chown(directory, self.owner.uid, self.owner.gid, follow_symlinks=False)
            status = directory.lstat()
        mine = stat.S_ISDIR(status.st_mode) and status.st_uid == self.owner.uid
        if not mine or stat.S_IMODE(status.st_mode) & 0o077:
            raise BadHome(self.path, f"{directory} is not a directory that is private to user {self.owner.uid}")

    def log_tail(self, characters_max: int = 2000) -> str:
        """The end of the server's log; empty if there is none."""
        try:
            return self.log.read_text(errors="replace")[-characters_max:].strip()
        except OSError:
            return ""

    def _lock(self, name: str) -> FileLock:
        path = self.path / name
        try:
            return FileLock(path)
        except OSError as error:
            raise BadHome(self.path, f"{error.strerror} ({path})") from error
