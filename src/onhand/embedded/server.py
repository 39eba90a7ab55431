"""The embedded PostgreSQL: one server per home, shared by all processes that ask for it, stopped by the last."""

import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from onhand.embedded import binaries, cluster, postmaster, watchdog
from onhand.embedded.errors import EmbeddedError, HomeBusy, StartFailed
from onhand.embedded.home import Home
from onhand.embedded.lock import POLL_S, FileLock

START_S = 300.0  # after a crash, gigabytes of log may have to be replayed
UNHEARD_S = 30.0  # for a server that says it is ready and does not listen
LOCK_S = START_S + 120.0
ORPHAN_GRACE_S = 10.0


@dataclass(frozen=True)
class EmbeddedServer:
    """A running server in use by us; a context manager that gives it up at its end.

    `url` is a libpq URI: unix socket, role `onhand`, database `onhand`.
    """

    url: str
    _home: Home = field(repr=False, compare=False)
    _users: FileLock = field(repr=False, compare=False)
    _settings: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    _orphan_grace_s: float = field(default=0.0, repr=False, compare=False)

    def revive(self) -> bool:
        """Start it again if it has died (kill -9, out of memory); whether it had. What was committed is there.

        Raises NoBinaries, StartFailed, HomeBusy.
        """
        if postmaster.is_alive(self._home):
            return False
        with self._home.starter_lock() as starter:
            starter.exclusive_within(LOCK_S)
            if postmaster.is_alive(self._home):
                return False  # somebody else was quicker
            watchdog.ensure(self._home, self._orphan_grace_s)  # the one before has gone with its server
            _bring_up(self._home, self._settings)
        return True

    def close(self) -> None:
        """Give up our use; the last user stops the server and waits for its end. May be called again.

        Processes forked from the user count as users until they end. Raises StopFailed, HomeBusy.
        """
        if self._users.descriptor < 0:
            return
        with self._home.starter_lock() as starter:
            try:
                starter.exclusive_within(LOCK_S)
            finally:
                self._users.close()
            _stop_if_unused(self._home)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(
    home: Path, *, settings: Mapping[str, str] | None = None, orphan_grace_s: float = ORPHAN_GRACE_S
) -> EmbeddedServer:
    """Use the server of `home`: make it if there is none, start it if it is down, else share it.

    `settings` (PostgreSQL's own names) apply if this call is the one that starts the server. A server whose
    users were all killed stops by itself after `orphan_grace_s` seconds. Start before you fork without exec: a
    fork counts as a user, and one taken in the very moment of starting as part of the server.

    Raises BadHome, NoBinaries, InitdbFailed, StartFailed, HomeBusy.
    """
    place = Home.at(home)
    place.create()
    with ExitStack() as held:
        starter = held.enter_context(place.starter_lock())
        starter.exclusive_within(LOCK_S)
        users = place.users_lock()
        held.callback(_stop_if_unused, place)
        held.callback(users.close)
        if not users.try_shared():
            raise HomeBusy(users.path, 0.0)
        # First, so that nothing we start outlives us unwatched if we are killed on the way.
        watchdog.ensure(place, orphan_grace_s)
        address = _bring_up(place, settings or {})
        while not cluster.provide_role_and_database(place, address):
            address = _bring_up(place, settings or {})
        held.pop_all()
        starter.close()
    return EmbeddedServer(address.url(cluster.ROLE, cluster.DATABASE), place, users, settings or {}, orphan_grace_s)


def attach(home: Path) -> str | None:
    """The url of the home's server if it is ready, without starting it, and without keeping it from stopping."""
    with suppress(EmbeddedError):
        if address := postmaster.address(Home.at(home)):
            return address.url(cluster.ROLE, cluster.DATABASE)
    return None


def _bring_up(home: Home, settings: Mapping[str, str]) -> postmaster.Address:
    """Wait for a server that answers; launch it if none is alive. The starter lock must be held."""
    began = time.monotonic()
    look_for_orphans_s = postmaster.ORPHANS_AFTER_S
    launched = False
    while (waited_s := time.monotonic() - began) < START_S:
        if address := postmaster.address(home):
            return address
        with home.alive_lock() as alive:
            if alive.try_exclusive():
                if launched:
                    raise StartFailed(home.path, "it ended at once", home.log_tail())
                _launch(home, settings, alive)
                launched = True
                continue
        if waited_s > look_for_orphans_s:
            postmaster.quit_orphans(home)
            look_for_orphans_s += postmaster.ORPHANS_AFTER_S
        if waited_s > UNHEARD_S and postmaster.says_ready(home):
            # Our leaving stops it if nobody else uses it, so that the next try starts afresh.
            raise StartFailed(home.path, "it is alive, but its socket is gone", home.log_tail())
        time.sleep(POLL_S)
    raise StartFailed(home.path, f"it was not ready after {START_S:.0f} s", home.log_tail())


def _launch(home: Home, settings: Mapping[str, str], alive: FileLock) -> None:
    programs = binaries.find(home)
    if not home.data.exists():
        cluster.create(home, programs, alive)
    postmaster.launch(home, programs, settings, alive)


def _stop_if_unused(home: Home) -> None:
    """Stop the server if nobody uses it. The starter lock must be held."""
    with home.users_lock() as users:
        if users.try_exclusive():
            postmaster.stop(home)
