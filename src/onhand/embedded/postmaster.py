"""The server's first process: launched, found again, told apart from strangers, stopped.

Whether a server is alive is asked of the kernel: the postmaster and all its children hold `alive.lock`, which they
inherit. The pid file only says how to talk to it, and is believed only while that lock is held.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from onhand.embedded import processes
from onhand.embedded.account import identity
from onhand.embedded.binaries import Binaries
from onhand.embedded.errors import BadHome, StartFailed, StopFailed
from onhand.embedded.home import PORT, Home
from onhand.embedded.lock import POLL_S, FileLock

FAST_STOP_S = 60.0  # a fast shutdown ends with a checkpoint, which may have gigabytes to write
IMMEDIATE_STOP_S = 15.0  # PostgreSQL itself kills its children 5 s after SIGQUIT
ORPHANS_AFTER_S = 1.0
SHARED_BUFFERS_MB_MAX, SHARED_BUFFERS_MB_MIN = 2048, 32
MEMORY_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))  # v2, v1
PROBE_TIMEOUT_S = 5.0
# `&` makes it nobody's child: it outlives us, and leaves us no zombie to reap.
DETACH = ("/bin/sh", "-c", 'exec "$@" &', "sh")


@dataclass(frozen=True)
class Address:
    """Where a running server listens."""

    socket_directory: Path
    port: int

    @property
    def socket(self) -> Path:
        return self.socket_directory / f".s.PGSQL.{self.port}"

    @property
    def lock_file(self) -> Path:
        """Names the postmaster that listens there."""
        return self.socket.with_name(f"{self.socket.name}.lock")

    def url(self, user: str, database: str) -> str:
        """A libpq URI; complete, so that no PG* variable of the environment fills a gap."""
        host = quote(str(self.socket_directory), safe="")
        return f"postgresql://{user}@/{database}?host={host}&port={self.port}"


def clean_environment() -> dict[str, str]:
    """Our environment without what would change the server's ways."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG", "TZ"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def data_argument(home: Home, directory: Path) -> str:
    """How the server names `directory`, which must be its working directory. Raises BadHome."""
    if home.reachable:
        return str(directory)
    # The parents are closed to the server's account, and not ours to open. We go there, then drop our rights.
    if not Path("/proc/self/cwd").exists():
        raise BadHome(home.path, f"a directory above it is closed to user {home.owner.uid}")
    return "/proc/self/cwd"


def memory_mb(limits: Iterable[Path] = MEMORY_LIMITS) -> int:
    """What this machine has, or what its container may take."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for limit in limits:
        with contextlib.suppress(OSError, ValueError):  # There is none, or it says "max".
            found.append(int(limit.read_text()))
    return min(found) >> 20


def server_settings(home: Home, settings: Mapping[str, str], alive: FileLock) -> dict[str, str]:
    """All settings of the server: ours, then the caller's, then those that we find it by."""
    shared_buffers_mb = max(SHARED_BUFFERS_MB_MIN, min(SHARED_BUFFERS_MB_MAX, memory_mb() // 8))
    ours = {
        "checkpoint_timeout": "15min",
        "fsync": "on",
        "jit": "off",  # short statements; compiling them costs more than it saves
        "log_line_prefix": "%m [%p] ",
        "log_timezone": "UTC",
        "max_connections": "200",
        "max_wal_size": "4GB",
        "shared_buffers": f"{shared_buffers_mb}MB",
        "synchronous_commit": "on",
        "timezone": "UTC",
        "wal_compression": "off",  # pglz, the only one in the wheel, costs 20 µs a page and more than it saves
    }
    fixed = {
        "listen_addresses": "",
        "logging_collector": "off",
        "onhand.alive_lock": alive.identity(),
        "port": str(PORT),
        "unix_socket_directories": str(home.socket_directory()),
        "unix_socket_permissions": "0700",
    }
    return ours | dict(settings) | fixed


def launch(home: Home, binaries: Binaries, settings: Mapping[str, str], alive: FileLock) -> None:
    """Start the server and return at once; it takes `alive` with it. Needs `alive` exclusively.

    Raises BadHome, StartFailed.
    """
    _remove_traces(home)
    home.make_private(home.socket_directory())
    command = [binaries.program("postgres"), "-D", data_argument(home, home.data)]
    for name, value in server_settings(home, settings, alive).items():
        command += ["-c", f"{name}={value}"]
    if home.log.exists():
        home.log.replace(home.log.with_suffix(".log.1"))
    log = os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        subprocess.run(  # noqa: S603 a program we found, and its arguments pass the shell as they are
            [*DETACH, *command],
            check=True,
            cwd=home.data,
            env=clean_environment(),
            pass_fds=[alive.descriptor],
            start_new_session=True,  # Ctrl-C at our terminal is not for the server
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            umask=0o077,
            **identity(home.account),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise StartFailed(home.path, str(error), "") from error
    finally:
        os.close(log)


def is_alive(home: Home) -> bool:
    """Whether any process of the server lives, also one that lost its postmaster."""
    try:
        with home.alive_lock() as alive:
            return not alive.try_shared()
    except BadHome:
        return False


def address(home: Home) -> Address | None:
    """Where the home's server listens, if it is ready for connections."""
    lines = _pid_file_lines(home)
    if not _says_ready(lines) or not lines[3].isdigit() or not is_alive(home):
        return None
    # Where it was started, or where that has been moved to since.
    for directory in (Path(lines[4]), home.socket_directory()):
        found = Address(directory, int(lines[3]))
        if _first_line(found.lock_file) == lines[0].strip() and _listens(found):
            return found
    return None


def says_ready(home: Home) -> bool:
    """Whether the pid file calls the server ready, which a killed server's does too."""
    return _says_ready(_pid_file_lines(home))


def _says_ready(lines: list[str]) -> bool:
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _first_line(file: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        return file.read_text().partition("\n")[0].strip()
    return ""


def _listens(found: Address) -> bool:
    # The children of a killed postmaster live on for a moment, but they do not listen.
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(PROBE_TIMEOUT_S)
        try:
            probe.connect(str(found.socket))
        except OSError:
            return False
    return True


def stop(home: Home) -> None:
    """Stop the server, if it is alive, and wait until all of it is gone. The starter lock must be held.

    Raises StopFailed.
    """
    for number, timeout_s in ((signal.SIGINT, FAST_STOP_S), (signal.SIGQUIT, IMMEDIATE_STOP_S)):
        deadline = time.monotonic() + timeout_s
        look_for_orphans = time.monotonic() + ORPHANS_AFTER_S
        sent = False
        while time.monotonic() < deadline:
            if not is_alive(home):
                with contextlib.suppress(OSError):  # it may hold something of somebody else's
                    home.socket_directory().rmdir()
                return
            # Not sent: it may not have written its pid yet.
            sent = sent or signal_postmaster(home, number)
            if time.monotonic() > look_for_orphans:
                quit_orphans(home)
                look_for_orphans += ORPHANS_AFTER_S
            time.sleep(POLL_S)
    raise StopFailed(home.path, pid(home), FAST_STOP_S + IMMEDIATE_STOP_S)


def pid(home: Home) -> int | None:
    """The pid that the pid file names. Whose it is now is another question."""
    lines = _pid_file_lines(home)
    return int(lines[0]) if lines and lines[0].strip().isdigit() else None


def signal_postmaster(home: Home, number: int) -> bool:
    """Signal the postmaster; false if there is none, or the pid belongs to a stranger."""
    named = pid(home)
    with home.alive_lock() as alive:
        proof = f"onhand.alive_lock={alive.identity()}"
    return named is not None and processes.send(named, number, lambda: proof in processes.command(named))


def quit_orphans(home: Home) -> None:
    """End the server's processes that lost their postmaster (Linux; elsewhere they end with their work).

    Such a process notices only when it next waits for something, and until then its memory bars a new server.
    """
    with home.alive_lock() as alive:
        lock = os.fstat(alive.descriptor)

    def is_orphan(child: int) -> bool:
        holders = processes.holding(lock)
        titled = processes.command(child).startswith("postgres: ")
        return titled and child in holders and processes.parent(child) not in holders

    for child in processes.holding(lock):
        processes.send(child, signal.SIGQUIT, partial(is_orphan, child))


def _remove_traces(home: Home) -> None:
    """Remove what a killed server left. Only with `alive.lock` held: then nobody is behind these files."""
    named = pid(home)
    if named is not None and processes.is_postgres_in(named, home.data):
        raise BadHome(home.path, f"a PostgreSQL that onhand did not start runs on its data (process {named})")
    home.pid_file.unlink(missing_ok=True)
    stale = Address(home.socket_directory(), PORT)
    stale.socket.unlink(missing_ok=True)
    stale.lock_file.unlink(missing_ok=True)


def _pid_file_lines(home: Home) -> list[str]:
    try:
        return home.pid_file.read_text().splitlines()
    except OSError:
        return []
