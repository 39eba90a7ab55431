import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from embedded_tools import DEADLINE_S, App

from onhand.embedded import postmaster, server
from onhand.embedded.home import Home


@contextmanager
def _area() -> Iterator[Path]:
    """A directory that any account may enter; pytest's own are closed to all but their owner."""
    path = Path(tempfile.mkdtemp(prefix="onhand-test-"))
    path.chmod(0o755)
    yield path
    for lock in path.rglob("alive.lock"):
        _quiet(lock.parent)
    shutil.rmtree(path)


def _quiet(home: Path) -> None:
    """Stop what a failed test may have left, and wait for a watchdog that is about to do so."""
    place = Home.at(home)
    if postmaster.is_alive(place):
        server.start(home).close()
    with place.starter_lock() as starter:
        starter.exclusive_within(DEADLINE_S)


@pytest.fixture
def area() -> Iterator[Path]:
    with _area() as path:
        yield path


@pytest.fixture
def home(area: Path) -> Path:
    """Not made yet."""
    return area / "home"


@pytest.fixture(scope="session")
def _used_home() -> Iterator[Path]:
    with _area() as path:
        with server.start(path / "home"):
            pass
        yield path / "home"


@pytest.fixture
def used_home(_used_home: Path) -> Iterator[Path]:
    """Made before, and down; for tests to which it does not matter that others use it too."""
    yield _used_home
    _quiet(_used_home)


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
