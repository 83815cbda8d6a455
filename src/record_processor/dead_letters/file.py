"""Dead letters in a file of JSON lines: several processes append, and `replay` takes letters out."""

from __future__ import annotations

import glob
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from record_processor.dead_letters.letter import fingerprint
from record_processor.dead_letters.lines import READ_BYTES, Letters, Line, lines
from record_processor.errors import SetupError
from record_processor.system.shared_file import SharedFile, sync_folder, whole_or_not_at_all, write_all
from record_processor.system.working_directory import absolute
from record_processor.text.safe_text import path_segment

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from record_processor.dead_letters.letter import Letter
    from record_processor.records.stream import Shard

SET_ASIDE = ".bad"
"""How the names of files end that no replay reads unless it is told to."""
_UNFINISHED = ".shortened"
# A removal rewrites the whole file, at about a second per GB: from a large file, more letters are removed at a time.
_FEWEST_AT_ONCE = 50
_BYTES_PER_LETTER_AT_ONCE = 1 << 20


class DeadLetterFile:
    """One file of letters, of any size: it is read line by line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = SharedFile(path)
        self.refused: list[str] = []
        """Nothing to report: a file is read as a whole or not at all."""

    @classmethod
    def of(cls, path: str, action: str, shard: Shard) -> DeadLetterFile:
        """Return the file that a `path` setting means for an action's records of a shard."""
        named = path + "{action}.jsonl" if path.endswith("/") else path
        table, shard_id = path_segment(shard.stream.table), path_segment(shard.shard_id)
        return cls(absolute(named.format(table=table, shard=shard_id, action=action)))

    @classmethod
    def all_of(cls, path: str, action: str) -> Iterator[DeadLetterFile]:
        """Return every existing file that a `path` setting may mean for an action's records."""
        named = path + "{action}.jsonl" if path.endswith("/") else path
        pattern = glob.escape(str(absolute(named))).format(table="*", shard="*", action=action)
        for found in sorted(glob.glob(pattern)):  # noqa: PTH207 - the pattern may be absolute
            if not found.endswith((SET_ASIDE, _UNFINISHED)):
                yield cls(Path(found))

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def remove_at_once(self) -> int:
        return max(_FEWEST_AT_ONCE, self.path.stat().st_size // _BYTES_PER_LETTER_AT_ONCE)

    def store(self, letters: Sequence[Letter]) -> None:
        """Append the letters: they are on disk when this returns, and none of them is in the file when it raises."""
        self._file.append(b"".join(msgspec.json.encode(one) + b"\n" for one in letters))

    def read(self, most: int | None = None) -> tuple[Letters, int]:
        del most
        letters = Letters(self.path)
        return letters, sum(line.begins and line.letter is None for line in letters.lines())

    def hold(self) -> None:
        """Nothing to do: nobody else takes letters out."""

    def has(self, letter: Letter) -> bool:  # noqa: ARG002 - the others' signature
        return True

    def remove(self, letters: Collection[Letter]) -> None:
        gone = {letter.id: set[bytes]() for letter in letters}
        for letter in letters:
            gone[letter.id].add(fingerprint(letter))
        with self._file.locked() as fd:
            self._shorten(fd, lambda line: not _is_one(line, gone))

    def discard(self, fingerprints: Collection[bytes]) -> None:
        with self._file.locked() as fd:
            self._shorten(fd, lambda line: not _is_among(line, fingerprints))

    def set_aside(self) -> str:
        return self._move_lines(lambda line: line.letter is None)

    def set_letters_aside(self, fingerprints: Collection[bytes]) -> str:
        return self._move_lines(lambda line: _is_among(line, fingerprints))

    def release(self) -> None:
        self._file.close()

    def _move_lines(self, goes: Callable[[Line], bool]) -> str:
        aside = SharedFile(self.path.with_name(self.path.name + SET_ASIDE))
        with self._file.locked() as fd:
            # Written there, to disk, before it is removed here: a crash in between leaves a line in both.
            with aside.locked() as bad, whole_or_not_at_all(bad):
                for line in self._lines(fd):
                    if goes(line):
                        write_all(bad, line.content)
            self._shorten(fd, lambda line: not goes(line))
        aside.close()
        return str(aside.path)

    def _lines(self, fd: int) -> Iterator[Line]:
        """Return the lines of the file, which is locked."""
        with self.path.open("rb", buffering=READ_BYTES) as file:
            yield from lines(file, os.fstat(fd).st_size)

    def _shorten(self, fd: int, keep: Callable[[Line], bool]) -> None:
        """Keep some lines. The old file stays complete until the new one is on disk and takes its name."""
        unfinished = self.path.with_name(self.path.name + _UNFINISHED)
        unfinished.unlink(missing_ok=True)
        try:
            with open(unfinished, "xb", opener=_private) as shortened:
                _take_over(fd, shortened.fileno(), self.path)
                shortened.writelines(line.content for line in self._lines(fd) if keep(line))
                shortened.flush()
                os.fsync(shortened.fileno())
            unfinished.replace(self.path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        sync_folder(self.path.parent)


def _is_one(line: Line, letters: dict[str, set[bytes]]) -> bool:
    """Return whether a line is one of these letters: only lines with the id of one are read and compared completely."""
    found = letters.get(line.id or "")
    return found is not None and (letter := line.letter) is not None and fingerprint(letter) in found


def _is_among(line: Line, fingerprints: Collection[bytes]) -> bool:
    return (letter := line.letter) is not None and fingerprint(letter) in fingerprints


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _take_over(old: int, new: int, path: Path) -> None:
    """Give a new file the owner and mode of the old one, so that the worker can continue to write it."""
    status = os.fstat(old)
    try:
        os.fchown(new, status.st_uid, status.st_gid)
    except PermissionError:
        raise SetupError(
            f"{path}: belongs to user {status.st_uid} and group {status.st_gid}, and would not any more after a replay "
            f"by user {os.geteuid()}: run it as that user, or as root"
        ) from None
    os.fchmod(new, stat.S_IMODE(status.st_mode))
