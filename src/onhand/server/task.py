"""What a child is to do, told through the pipe that is also its lifeline: not by arguments, which anyone can list."""

import os

import msgspec


class Task(msgspec.Struct):
    """listener and ready are inherited descriptors; None for the jobs process."""

    url: str
    redis_url: str | None
    log_format: str
    parent_pid: int
    listener: int | None = None
    ready: int | None = None


def read(descriptor: int) -> Task:
    """The first line of the pipe. Raises msgspec.DecodeError when the parent is gone."""
    line = b""
    while not line.endswith(b"\n") and (more := os.read(descriptor, 1)):
        line += more
    return msgspec.json.decode(line, type=Task)


def line(task: Task) -> bytes:
    return msgspec.json.encode(task) + b"\n"
