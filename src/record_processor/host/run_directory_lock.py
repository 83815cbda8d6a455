"""Which run directories are in use: those whose lock somebody holds. The others are removed, with their secrets.

A lock and not a process id, since the kernel releases a lock with the last process that has it, however that ends,
while ids are reused, and another container with the same /dev/shm has its own. The JVM inherits the lock, so a
directory is in use for as long as the worker's process or its JVM lives; shard processes do not, since Java closes
everything that it does not know in the processes that it starts.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

from record_processor.system import private_files

PREFIX = "record-processor-"
"""`RunDirectory.java` has it too."""

_NAME = re.compile(re.escape(PREFIX) + r"[a-z0-9_]{8}")
_LOCK = "lock"


def make() -> tuple[Path, int]:
    """Create a run directory; return it, and the descriptor that holds its lock."""
    path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=private_files.places()[0]))
    # It gets its name once it is locked: without one, nobody considers the directory abandoned.
    unnamed = path / f"{_LOCK}.new"
    lock = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    unnamed.rename(path / _LOCK)
    return path, lock


def remove(path: Path) -> None:
    """Remove a run directory, its lock last: the next start finds what an interruption leaves."""
    for entry in list(path.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != _LOCK:
            entry.unlink()
    shutil.rmtree(path)


def remove_abandoned() -> list[Path]:
    """Remove what this user's workers left that ended without a chance to clean up; return what was removed."""
    found = [folder for place in private_files.places() for folder in _candidates(place)]
    return [folder for folder in found if _removed(folder)]


def _candidates(place: Path) -> list[Path]:
    with contextlib.suppress(OSError), os.scandir(place) as entries:
        return [Path(entry.path) for entry in entries if _NAME.fullmatch(entry.name)]
    return []


def _removed(folder: Path) -> bool:
    # A directory without a lock is just being created, or not ours.
    with contextlib.suppress(OSError):
        if _is_private(folder):
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # an OSError while it is in use
                remove(folder)
            finally:
                os.close(lock)
            return not folder.exists()
    return False


def _is_private(folder: Path) -> bool:
    """Return whether only this user can enter a directory: then this user put everything into it."""
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077
