"""Who the server runs as. PostgreSQL refuses to run as root, so root lends it an account without rights."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypedDict

from onhand.embedded.errors import BadHome

UNPRIVILEGED = ("postgres", "nobody")


class Identity(TypedDict):
    """The part of `subprocess.Popen`'s arguments that says who the child is."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None


@dataclass(frozen=True)
class Account:
    """An account of this machine that is not root."""

    uid: int
    gid: int

    @classmethod
    def of(cls, name: str) -> Self | None:
        """The account called `name`, if this machine has one without root's rights."""
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            return None
        return cls(entry.pw_uid, entry.pw_gid) if entry.pw_uid != 0 else None


def account_for(home: Path) -> Account | None:
    """The account the server of `home` runs as; None means: as ourselves, who are not root.

    What is in the home decides first: a server can only run as the owner of its data. Raises BadHome.
    """
    if os.geteuid() != 0:
        return None
    for path in filter(Path.exists, (home / "data", home)):
        owner = path.stat()
        if owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
        if path.name == "data":
            raise BadHome(home, "its data belongs to root, as whom PostgreSQL will not run")
    return unprivileged(home)


def unprivileged(home: Path) -> Account:
    """The account root lends to a new server. Raises BadHome."""
    for account in map(Account.of, UNPRIVILEGED):
        if account:
            return account
    raise BadHome(home, "PostgreSQL will not run as root, and there is no account postgres or nobody")


def identity(account: Account | None) -> Identity:
    """Arguments for `subprocess.Popen` that make the child run as `account`."""
    if account is None:
        return {"user": None, "group": None, "extra_groups": None}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def reachable(directory: Path, account: Account | None) -> bool:
    """Whether `account` may walk down to `directory`. Judged by mode bits: an ACL may allow more, never less."""
    if account is None:
        return True
    resolved = directory.resolve()
    return all(_may_enter(path, account) for path in (resolved, *resolved.parents) if path.exists())


def _may_enter(directory: Path, account: Account) -> bool:
    status = directory.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
