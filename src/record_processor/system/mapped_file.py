"""A file in shared memory: whoever maps it writes without a call, and what is in it outlives the process."""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def replace(path: Path, size: int) -> mmap.mmap:
    """Create a file of zeros in place of the old one, and return its memory.

    The new file replaces the old one completely or not at all: the old content is needed until then.

    Raises:
        OSError: there is no room for it, or the folder cannot be written.
    """
    new = path.with_name(path.name + ".new")
    fd = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        # Not sparse: if a full disk has no room for a page, writing to that page would kill the process.
        os.posix_fallocate(fd, 0, size)
        memory = mmap.mmap(fd, size)
    finally:
        os.close(fd)
    new.replace(path)
    return memory
