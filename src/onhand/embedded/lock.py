"""Locks the kernel keeps: `flock` belongs to an open file, so it ends when the last holder does, however it ends."""

import contextlib
import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from onhand.embedded.errors import HomeBusy

POLL_S = 0.01


class FileLock:
    """One open descriptor of a lock file. A process that inherits `descriptor` holds the same lock."""

    def __init__(self, path: Path) -> None:
        """Open (and if needed create) the file; nothing is locked yet. Raises OSError."""
        self.path = path
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self.descriptor = os.open(path, flags, 0o600)
        if os.geteuid() == 0:
            # Root in somebody's home: leave nothing there that its owner cannot open.
            owner = path.parent.stat()
            os.fchown(self.descriptor, owner.st_uid, owner.st_gid)

    @classmethod
    def adopt(cls, path: Path, descriptor: int) -> Self:
        """The lock behind a descriptor inherited from the process that took it."""
        lock = cls.__new__(cls)
        lock.path = path
        lock.descriptor = descriptor
        return lock

    def try_exclusive(self) -> bool:
        """Take it alone, now or not at all."""
        return self._try(fcntl.LOCK_EX)

    def try_shared(self) -> bool:
        """Take it beside other sharers, now or not at all."""
        return self._try(fcntl.LOCK_SH)

    def exclusive_within(self, timeout_s: float) -> None:
        """Take it alone; raises HomeBusy after `timeout_s` seconds."""
        # Polled, because a blocked flock cannot be given a deadline.
        deadline = time.monotonic() + timeout_s
        while not self.try_exclusive():
            if time.monotonic() > deadline:
                raise HomeBusy(self.path, timeout_s)
            time.sleep(POLL_S)

    def release(self) -> None:
        """Unlock it for all who hold it through this open file; the descriptor stays."""
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    def is_at_its_path(self) -> bool:
        """Whether the path still names this very file (false once the home was deleted or made anew)."""
        with contextlib.suppress(OSError):
            return os.path.samestat(os.fstat(self.descriptor), self.path.stat())
        return False

    def identity(self) -> str:
        """A name for the file that no other file on this machine has while it exists."""
        status = os.fstat(self.descriptor)
        return f"{status.st_dev}-{status.st_ino}"

    def close(self) -> None:
        """Give up our descriptor; the lock itself ends with its last holder. May be called again."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def _try(self, operation: int) -> bool:
        try:
            fcntl.flock(self.descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
