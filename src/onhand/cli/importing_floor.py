"""onhand import, of what happens on the floor and of settings: receipts, adjustments, transfers, levels, warehouses."""

from functools import partial

from onhand.cli.csv_files import CsvFile, Scan
from onhand.cli.importing import Again, AsJson, DryRun, File, Refusals, Report, Update, import_file, import_settings
from onhand.cli.progress import progress
from onhand.services import importing
from onhand.services.context import Onhand
from onhand.services.importing import Summary
from onhand.services.importing_floor import KINDS, FloorImport, next_repetition
from onhand.services.importing_levels import import_levels
from onhand.services.importing_warehouses import import_warehouses


def receipts(
    file: File, /, *, again: Again = False, dry_run: DryRun = False, report: Report = None, as_json: AsJson = False
) -> int:
    """What arrived: of a purchase order, of a transfer, or of neither."""
    return _floor("receipts", file, again=again, dry_run=dry_run, report=report, as_json=as_json)


def adjustments(
    file: File, /, *, again: Again = False, dry_run: DryRun = False, report: Report = None, as_json: AsJson = False
) -> int:
    """What was found, lost or counted: an ADJUST for each row."""
    return _floor("adjustments", file, again=again, dry_run=dry_run, report=report, as_json=as_json)


def state_changes(
    file: File, /, *, again: Again = False, dry_run: DryRun = False, report: Report = None, as_json: AsJson = False
) -> int:
    """What moves into and out of damaged and quality control, or is scrapped."""
    return _floor("state_changes", file, again=again, dry_run=dry_run, report=report, as_json=as_json)


def transfers(
    file: File, /, *, again: Again = False, dry_run: DryRun = False, report: Report = None, as_json: AsJson = False
) -> int:
    """What goes from one warehouse to another."""
    return _floor("transfers", file, again=again, dry_run=dry_run, report=report, as_json=as_json)


def _floor(kind: str, file: str, *, again: bool, dry_run: bool, report: Report, as_json: bool) -> int:
    async def work(onhand: Onhand, read: CsvFile, scanned: Scan, refusals: Refusals) -> Summary:
        repetition = await next_repetition(onhand, scanned.digest, KINDS[kind], read.records()) if again else 0
        with progress(f"importing {kind.replace('_', ' ')}") as meter:
            job = FloorImport(
                onhand,
                KINDS[kind],
                scanned.digest,
                repetition=repetition,
                dry_run=dry_run,
                refuse=refusals.add,
                advance=lambda done: meter(done, scanned.rows),
            )
            if dry_run:
                return await job.run(read.records())
            async with importing.only_import(onhand, scanned.digest):
                return await job.run(read.records())

    return import_file(kind, file, work, dry_run=dry_run, report=report, as_json=as_json)


def levels(file: File, /, *, dry_run: DryRun = False, report: Report = None, as_json: AsJson = False) -> int:
    """Thresholds, quantities and limits of levels, as `onhand export levels` writes them."""
    title = "importing settings of levels"
    return import_settings("levels", file, import_levels, title, dry_run=dry_run, report=report, as_json=as_json)


def warehouses(
    file: File, /, *, update: Update = False, dry_run: DryRun = False, report: Report = None, as_json: AsJson = False
) -> int:
    """Make warehouses, or change them."""
    work = partial(import_warehouses, update=update)
    return import_settings(
        "warehouses", file, work, "importing warehouses", dry_run=dry_run, report=report, as_json=as_json
    )
