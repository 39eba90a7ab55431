"""Questions about other processes, and signals that reach only the process that was meant.

Linux answers in /proc; elsewhere `ps` answers the one question that cannot go without.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

PROC = Path("/proc")
PS_TIMEOUT_S = 5


def command(pid: int) -> str:
    """The command line of a process, arguments apart by one space; empty if it is gone."""
    if (PROC / "self").exists():
        try:
            return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    listed = subprocess.run(  # noqa: S603 no shell, and the pid is a number
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)],
        capture_output=True,
        check=False,
        text=True,
        timeout=PS_TIMEOUT_S,
    )
    return listed.stdout


def parent(pid: int) -> int | None:
    """The pid of a process's parent; None if it is gone (or this is not Linux)."""
    try:
        # The second field, the name, may itself hold blanks and brackets.
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None


def holding(file: os.stat_result) -> set[int]:
    """The processes that have this file open, as far as we may look (Linux; elsewhere none)."""
    return {int(process.name) for process in PROC.glob("[0-9]*") if process.name.isdigit() and _holds(process, file)}


def is_postgres_in(pid: int, directory: Path) -> bool:
    """Whether a process is a PostgreSQL whose working directory this is (Linux; elsewhere never)."""
    process = PROC / str(pid)
    with contextlib.suppress(OSError):
        is_postgres = (process / "comm").read_text().strip() == "postgres"
        return is_postgres and (process / "cwd").samefile(directory)
    return False


def send(pid: int, number: int, is_the_one: Callable[[], bool]) -> bool:
    """Signal `pid` if it is the one that is meant; says whether it was."""
    try:
        handle = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
    except ProcessLookupError:
        return False
    except OSError:  # a kernel without pidfd
        handle = None
    try:
        # Judged while we hold the handle: a pid given to another process in between is not signalled.
        if not is_the_one():
            return False
        if handle is None:
            os.kill(pid, number)
        else:
            signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        if handle is not None:
            os.close(handle)
    return True


def _holds(process: Path, file: os.stat_result) -> bool:
    with contextlib.suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                if os.path.samestat(descriptor.stat(), file):
                    return True
    return False
