"""python -m onhand.cli: the same command, where the script is not on the path."""

from onhand.cli.main import run

run()
