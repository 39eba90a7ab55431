"""Stops a server whose users all died without saying goodbye (kill -9, power button of a container).

A comfort, not a safeguard: without it such a server runs until the next user leaves. It is a process of its own,
run as `python -m onhand.embedded.watchdog HOME LOCK_DESCRIPTOR GRACE_S`; there is one per server.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from onhand.embedded import postmaster
from onhand.embedded.errors import EmbeddedError
from onhand.embedded.home import Home
from onhand.embedded.lock import FileLock

POLL_S = 1.0
LOG_BYTES_MAX = 16 << 20


def ensure(home: Home, grace_s: float) -> None:
    """Start the home's watchdog unless it has one. The starter lock must be held. Never fails."""
    with home.watchdog_lock() as lock:
        if not sys.executable or not lock.try_exclusive():
            return
        arguments = [str(home.path), str(lock.descriptor), str(grace_s)]
        with contextlib.suppress(OSError):
            subprocess.run(  # noqa: S603 ourselves, and the arguments pass the shell as they are
                [*postmaster.DETACH, sys.executable, "-P", "-m", "onhand.embedded.watchdog", *arguments],
                check=False,
                cwd="/",
                pass_fds=[lock.descriptor],
                start_new_session=True,
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )


def watch(home: Home, lock: FileLock, grace_s: float) -> None:
    """Return when the server is gone, having stopped it `grace_s` seconds after its last user went."""
    poll_s = min(POLL_S, grace_s or POLL_S)
    unused_since: float | None = None
    with home.starter_lock() as starter, home.users_lock() as users:
        # A home that was deleted is none of our business, nor is a new one in its place.
        while users.is_at_its_path() and lock.is_at_its_path():
            _bound_log(home)
            # Only under the starter lock: our trial must not look like a user to one who leaves.
            if starter.try_exclusive():
                if not postmaster.is_alive(home):
                    lock.close()  # before `starter`, so that the next start gets a watchdog
                    return
                unused_since = (unused_since or time.monotonic()) if users.try_exclusive() else None
                if unused_since is not None and time.monotonic() - unused_since >= grace_s:
                    postmaster.stop(home)
                users.release()
                starter.release()
            time.sleep(poll_s)


def _bound_log(home: Home) -> None:
    """Keep at most two pieces of log; the server appends, so it goes on at the start of an emptied file."""
    with contextlib.suppress(OSError):
        if home.log.stat().st_size > LOG_BYTES_MAX:
            shutil.copyfile(home.log, home.log.with_suffix(".log.1"))
            os.truncate(home.log, 0)


def main(home: str, descriptor: str, grace_s: str) -> None:
    """Watch until there is nothing to watch; a server that will not stop is tried again by the next user."""
    place = Home.at(Path(home))
    with contextlib.suppress(EmbeddedError):
        watch(place, FileLock.adopt(place.path / "watchdog.lock", int(descriptor)), float(grace_s))


if __name__ == "__main__":
    main(*sys.argv[1:])
