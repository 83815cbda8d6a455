"""Configuration files that other users of the host can write or, if they contain secrets, read.

This is a warning and not an error, since a container may have no other users, and its secrets have the modes that its
orchestrator gives them.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_found: dict[str, None] = {}


def look_at(path: Path, *, holds_secrets: bool) -> None:
    """Remember what is wrong with a file, for `found`; a missing file is reported elsewhere."""
    try:
        # The mode of a link's target counts: that is what is read. The folder is the one that contains the name.
        mode, folder = path.stat().st_mode, path.parent.stat().st_mode
    except (OSError, ValueError):
        return
    if stat.S_ISREG(mode):
        _found.update(dict.fromkeys(_problems(path, mode, folder, holds_secrets)))


def found() -> list[str]:
    """Return one sentence per file, in the order in which they were examined."""
    return list(_found)


def forget() -> None:
    """Forget everything."""
    _found.clear()


def _problems(path: Path, mode: int, folder: int, holds_secrets: bool) -> list[str]:
    letters = ""
    if holds_secrets and mode & stat.S_IROTH:
        letters += "r"
    if mode & stat.S_IWOTH:
        letters += "w"
    problems = []
    if letters:
        can = {"r": "read", "w": "write", "rw": "read and write"}[letters]
        problems.append(
            f"{path}: every user of this host can {can} it (mode {stat.S_IMODE(mode):04o}): chmod o-{letters} {path}"
        )
    if folder & stat.S_IWOTH and not folder & stat.S_ISVTX:
        problems.append(f"{path}: every user of this host can put another in its place: chmod o-w {path.parent}")
    return problems
