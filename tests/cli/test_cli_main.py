import json
import os
import pty
import subprocess
from pathlib import Path

import pytest
from cli_tools import COMMAND, environment, furnish, onhand, refused

COMMANDS = [
    *("", "serve", "demo", "migrate", "config", "doctor", "reconcile", "key", "import", "export"),
    *("key create", "key list", "key revoke", "import products", "import stock", "import orders"),
    *("reorder", "reorder run"),
    *("export products", "export stock", "export levels", "export ledger", "export reservations"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_has_an_example(command: str) -> None:
    ran = onhand(*command.split(), "--help")
    assert ran.returncode == 0
    assert ran.stdout.startswith("Usage: onhand")
    assert f"\n  onhand {command}" in ran.stdout or f"$(onhand {command}" in ran.stdout


def test_help_names_every_command() -> None:
    ran = onhand("--help")
    assert all(f" {command} " in ran.stdout for command in COMMANDS if command and " " not in command)
    assert onhand().stdout == ran.stdout


def test_version() -> None:
    ran = onhand("--version")
    assert ran.returncode == 0
    assert ran.stdout.strip().count(".") == 2


@pytest.mark.parametrize(
    "arguments",
    ["serv", "import stok x.csv", "import stock", "config --jsn", "key create --name x", "serve --port eighty"],
)
def test_wrong_usage_is_one_line_and_exit_2(arguments: str) -> None:
    assert "onhand: error: " in refused(*arguments.split())


def test_an_unknown_setting_is_an_error() -> None:
    said = refused("config", foo="1")
    assert "ONHAND_FOO is not a setting" in said
    assert "did you mean ONHAND_HOST?" in refused("migrate", hots="x")


def test_a_bad_setting_is_an_error() -> None:
    assert "ONHAND_PORT" in refused("config", port="eighty")
    assert "postgresql://" in refused("doctor_", url="mysql://x") or "postgresql://" in refused(
        "config", url="mysql://x"
    )


def test_a_database_that_is_not_there() -> None:
    said = refused("reconcile", exit_code=1, url="postgresql://nobody@127.0.0.1:1/x?connect_timeout=2")
    assert "the database cannot be reached" in said


def test_a_home_without_a_database_is_not_made_in_passing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert "there is no database yet" in refused("key", "list", home=str(home))
    assert not home.exists()


def test_debug_shows_the_traceback() -> None:
    ran = onhand("reconcile", "--debug", url="postgresql://nobody@127.0.0.1:1/x?connect_timeout=2")
    assert ran.returncode == 1
    assert "Traceback" in ran.stderr


def test_a_reader_that_leaves_is_no_error(fresh_database_url: str) -> None:
    """| head"""
    furnish(fresh_database_url, [f"SKU-{number:06}" for number in range(20_000)], [])
    process = subprocess.Popen(
        [*COMMAND, "export", "products"],
        env=environment(fresh_database_url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"sku,name")
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait() == 141
    process.stderr.close()


def test_on_a_terminal_stdout_stays_clean_for_json(database_url: str) -> None:
    """The progress bar goes to stderr, which is the terminal here."""
    ours, theirs = pty.openpty()
    ran = subprocess.run(
        [*COMMAND, "reconcile", "--json"],
        check=False,
        env=environment(database_url),
        stdout=subprocess.PIPE,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
    )
    os.close(theirs)
    os.close(ours)
    assert json.loads(ran.stdout)["differences"] is not None
