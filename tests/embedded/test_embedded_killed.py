"""kill -9 of each side, at each moment: the next start finds a way."""

import os
import signal
import subprocess
import threading
import time

import psycopg
import pytest
from embedded_tools import is_running, query, server_pid, superuser_url, until

from onhand.embedded import postmaster, server
from onhand.embedded.errors import StartFailed
from onhand.embedded.home import Home


@pytest.fixture
def stranger():
    """A live process that has nothing to do with us, except for its pid."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def test_killed_application_leaves_a_server_that_the_next_one_uses_and_stops(used_home, app):
    first = app(used_home)
    assert first.url
    pid = server_pid(used_home)
    first.kill()  # and its whole process group, which the server is not in
    assert is_running(pid)
    second = app(used_home)
    assert query(second.url, "SELECT 1") == 1
    assert server_pid(used_home) == pid
    second.close()
    assert not is_running(pid)


def test_killed_application_and_nobody_comes_the_server_stops_by_itself(home, app):
    users = app(home, "--grace", 0.2), app(home, "--grace", 0.2)
    assert users[0].url == users[1].url
    pid = server_pid(home)
    users[0].kill()
    time.sleep(1)  # longer than the grace: one user is enough to keep it
    assert is_running(pid)
    users[1].kill()
    until(lambda: not is_running(pid), "the watchdog has stopped the server")
    assert "received fast shutdown request" in Home.at(home).log_tail()


@pytest.mark.parametrize("moment", ["rename", "role", "database"])
def test_killed_on_the_way_to_a_new_database(home, app, moment):
    assert app(home, "--die-before", moment).ended() == -signal.SIGKILL
    assert (home / "data").exists() == (moment != "rename")
    with server.start(home) as running:
        assert query(running.url, "SELECT current_user || current_database()") == "onhandonhand"
    assert not (home / "data.new").exists()


def test_killed_while_initdb_runs(home, app):
    killed = app(home)
    until((home / "data.new").exists, "initdb has begun")
    killed.kill()
    with server.start(home) as running:
        assert query(running.url, "SELECT 1") == 1


def test_killed_postmaster_loses_nothing_that_was_committed(used_home):
    with server.start(used_home) as running:
        with psycopg.connect(running.url) as connection:
            connection.execute("CREATE TABLE safe AS SELECT 42 AS number")
        os.kill(server_pid(used_home), signal.SIGKILL)
        until(lambda: server.attach(used_home) is None, "the postmaster is dead")
        with server.start(used_home) as again:
            assert query(again.url, "SELECT number FROM safe") == 42


def test_killed_postmaster_whose_child_notices_nothing(used_home):
    with server.start(used_home) as running, psycopg.connect(running.url) as connection:
        backend = connection.info.backend_pid

        def spin():
            with pytest.raises(psycopg.OperationalError):
                connection.execute("DO 'BEGIN LOOP END LOOP; END'")

        spinning = threading.Thread(target=spin)
        spinning.start()
        state = f"SELECT state FROM pg_stat_activity WHERE pid = {backend}"
        until(lambda: query(superuser_url(used_home), state) == "active", "the child is busy")
        os.kill(server_pid(used_home), signal.SIGKILL)
        until(lambda: server.attach(used_home) is None, "the postmaster is dead")
        assert postmaster.is_alive(Home.at(used_home))
        with server.start(used_home) as again:
            assert query(again.url, "SELECT 1") == 1
        spinning.join()


def test_a_killed_backend_is_not_the_end_of_the_server(used_home):
    with server.start(used_home) as running:
        with psycopg.connect(running.url) as connection:
            os.kill(connection.info.backend_pid, signal.SIGKILL)
        with server.start(used_home) as again:
            assert query(again.url, "SELECT 1") == 1


def test_a_stale_pid_file_that_names_a_living_stranger(used_home, stranger):
    with server.start(used_home):
        lines = (used_home / "data/postmaster.pid").read_text().splitlines()
        socket_lock = next(used_home.glob("run/.s.*.lock")).name
    lines[0] = str(stranger.pid)
    (used_home / "data/postmaster.pid").write_text("\n".join(lines) + "\n")
    (used_home / "run").mkdir(mode=0o700, exist_ok=True)
    (used_home / "run" / socket_lock).write_text("\n".join(lines[:5]) + "\n")
    assert server.attach(used_home) is None
    with server.start(used_home) as running:
        assert query(running.url, "SELECT 1") == 1
        assert server_pid(used_home) != stranger.pid
    assert stranger.poll() is None


def test_a_pid_file_that_names_a_stranger_while_the_server_lives(used_home, stranger):
    with server.start(used_home):
        pid_file = used_home / "data/postmaster.pid"
        written = pid_file.read_text()
        pid_file.write_text(written.replace(str(server_pid(used_home)), str(stranger.pid), 1))
        assert not postmaster.signal_postmaster(Home.at(used_home), signal.SIGINT)
        pid_file.write_text(written)
    assert stranger.poll() is None


def test_a_home_that_was_moved_and_another_in_its_place(home, area, app):
    killed = app(home, "--grace", 0.2)
    old_url, old = killed.url, server_pid(home)
    home.rename(area / "moved")
    with server.start(home) as running:
        with Home.at(area / "moved").watchdog_lock() as lock:
            until(lock.try_shared, "the watchdog, whose home is gone, has ended")
        with server.start(area / "moved") as moved:
            assert running.url == old_url != moved.url
            assert query(running.url, "SHOW onhand.alive_lock") != query(moved.url, "SHOW onhand.alive_lock")
            assert server_pid(area / "moved") == old
            running.close()
            killed.kill()
            assert query(moved.url, "SELECT 1") == 1
    assert not is_running(old)


def test_a_server_whose_socket_was_deleted_heals_after_one_failure(used_home, app, monkeypatch):
    monkeypatch.setattr(server, "UNHEARD_S", 0.5)
    killed = app(used_home)
    assert killed.url
    killed.kill()
    for path in used_home.glob("run/.s.*"):
        path.unlink()
    with pytest.raises(StartFailed, match="socket is gone"):
        server.start(used_home)
    with server.start(used_home) as running:
        assert query(running.url, "SELECT 1") == 1


def test_who_uses_it_for_long_brings_it_up_again(home):
    with server.start(home) as running:
        with psycopg.connect(running.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        assert not running.revive()
        first = server_pid(home)
        os.kill(first, signal.SIGKILL)
        until(running.revive, "it was dead, and is up again")
        assert server_pid(home) != first
        assert query(running.url, "SELECT number FROM kept") == 7
        assert not running.revive()
    assert not postmaster.is_alive(Home.at(home))
