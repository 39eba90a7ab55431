# ruff: noqa: T201 its standard output is how it answers
"""A process that uses the embedded server, for tests to run, kill and question.

Says the server's url in one line, keeps it until its standard input ends, then closes it and says "closed".
"""

import argparse
import os
import pathlib
import signal
import sys

import psycopg

from onhand.embedded import binaries, cluster, server


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=pathlib.Path)
    parser.add_argument("--grace", type=float, default=60.0)
    parser.add_argument("--uid", type=int, help="drop root's rights first")
    parser.add_argument("--root-home", type=pathlib.Path)
    parser.add_argument("--die-before", choices=["rename", "role", "database"])
    arguments = parser.parse_args()

    if arguments.die_before == "rename":
        pathlib.Path.rename = die
    if arguments.die_before == "role":
        cluster.provide_role_and_database = die
    if arguments.die_before == "database":
        execute = psycopg.Connection.execute

        def execute_or_die(connection: psycopg.Connection, query: object, *rest: object) -> object:
            return die() if "CREATE DATABASE" in repr(query) else execute(connection, query, *rest)

        psycopg.Connection.execute = execute_or_die
    if arguments.root_home:
        binaries.ROOT_HOME = arguments.root_home
    if arguments.uid is not None:
        os.setgroups([])
        os.setgid(arguments.uid)
        os.setuid(arguments.uid)

    with server.start(arguments.home, orphan_grace_s=arguments.grace) as running:
        with psycopg.connect(running.url) as connection:
            connection.execute("SELECT 1")
        print(running.url, flush=True)
        sys.stdin.read()
    print("closed", flush=True)


main()
