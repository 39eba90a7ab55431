"""What doctor looks at. A check is a function of the settings, or of a connection, that returns its findings."""

import errno
import os
import shutil
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

from onhand.config import Settings
from onhand.db import queries_reconciliation, queries_transport
from onhand.db.query import Connection

POSTGRES_MIN = 150_000
CLOCK_WARN_S, CLOCK_FAIL_S = 1.0, 60.0
DISK_WARN_BYTES, DISK_FAIL_BYTES = 2 << 30, 200 << 20
PROBE_TIMEOUT_S = 3.0
FIRST_PORT = 8000
BUILT_AFTER = datetime(2026, 1, 1, tzinfo=UTC)  # a clock before it is wrong

State = Literal["ok", "warn", "fail"]


class Finding(msgspec.Struct):
    """What one check found, and what to do about it (None when all is well)."""

    check: str
    state: State
    found: str
    advice: str | None = None


def home(settings: Settings) -> Iterator[Finding]:
    """The directory of the embedded PostgreSQL and of the demo key."""
    nearest = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        advice = "Make it writable for this user, or set ONHAND_HOME to a directory that is."
        yield Finding("home", "fail", f"{nearest} cannot be written to", advice)
        return
    exists = "" if nearest == settings.home else " (will be made)"
    yield Finding("home", "ok", f"{settings.home} is writable{exists}")
    yield disk(nearest)


def disk(path: Path) -> Finding:
    free = shutil.disk_usage(path).free
    text = f"{free / (1 << 30):,.1f} GiB free for {path}"
    if free < DISK_FAIL_BYTES:
        return Finding("disk space", "fail", text, "Free some: PostgreSQL stops when the disk is full.")
    if free < DISK_WARN_BYTES:
        return Finding("disk space", "warn", text, "Free some soon: a million ledger rows take about 0.5 GiB.")
    return Finding("disk space", "ok", text)


def port(settings: Settings) -> Iterator[Finding]:
    """Whether the server could listen."""
    wanted = FIRST_PORT if settings.port is None else settings.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(settings.host, wanted, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if settings.port is None and error.errno == errno.EADDRINUSE:
            yield Finding("port", "ok", f"{wanted} is in use; the next free one will be taken")
        else:
            advice = "Is onhand running already? Else choose another ONHAND_HOST or ONHAND_PORT."
            yield Finding("port", "warn", f"{settings.host}:{wanted}: {error.strerror or error}", advice)
    else:
        yield Finding("port", "ok", f"{settings.host}:{wanted} is free")


async def postgres(connection: Connection) -> list[Finding]:
    """Version, durability and clock."""
    began = datetime.now(UTC)
    health = (await queries_transport.READ_SERVER_HEALTH.all(connection))[0]
    now = datetime.now(UTC)
    version = Finding("PostgreSQL", "ok", f"{health.version}, database of {health.size_bytes / (1 << 20):,.0f} MiB")
    if health.version_number < POSTGRES_MIN:
        version = Finding("PostgreSQL", "fail", f"version {health.version}", "onhand needs PostgreSQL 15 or newer.")
    return [version, _durability(health), _clock(health.now, began, now)]


def _durability(health: queries_transport.ServerHealthRow) -> Finding:
    settings = {
        "fsync": health.fsync,
        "full_page_writes": health.full_page_writes,
        "synchronous_commit": health.synchronous_commit,
    }
    text = ", ".join(f"{name} {value}" for name, value in settings.items())
    off = [name for name, value in settings.items() if value == "off"]
    if off:
        advice = f"Set {' and '.join(off)} to on: an order that was answered must survive a power cut."
        return Finding("durability", "fail", text, advice)
    return Finding("durability", "ok", text)


def _clock(there: datetime, before: datetime, after: datetime) -> Finding:
    apart_s = max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
    if after < BUILT_AFTER:
        return Finding("clock", "fail", f"{after:%Y-%m-%d %H:%M} UTC is in the past", "Set this machine's clock (NTP).")
    if apart_s > CLOCK_WARN_S:
        state: State = "fail" if apart_s > CLOCK_FAIL_S else "warn"
        found = f"{apart_s:,.1f} s away from the database's"
        return Finding("clock", state, found, "Set both machines' clocks by NTP.")
    return Finding("clock", "ok", f"{after:%Y-%m-%d %H:%M:%S} UTC, and the database agrees")


async def ledger(connection: Connection) -> list[Finding]:
    """Law 5: nobody changes the past. Only on a migrated database."""
    guards = (await queries_reconciliation.READ_LEDGER_GUARD.all(connection))[0].guards
    rights = (await queries_transport.READ_LEDGER_RIGHTS.all(connection))[0]
    if not guards:
        advice = "ALTER TABLE ledger ENABLE TRIGGER ledger_append_only; or apply the migrations to a new database."
        trigger = Finding("ledger trigger", "fail", "missing or disabled: ledger rows can be changed", advice)
    else:
        trigger = Finding("ledger trigger", "ok", "refuses UPDATE, DELETE and TRUNCATE")
    if rights.superuser:
        advice = "Connect as a role that is no superuser: no right can be taken from one."
        return [trigger, Finding("ledger rights", "warn", "the role is a superuser", advice)]
    if rights.may_change:
        advice = "REVOKE UPDATE, DELETE, TRUNCATE ON ledger FROM PUBLIC and from the role onhand connects as."
        return [trigger, Finding("ledger rights", "fail", "the role may change ledger rows", advice)]
    return [trigger, Finding("ledger rights", "ok", "the role may only read and append")]


def cache(settings: Settings) -> Iterator[Finding]:
    """Valkey or Redis, where one is configured."""
    if settings.redis_url is None:
        return
    began = time.monotonic()
    try:
        answer = _ping(settings.redis_url)
    except OSError as error:
        advice = "onhand sells without it; displayed availability is read from PostgreSQL meanwhile."
        yield Finding("Valkey", "warn", f"not reached: {error.strerror or error}", advice)
        return
    if answer.startswith(b"+PONG"):
        yield Finding("Valkey", "ok", f"answers in {1000 * (time.monotonic() - began):.1f} ms")
    else:
        said = answer.decode(errors="replace").strip()[:80]
        yield Finding("Valkey", "warn", f"refuses us: {said}", "Check user and password in ONHAND_REDIS_URL.")


def _ping(url: str) -> bytes:
    """The answer to PING, or the first error. Raises OSError."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(PROBE_TIMEOUT_S)
        link.connect(parts.path)
    else:
        link = socket.create_connection((parts.hostname or "localhost", parts.port or 6379), PROBE_TIMEOUT_S)
    with link:
        if parts.scheme in ("rediss", "valkeys"):
            link = ssl.create_default_context().wrap_socket(link, server_hostname=parts.hostname)
        words = [unquote(word) for word in (parts.username, parts.password) if word]
        if words:
            link.sendall(_command("AUTH", *words))
            if not (answer := link.recv(1024)).startswith(b"+OK"):
                return answer
        link.sendall(_command("PING"))
        return link.recv(1024)


def _command(*words: str) -> bytes:
    encoded = [word.encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)
