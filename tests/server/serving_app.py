"""Runs the supervisor as the command line does; prints the base URL when the server answers."""

import json
import sys

from onhand.config import from_environment
from onhand.server.errors import ServeError
from onhand.server.supervisor import serve


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    url, options = sys.argv[1], json.loads(sys.argv[2])
    try:
        return serve(from_environment(), url, announce=say, **options)
    except ServeError as error:
        say(f"refused: {error}")
        return 3


sys.exit(main())
