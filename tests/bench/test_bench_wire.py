"""onhand bench wire, end to end for an instant."""

import json
import os
import subprocess
import sys

COMMAND = [sys.executable, "-m", "onhand.cli", "bench", "wire"]


def test_every_carrier_is_measured_against_the_bare_one(empty_database_url: str) -> None:
    ran = subprocess.run(
        [*COMMAND, "--json", "--seconds", "0.3", "--repeats", "1", "--database-url", empty_database_url],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env={name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")},
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    told = {each["name"]: each for each in json.loads(ran.stdout)}
    assert {"bare protocol, uvloop", "bare protocol, asyncio", "uvicorn, Litestar, uvloop"} <= told.keys()
    assert told["bare protocol, uvloop"]["to_bare"] == 1
    assert (
        told["uvicorn, Litestar, uvloop"]["us"]
        > told["uvicorn, ASGI, uvloop"]["us"]
        > told["bare protocol, uvloop"]["us"]
    )
    assert all(each["per_s"] > 0 for each in told.values())
