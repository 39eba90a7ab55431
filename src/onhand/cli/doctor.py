"""onhand doctor: is this installation sound, and what to do where it is not."""

from typing import Annotated

import msgspec
import psycopg
import uvloop
from cyclopts import Parameter
from rich.text import Text

from onhand import installation
from onhand.cli import checks, opening
from onhand.cli.checks import Finding
from onhand.cli.errors import FAILED, explain
from onhand.cli.terminal import show, show_json, show_table
from onhand.config import ConfigError, Settings, from_environment
from onhand.db import migrate
from onhand.db.connect import connect
from onhand.embedded.errors import EmbeddedError

STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}
AsJson = Annotated[bool, Parameter(name="--json", help="Print the findings as JSON.")]


def doctor(*, as_json: AsJson = False) -> int:
    """Check the installation. Exit 1 if anything fails."""
    opening.quiet_logs()
    findings = _examine()
    failed = sum(finding.state == "fail" for finding in findings)
    if as_json:
        show_json({"healthy": not failed, "findings": msgspec.to_builtins(findings)})
        return FAILED if failed else 0
    rows: list[list[str | Text]] = []
    for finding in findings:
        rows.append([Text(finding.state, STYLES[finding.state]), finding.check, finding.found])
        if finding.advice:
            rows.append(["", "", Text(f"→ {finding.advice}", "dim")])
    show_table(["", "check", "found"], rows)
    show()
    warnings = sum(finding.state == "warn" for finding in findings)
    show(f"{failed} failed, {warnings} to look at" if failed or warnings else "all is well")
    return FAILED if failed else 0


def _examine() -> list[Finding]:
    try:
        settings = from_environment()
    except ConfigError as error:
        return [Finding("settings", "fail", str(error), "`onhand config` lists the settings once they are right.")]
    where = "the configured PostgreSQL" if settings.database_url else "onhand's own PostgreSQL"
    findings = [Finding("settings", "ok", f"understood; on {where}")]
    findings += [*checks.home(settings), *checks.port(settings), *checks.cache(settings)]
    return findings + _database(settings)


def _database(settings: Settings) -> list[Finding]:
    if settings.database_url is None and not opening.has_embedded_data(settings):
        advice = "`onhand serve --migrate` makes it and serves; `onhand migrate` only makes it."
        return [Finding("PostgreSQL", "warn", "not made yet", advice)]
    try:
        with installation.database(settings) as url:
            pending = migrate.pending(url)
            return uvloop.run(_connected(url, pending))
    except (psycopg.OperationalError, EmbeddedError) as error:
        configured = "Check ONHAND_DATABASE_URL, and that the server runs."
        return [Finding("PostgreSQL", "fail", explain(error).message, configured if settings.database_url else None)]


async def _connected(url: str, pending: list[str]) -> list[Finding]:
    async with await connect(url) as connection:
        findings = await checks.postgres(connection)
        if pending:
            text = f"{len(pending)} pending: {', '.join(pending)}"
            return [*findings, Finding("migrations", "fail", text, "Run: onhand migrate")]
        return [*findings, Finding("migrations", "ok", "all applied"), *await checks.ledger(connection)]
