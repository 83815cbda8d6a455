"""Dead letters in a file of JSON lines: several processes append, and `replay` takes letters out, all at once."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from record_processor.appending import SharedFile, ends_inside_a_line
from record_processor.dead_letters.letter import Letter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from record_processor.actions.base import Shard

_MODE = 0o640


class DeadLetterFile:
    """One file of letters."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = SharedFile(path)

    @classmethod
    def of(cls, path: str, action: str, shard: Shard) -> DeadLetterFile:
        """The file that a `path` setting means for an action's records of a shard."""
        named = path + "{action}.jsonl" if path.endswith("/") else path
        return cls(Path(named.format(table=shard.stream.table, shard=shard.shard_id, action=action)))

    @classmethod
    def all_of(cls, path: str, action: str) -> Iterator[DeadLetterFile]:
        """Every file there is that a `path` setting may mean for an action's records."""
        named = path + "{action}.jsonl" if path.endswith("/") else path
        pattern = named.format(table="*", shard="*", action=action)
        for found in sorted(glob.glob(pattern)):  # noqa: PTH207 - the pattern may be absolute
            yield cls(Path(found))

    @property
    def name(self) -> str:
        return str(self.path)

    def store(self, letters: Sequence[Letter]) -> None:
        """Append the letters; when this returns they are on the disk."""
        text = b"".join(msgspec.json.encode(letter) + b"\n" for letter in letters)
        with self._file.locked() as fd:
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
            except msgspec.MsgspecError:
                bad += bool(line)
        return letters, bad

    def remove(self, ids: Collection[str]) -> None:
        """Take letters out. The old file stays whole until the new one is on the disk and takes its name."""
        with self._file.locked() as fd:
            kept = [line for line in _content(fd).splitlines(keepends=True) if _id(line) not in ids]
            shortened = self.path.with_name(self.path.name + ".shortened")
            with shortened.open("wb") as file:
                file.writelines(kept)
                file.flush()
                os.fsync(file.fileno())
            shortened.chmod(_MODE)
            shortened.replace(self.path)

    def release(self) -> None:
        """Nothing is held: reading a file hides nothing from others."""


class _Identified(msgspec.Struct):
    id: str


def _id(line: bytes) -> str | None:
    try:
        return msgspec.json.decode(line, type=_Identified).id
    except msgspec.MsgspecError:
        return None  # what cannot be read is never removed


def _content(fd: int) -> bytes:
    return os.pread(fd, os.fstat(fd).st_size, 0)
