"""The lines of a file of letters, one at a time: the file may be larger than memory."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from record_processor.dead_letters import letter
from record_processor.system.shared_file import wait_for_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from record_processor.dead_letters.letter import Letter

# No letter is as long: a record has at most two images of 400 KB, which JSON makes at most six times as long.
_LONGEST_BYTES = 16 << 20
READ_BYTES = 1 << 20


class Line(NamedTuple):
    """A line with its ending; one that is longer than any letter comes in pieces."""

    content: bytes
    whole: bool
    begins: bool

    @property
    def letter(self) -> Letter | None:
        """None if it is not a letter."""
        try:
            return letter.read(self.content) if self.whole else None
        except ValueError:
            return None

    @property
    def id(self) -> str | None:
        """The letter's id, read without the rest."""
        try:
            return msgspec.json.decode(self.content, type=_Identified).id if self.whole else None
        except (ValueError, RecursionError):
            return None


class _Identified(msgspec.Struct):
    id: str


class Letters:
    """The letters of a file, which is read again for each iteration."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[Letter]:
        for line in self.lines():
            if (found := line.letter) is not None:
                yield found

    def lines(self) -> Iterator[Line]:
        """What the file contains now: whoever is writing to it has finished first, so no line is seen half written."""
        with open(self._path, "rb", READ_BYTES, opener=_at_once) as file:
            _refuse_other_than_files(file, self._path)
            wait_for_lock(file.fileno(), self._path)
            size = file.seek(0, os.SEEK_END)
            fcntl.flock(file, fcntl.LOCK_UN)
            file.seek(0)
            yield from lines(file, size)


def _at_once(path: str, flags: int) -> int:
    """Open what is there without waiting, for example for a pipe's writer."""
    return os.open(path, flags | os.O_NONBLOCK)


def _refuse_other_than_files(file: BinaryIO, path: Path) -> None:
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        raise OSError(
            errno.EINVAL,
            "is not a file but a pipe or a device: dead letters can be removed only from a file",
            str(path),
        )


def lines(file: BinaryIO, size_bytes: int) -> Iterator[Line]:
    """Yield the lines in the first bytes of a file, without empty ones."""
    inside, left = False, size_bytes
    while left > 0 and (content := file.readline(min(READ_BYTES if inside else _LONGEST_BYTES, left))):
        left -= len(content)
        ends = content.endswith(b"\n")
        if inside or content.strip():
            yield Line(content, whole=not inside and (ends or not left), begins=not inside)
        inside = not ends
