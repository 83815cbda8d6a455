"""Files of lines that several processes append to, and that one of them may replace.

Each process locks the file while it writes and, once it has the lock, checks whether its file still has that name:
rotation moves the file away, and `replay` replaces it by a shorter one.

An append is complete or has no effect. What a full disk accepted of it is cut off again under the same lock, so the
caller keeps its bytes until `append` has returned, and writes them again.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MODE = 0o640
# Longer than any write of ours. Whoever waits then returns, and checks the lease and the stop before it waits again.
LONGEST_LOCK_WAIT_SECONDS = 3.0
_NAP_SECONDS = 0.005


class FileLockedError(OSError):
    """Another process holds the lock of a file for longer than a write takes."""

    def __init__(self, path: Path, seconds: float) -> None:
        message = f"another process holds the lock of this file for more than {seconds:g} s (`lslocks` names it)"
        super().__init__(errno.EWOULDBLOCK, message, str(path))


class SharedFile:
    """The file with one name, whichever it is at the moment. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1
        # The file's own lock keeps out other processes. The threads of this process share its descriptor, and so that
        # lock.
        self._one_thread = threading.Lock()

    def open(self) -> None:
        """Create the file and its folders, or find out now that it cannot be written."""
        with self._one_thread:
            if self._fd < 0:
                self._fd = _opened(self.path)

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Yield the descriptor of the file, for reading and appending, with other processes and threads kept out.

        Raises:
            FileLockedError: they did not release it within `LONGEST_LOCK_WAIT_SECONDS`.
        """
        end = time.monotonic() + LONGEST_LOCK_WAIT_SECONDS
        if not self._one_thread.acquire(timeout=LONGEST_LOCK_WAIT_SECONDS):
            raise FileLockedError(self.path, LONGEST_LOCK_WAIT_SECONDS)
        try:
            fd = self._locked(end)
            try:
                yield fd
            finally:
                fcntl.flock(fd, fcntl.LOCK_UN)
        finally:
            self._one_thread.release()

    def append(self, lines: bytes) -> None:
        """Append whole lines: they are on disk when this returns, and none of them is in the file when it raises."""
        with self.locked() as fd:
            append(fd, lines)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)  # this also unlocks
            self._fd = -1

    def _locked(self, end: float) -> int:
        while True:
            if self._fd < 0:
                self._fd = _opened(self.path)
            wait_for_lock(self._fd, self.path, end)
            if self._still_has_its_name():
                return self._fd
            self.close()

    def _still_has_its_name(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._fd), self.path.lstat())
        except FileNotFoundError:
            return False


def wait_for_lock(fd: int, path: Path, end: float | None = None) -> None:
    """Return when other processes are kept out, at the latest at `end` (monotonic).

    Raises:
        FileLockedError: they did not release it by then.
    """
    end = time.monotonic() + LONGEST_LOCK_WAIT_SECONDS if end is None else end
    while True:
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise FileLockedError(path, LONGEST_LOCK_WAIT_SECONDS) from None
        time.sleep(_NAP_SECONDS)


def append(fd: int, lines: bytes | bytearray) -> None:
    """Append to a file that is already locked."""
    with whole_or_not_at_all(fd):
        write_all(fd, lines)


@contextmanager
def whole_or_not_at_all(fd: int) -> Iterator[None]:
    """Surround a block that appends to a locked file: afterwards its lines are on disk, or the file is as before."""
    before = os.fstat(fd).st_size
    try:
        if before and os.pread(fd, 1, before - 1) != b"\n":
            # A crash cut off a line, ours or another's: our line must not become its continuation.
            write_all(fd, b"\n")
        yield
        os.fsync(fd)
    except BaseException:
        # Also after a failed fsync: the kernel then considers the pages written, and would not write them again.
        with contextlib.suppress(OSError):
            os.ftruncate(fd, before)
        raise


def write_all(fd: int, content: bytes | bytearray) -> None:
    """Write every byte: one call may write only a part."""
    with memoryview(content) as left:
        written = 0
        while written < len(left):
            written += os.write(fd, left[written:])


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on disk: a file is only as durable as its name."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _opened(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    try:
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
    except OSError as error:
        raise _explained(error, path) from None
    if is_new:
        sync_folder(path.parent)
    return fd


def _explained(error: OSError, path: Path) -> OSError:
    if error.errno != errno.ELOOP or not path.is_symlink():
        return error
    # Otherwise anybody who can write in the folder could choose which of our files grows.
    message = "is a symbolic link, which is not followed: name the file that it leads to"
    return OSError(errno.ELOOP, message, str(path))
