import os
import re
import stat
import subprocess
from pathlib import Path

import psycopg
import pytest
from embedded_tools import App, is_running, query, server_pid, superuser_url, until

from onhand.embedded import binaries, server
from onhand.embedded.errors import BadHome, StartFailed
from onhand.embedded.home import Home
from onhand.embedded.postmaster import memory_mb


def test_a_cold_start_gives_a_database_of_our_own(home):
    with server.start(home) as running:
        with psycopg.connect(running.url) as connection:
            facts = connection.execute(
                "SELECT current_user, current_database(), rolsuper, rolcreaterole, rolcreatedb, rolbypassrls,"
                " pg_has_role('pg_read_all_stats', 'usage') FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
            assert facts == ("onhand", "onhand", False, False, False, False, True)
            names = "listen_addresses", "data_checksums", "fsync", "synchronous_commit", "server_encoding"
            shown = [connection.execute(f"SHOW {name}").fetchone()[0] for name in names]
            assert shown == ["", "on", "on", "on", "UTF8"]
            owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'onhand'"
            assert connection.execute(owner).fetchone() == ("onhand",)
            assert connection.execute("SELECT 'Z' < 'a', lower('ÄÖ')").fetchone() == (True, "äö")
        (socket_directory,) = re.findall("host=([^&]+)", running.url)
        mode = Path(socket_directory.replace("%2F", "/")).stat().st_mode
        assert stat.S_IMODE(mode) == 0o700
        assert server.attach(home) == running.url


def test_a_warm_start_keeps_the_data(used_home):
    with server.start(used_home) as running, psycopg.connect(running.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
    with server.start(used_home) as running:
        assert query(running.url, "SELECT number FROM kept") == 42


def test_the_last_user_stops_the_server_and_waits(used_home, app):
    first, second = app(used_home), app(used_home)
    assert first.url == second.url
    pid = server_pid(used_home)
    with server.start(used_home):
        first.close()
        second.close()
        assert server_pid(used_home) == pid
        assert is_running(pid)
    assert not is_running(pid)
    assert server.attach(used_home) is None
    assert not list(used_home.glob("run/.s.*"))
    assert not (used_home / "data/postmaster.pid").exists()


def test_two_uses_in_one_process_count_as_two(used_home):
    first = server.start(used_home)
    with server.start(used_home) as second:
        first.close()
        first.close()
        assert query(second.url, "SELECT 1") == 1
    assert server.attach(used_home) is None


def test_three_starts_at_once_share_one_server(home, app):
    apps: list[App] = [app(home) for _ in range(3)]
    assert len({each.url for each in apps}) == 1
    pid = server_pid(home)
    for each in apps:
        assert is_running(pid)
        each.close()
    assert not is_running(pid)


def test_closing_and_starting_at_once_leaves_no_user_without_a_server(used_home, app):
    with server.start(used_home):
        apps = [app(used_home) for _ in range(2)]
    for each in apps:
        assert query(each.url, "SELECT 1") == 1
        each.close()
    assert server.attach(used_home) is None


def test_attach_starts_nothing(home):
    assert server.attach(home) is None
    assert not home.exists()


def test_a_path_longer_than_a_socket_may_have(area):
    home = area / ("long" * 20) / ("path" * 20)
    assert len(str(home)) > 150
    with server.start(home) as running:
        assert query(running.url, "SELECT 1") == 1
        assert server.attach(home) == running.url
        directory = Home.at(home).socket_directory()
        assert directory.stat().st_mode & 0o777 == 0o700
    assert not directory.exists()


def test_a_runtime_directory_of_a_stranger_is_refused(area):
    home = area / ("long" * 20) / ("path" * 20)
    squatted = Home.at(home).socket_directory()
    squatted.symlink_to(area)
    try:
        with pytest.raises(BadHome, match="not a directory that is private"):
            server.start(home)
    finally:
        squatted.unlink()


def test_psql_takes_the_url_whatever_the_environment_says(used_home):
    strange = {"PGHOST": "elsewhere", "PGPORT": "1", "PGUSER": "nobody", "PGDATABASE": "none"}
    with server.start(used_home) as running:
        psql = binaries.find(Home.at(used_home)).program("psql")
        said = subprocess.check_output(
            [psql, "-X", "-A", "-t", "-c", "SELECT current_user", running.url],
            env=os.environ | strange,
            text=True,
        )
    assert said == "onhand\n"


def test_settings_win_over_ours_but_not_over_safety(used_home):
    settings = {"max_connections": "33", "unix_socket_directories": "", "listen_addresses": "*"}
    with server.start(used_home, settings=settings) as running:
        assert query(running.url, "SHOW max_connections") == "33"
        assert query(running.url, "SHOW listen_addresses") == ""


def test_a_container_may_take_less_than_the_machine_has(tmp_path):
    (tmp_path / "limit").write_text("1073741824\n")
    (tmp_path / "none").write_text("max\n")
    assert memory_mb([]) == memory_mb([tmp_path / "absent", tmp_path / "none"])
    assert memory_mb([tmp_path / "none", tmp_path / "limit"]) == min(1024, memory_mb([]))


def test_a_server_that_will_not_start_says_why_and_leaves_nothing_behind(used_home):
    with pytest.raises(StartFailed, match="nonsense"):
        server.start(used_home, settings={"shared_buffers": "nonsense"})
    with server.start(used_home) as running:
        assert query(running.url, "SELECT 1") == 1


def test_a_home_that_is_a_file(area):
    (area / "file").touch()
    with pytest.raises(BadHome, match="not a directory"):
        server.start(area / "file")
    with pytest.raises(BadHome):
        server.start(area / "file" / "below")


def test_the_logs_of_all_starts_are_two_files_at_most(used_home):
    for _ in range(3):
        with server.start(used_home):
            assert "ready to accept connections" in Home.at(used_home).log_tail()
    assert len(list(used_home.glob("postgres.log*"))) == 2


def test_a_database_dropped_by_hand_is_made_anew(used_home):
    with server.start(used_home):
        query(superuser_url(used_home), "SELECT 1")
        with psycopg.connect(superuser_url(used_home), autocommit=True) as connection:
            connection.execute("DROP DATABASE onhand")
        with server.start(used_home) as running:
            assert query(running.url, "SELECT 1") == 1


def test_the_watchdog_ends_with_the_server(used_home):
    with server.start(used_home), Home.at(used_home).watchdog_lock() as lock:
        assert not lock.try_shared()
    with Home.at(used_home).watchdog_lock() as lock:
        until(lock.try_shared, "the watchdog has ended")
