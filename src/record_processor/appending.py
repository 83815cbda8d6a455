"""Files of lines that several processes append to, and that one of them may put another in the place of.

Each process locks the file for the time of its write, and looks after it got the lock whether its file still is the one
of that name: rotation moves it away, and `replay` puts a shorter one in its place.
"""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MODE = 0o640


class SharedFile:
    """The file of one name, whichever it is at the moment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1
        # The file's own lock keeps out other processes. The threads of this one share its descriptor, and so that lock.
        self._one_thread = threading.Lock()

    @contextmanager
    def locked(self) -> Iterator[int]:
        """The descriptor of the file, for reading and appending, with other processes and threads kept out."""
        with self._one_thread:
            fd = self._locked()
            try:
                yield fd
            finally:
                fcntl.flock(fd, fcntl.LOCK_UN)

    def _locked(self) -> int:
        while True:
            if self._fd < 0:
                self._fd = _opened(self.path)
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            if self._still_has_its_name():
                return self._fd
            self.sync()
            self.close()

    def sync(self) -> None:
        """Return when what this process has written is on the disk."""
        if self._fd >= 0:
            os.fsync(self._fd)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)  # unlocks too
            self._fd = -1

    def _still_has_its_name(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._fd), self.path.stat())
        except FileNotFoundError:
            return False


def ends_inside_a_line(fd: int) -> bool:
    """Whether a crash or a full disk cut the last line."""
    size = os.fstat(fd).st_size
    return size > 0 and os.pread(fd, 1, size - 1) != b"\n"


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on the disk: a file is only as safe as its name."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _opened(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
    if is_new:
        sync_folder(path.parent)
    return fd
