"""Processor time of processes and their children, from /proc; where there is none, nothing is told."""

import os
import time
from contextlib import suppress
from pathlib import Path

import psycopg

TICKS = os.sysconf("SC_CLK_TCK")
OTHERS = "others"  # who is not named: what the machine did besides


def used_s(pid: int, *, family: bool = True) -> float | None:
    """Seconds of a process so far, with its living and its reaped children."""
    own = _stat(pid)
    if own is None:
        return None
    ticks = sum(own[11:15])
    if family:
        for child in _children(pid):
            ticks += sum(_stat(child, default=[0] * 15)[11:15])  # type: ignore[index]
    return ticks / TICKS


def peak_mb(pid: int) -> float:
    """The most memory that any descendant of a process has held so far, in 10^6 bytes; 0 where nobody tells."""
    return max((_peak_kib(child) for child in _children(pid)), default=0) * 1024 / 1e6


def _peak_kib(pid: int) -> int:
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
    return 0


def postmaster_of(connection: psycopg.Connection) -> int | None:
    """The postmaster's pid, where the server runs on this machine."""
    backend = connection.info.backend_pid
    with suppress(OSError, ValueError, IndexError):
        if Path(f"/proc/{backend}/comm").read_text().strip() == "postgres":
            parent = _stat(backend)
            return parent[1] if parent else None
    return None


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *_children(int(child))]
    return found


def _stat(pid: int, default: list[int] | None = None) -> list[int] | None:
    """Fields of /proc/PID/stat from the third on; the state, a letter, as 0."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return default
    return [int(field) if field.lstrip("-").isdecimal() else 0 for field in text]


class Meter:
    """Processor seconds of named processes between start and stop."""

    def __init__(self, pids: dict[str, int]) -> None:
        self._pids = pids
        self._at: dict[str, float] = {}
        self.began = 0.0

    def start(self) -> None:
        self.began = time.perf_counter()
        self._at = self._now()

    def stop(self) -> dict[str, float]:
        """Seconds by name, and those of everybody else on this machine."""
        now = self._now()
        spent = {name: round(now[name] - before, 2) for name, before in self._at.items() if name in now}
        if OTHERS in spent:
            spent[OTHERS] = round(max(0.0, 2 * spent[OTHERS] - sum(spent.values())), 2)
        return spent

    def _now(self) -> dict[str, float]:
        told = {name: used_s(pid) for name, pid in self._pids.items()} | {OTHERS: _machine_s()}
        return {name: seconds for name, seconds in told.items() if seconds is not None}


def _machine_s() -> float | None:
    """Processor seconds of the whole machine that were not idle."""
    try:
        fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    except (OSError, ValueError, IndexError):
        return None
    return (sum(fields) - fields[3] - fields[4]) / TICKS  # without idle and waiting for disks
