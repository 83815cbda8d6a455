"""What is fetched or made once and kept in the user's cache."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def cache() -> Path:
    """Return the folder in which this user keeps what is fetched or made once."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "record-processor"


def made_once(folder: Path, fill: Callable[[Path], None]) -> Path:
    """Return the folder, filled on first use: completely or not at all, whatever ends or fails in between.

    `fill` gets an empty folder beside it; what it raises is raised here, and nothing is left.
    """
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=folder.parent))
    try:
        fill(unfinished)
        _rename(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _rename(unfinished: Path, folder: Path) -> None:
    try:
        unfinished.rename(folder)
    except OSError:
        if not folder.exists():
            raise
        # Another process was first: its folder is as good.
