"""A child does not outlive its supervisor, however that ends."""

import contextlib
import ctypes
import os
import signal
import sys
import threading

PR_SET_PDEATHSIG = 1
ORPHANED = 70  # exit status


def hold(descriptor: int, parent_pid: int) -> None:
    """Die when the parent does: by the kernel's hand where it offers that, and when the pipe that it holds ends."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # It went before we asked.
        os._exit(ORPHANED)
    threading.Thread(target=_wait, args=(descriptor,), daemon=True, name="lifeline").start()


def _wait(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os._exit(ORPHANED)
