"""Files that contain secrets: nobody else can read them at any moment, and nobody can choose where they are."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - what is made in it is for this user alone
_MODE = 0o600
_UMASK = 0o027


def places() -> list[Path]:
    """Return folders for such files, the best first: in memory if the machine has /dev/shm, else the temporary folder.

    Raises:
        FileNotFoundError: there is neither.
    """
    if not os.access(_SHARED_MEMORY, os.W_OK):
        return [Path(tempfile.gettempdir())]
    try:
        return [_SHARED_MEMORY, Path(tempfile.gettempdir())]
    except FileNotFoundError:  # everything else is read-only
        return [_SHARED_MEMORY]


def restrict_new_files() -> None:
    """Keep other users out of what this process and its children create; a stricter umask of the user stays."""
    os.umask(os.umask(_UMASK) | _UMASK)


def write(path: Path, content: bytes) -> None:
    """Create or overwrite a file; a symbolic link in its place is an OSError, and is not followed."""
    with open(path, "wb", opener=_opener) as file:
        file.write(content)


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, _MODE)
