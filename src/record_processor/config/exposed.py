"""Files of the configuration that other users of the host can write, or, where they hold secrets, read.

No mistake, since a container may have no other users, and its secrets come as its orchestrator mounts them; a warning.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_found: dict[str, None] = {}


def look_at(path: Path, *, holds_secrets: bool) -> None:
    """Remember what is wrong with a file, for `found`; one that is not there is another's mistake."""
    try:
        # Of what a link leads to: that is what is read. The folder is the one in which the name stands.
        mode, folder = path.stat().st_mode, path.parent.stat().st_mode
    except (OSError, ValueError):
        return
    if stat.S_ISREG(mode):
        _found.update(dict.fromkeys(_problems(path, mode, folder, holds_secrets)))


def found() -> list[str]:
    """One sentence for each file, in the order in which they were looked at."""
    return list(_found)


def forget() -> None:
    """Begin anew."""
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
