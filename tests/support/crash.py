"""An embedded PostgreSQL of a test's own, to be killed."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def own_home() -> Iterator[Path]:
    area = Path(tempfile.mkdtemp(prefix="onhand-crash-"))  # short: a socket's path has few bytes
    area.chmod(0o755)
    try:
        yield area / "home"
    finally:
        shutil.rmtree(area, ignore_errors=True)


def kill_postgres(home: Path) -> None:
    """kill -9 of the postmaster."""
    os.kill(int((home / "data" / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
