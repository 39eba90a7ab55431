import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from embedded_tools import App

from onhand.embedded import postmaster, server
from onhand.embedded.home import Home


@pytest.fixture
def area() -> Iterator[Path]:
    """A directory that any account may enter; pytest's own are closed to all but their owner."""
    path = Path(tempfile.mkdtemp(prefix="onhand-test-"))
    path.chmod(0o755)
    yield path
    for lock in path.rglob("alive.lock"):
        if postmaster.is_alive(Home.at(lock.parent)):
            server.start(lock.parent).close()  # a test that failed may have left it
    shutil.rmtree(path)


@pytest.fixture
def home(area: Path) -> Path:
    return area / "home"


@pytest.fixture
def app() -> Iterator[Callable[..., App]]:
    apps: list[App] = []

    def run(*arguments: object, environment: dict[str, str] | None = None) -> App:
        apps.append(App(*arguments, environment=environment))
        return apps[-1]

    yield run
    for each in apps:
        if each.process.poll() is None:
            each.kill()
        each.process.stdin.close()
        each.process.stdout.close()
