"""The data directory: made whole or not at all, with the role and the database of onhand."""

import os
import shutil
import subprocess
import tempfile
import time

import psycopg
from psycopg import sql

from onhand.embedded.account import identity
from onhand.embedded.binaries import Binaries
from onhand.embedded.errors import InitdbFailed, StartFailed
from onhand.embedded.home import Home
from onhand.embedded.lock import POLL_S, FileLock
from onhand.embedded.postmaster import Address, clean_environment, data_argument, is_alive

SUPERUSER = "postgres"
ROLE = DATABASE = "onhand"
# Without any right that would make a REVOKE toothless. It may watch (pg_monitor), not touch.
CREATE_ROLE = "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS"
ANSWER_TIMEOUT_S = 30.0
BUILTIN_LOCALES_SINCE = 17


def create(home: Home, binaries: Binaries, alive: FileLock) -> None:
    """Make `home.data`. `initdb` inherits `alive`, so that it is waited for if we are killed.

    Raises InitdbFailed, BadHome.
    """
    shutil.rmtree(home.data_unfinished, ignore_errors=True)
    home.make_private(home.data_unfinished)
    # Sorted by code point everywhere, whatever this machine's locales are.
    locales = [["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]]
    if binaries.major < BUILTIN_LOCALES_SINCE:
        locales = [["--locale=C.UTF-8"], ["--locale=C"]]
    for arguments in locales:
        exit_status, output = _initdb(home, binaries, alive, arguments)
        if exit_status == 0:
            break
    else:
        raise InitdbFailed(home.path, exit_status, output[-2000:].strip())
    home.data_unfinished.rename(home.data)
    _sync_directory(home)


def _initdb(home: Home, binaries: Binaries, alive: FileLock, locale: list[str]) -> tuple[int, str]:
    command = [binaries.program("initdb"), "--pgdata", data_argument(home, home.data_unfinished), *locale]
    command += ["--username", SUPERUSER, "--encoding=UTF8", "--data-checksums"]
    command += ["--auth-local=trust", "--auth-host=reject", "--no-instructions"]
    # A file and not a pipe: a grandchild that outlives a failure would hold a pipe open.
    with tempfile.TemporaryFile() as output:
        ran = subprocess.run(  # noqa: S603 a program we found, no shell
            command,
            check=False,
            cwd=home.data_unfinished,
            env=clean_environment(),
            pass_fds=[alive.descriptor],
            start_new_session=True,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            umask=0o077,
            **identity(home.account),
        )
        output.seek(0)
        return ran.returncode, output.read().decode(errors="replace")


def _sync_directory(home: Home) -> None:
    directory = os.open(home.path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def provide_role_and_database(home: Home, address: Address) -> bool:
    """Make whatever is missing of the role and the database. Done at each start, so a kill in between mends.

    False: the server was dying when we found it, and is gone now. Raises StartFailed.
    """
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    while True:
        try:
            with psycopg.connect(address.url(SUPERUSER, "postgres"), autocommit=True) as connection:
                _provide(connection)
                return True
        except psycopg.OperationalError as error:
            if not is_alive(home):
                return False
            # A server that just mended a crash refuses for a moment longer.
            if time.monotonic() > deadline:
                raise StartFailed(home.path, str(error).strip(), home.log_tail()) from error
        time.sleep(POLL_S)


def _provide(connection: psycopg.Connection) -> None:
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s), EXISTS (SELECT FROM pg_database WHERE datname = %s)",
        [ROLE, DATABASE],
    ).fetchone()
    has_role, has_database = row or (False, False)
    role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
    if not has_role:
        with connection.transaction():
            connection.execute(sql.SQL(CREATE_ROLE).format(role))
            connection.execute(sql.SQL("GRANT pg_monitor TO {}").format(role))
    if not has_database:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
