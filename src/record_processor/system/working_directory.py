"""The directory in which this process was started: relative paths of the configuration belong to it.

A handler may change the working directory, even while its module is imported. That moves nobody's files.
"""

from __future__ import annotations

from pathlib import Path

_start: Path | None = None


def remember() -> None:
    """It is today's, whatever becomes of that. Called before any code of the user's."""
    global _start
    _start = Path.cwd()


def path() -> Path:
    """The one that was remembered, or else the current one."""
    return _start or Path.cwd()


def absolute(name: str | Path) -> Path:
    """The same place, wherever the process goes."""
    return path() / name
