"""The directory in which this process was started: relative paths in the configuration refer to it.

A handler may change the working directory, even while its module is imported. That must not move anybody's files.
"""

from __future__ import annotations

from pathlib import Path

_start: Path | None = None


def remember() -> None:
    """Remember the current directory. Called before any user code."""
    global _start
    _start = Path.cwd()


def path() -> Path:
    """Return the remembered directory, or else the current one."""
    return _start or Path.cwd()


def absolute(name: str | Path) -> Path:
    """Return the same place, wherever the process moves."""
    return path() / name
