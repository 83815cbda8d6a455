"""Dead letters in a file of JSON lines.

Several processes append, and `replay` takes letters out, all at once. So each of them locks the file, and a writer that
had to wait looks whether its file still is the one of that name: `replay` puts a new one in its place.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from record_processor.appending import ends_inside_a_line
from record_processor.dead_letters.letter import Letter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from record_processor.actions.base import Shard

_MODE = 0o640


class DeadLetterFile:
    """One file of letters."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, path: str, action: str, shard: Shard) -> DeadLetterFile:
        """The file that a `path` setting means for an action's records of a shard."""
        named = path + "{action}.jsonl" if path.endswith("/") else path
        return cls(Path(named.format(table=shard.stream.table, shard=shard.shard_id, action=action)))

    def store(self, letters: Sequence[Letter]) -> None:
        """Append the letters; when this returns they are on the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = b"".join(msgspec.json.encode(letter) + b"\n" for letter in letters)
        with self._locked() as fd:
            if ends_inside_a_line(fd):
                text = b"\n" + text  # a crash cut the last letter: its record was not checkpointed and comes again
            while text:
                text = text[os.write(fd, text) :]
            os.fsync(fd)

    def read(self) -> tuple[list[Letter], int]:
        """The letters in their order, and how many lines are none."""
        letters, bad = [], 0
        for line in self.path.read_bytes().splitlines():
            try:
                letters.append(msgspec.json.decode(line, type=Letter))
            except msgspec.MsgspecError:  # noqa: PERF203 - one bad line must not hide the others
                bad += bool(line)
        return letters, bad

    def remove(self, ids: Collection[str]) -> None:
        """Take letters out. The old file stays whole until the new one is on the disk and takes its name."""
        with self._locked() as fd:
            kept = [line for line in _content(fd).splitlines(keepends=True) if _id(line) not in ids]
            shortened = self.path.with_name(self.path.name + ".shortened")
            with shortened.open("wb") as file:
                file.writelines(kept)
                file.flush()
                os.fsync(file.fileno())
            shortened.chmod(_MODE)
            shortened.replace(self.path)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        while True:
            fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
            fcntl.flock(fd, fcntl.LOCK_EX)
            if self._still_has(fd):
                break
            os.close(fd)
        try:
            yield fd
        finally:
            os.close(fd)  # unlocks too

    def _still_has(self, fd: int) -> bool:
        try:
            return os.path.samestat(os.fstat(fd), self.path.stat())
        except FileNotFoundError:
            return False


class _Identified(msgspec.Struct):
    id: str


def _id(line: bytes) -> str | None:
    try:
        return msgspec.json.decode(line, type=_Identified).id
    except msgspec.MsgspecError:
        return None  # what cannot be read is never removed


def _content(fd: int) -> bytes:
    return os.pread(fd, os.fstat(fd).st_size, 0)
