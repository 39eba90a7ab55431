"""The README's commands, run as they are printed."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from server.serving import ADMIN_KEY, Running

ROOT = Path(__file__).parents[2]


def commands() -> str:
    section = (ROOT / "README.md").read_text().split("## The six operations")[1]
    found = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert found
    return found[1]


def documents(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects of the output, one after the other; what comes after the last is for people."""
    decoder, at = json.JSONDecoder(), 0
    while (at := text.find("{", at)) >= 0:
        document, at = decoder.raw_decode(text, at)
        yield document


def test_the_six_operations_of_the_readme_work_as_printed(fresh_database_url: str, tmp_path: Path) -> None:
    with Running(fresh_database_url) as server:
        script = re.sub(r"KEY=….*", f"KEY={ADMIN_KEY}", commands())
        script = script.replace("http://127.0.0.1:8000", server.base)
        script = script.replace(".venv/bin/onhand", f"{sys.executable} -m onhand.cli")
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env=os.environ | {"ONHAND_DATABASE_URL": fresh_database_url},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    answers = list(documents(ran.stdout))
    assert [answer.get("type", answer.get("status")) for answer in answers[3:8]] == [
        "RECEIVE",
        "active",
        "partially_fulfilled",
        "fulfilled",
        "ADJUST",
    ]
    assert answers[8]["status"] == "received"
    levels = {level["warehouse"]: level["on_hand"] for level in answers[9]["levels"]}
    assert levels == {"HAM1": 3, "OSL1": 4}
    assert "proved" in ran.stdout
