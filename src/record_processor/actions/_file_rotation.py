"""When a file of the `file` action is full or old, and what happens to it then."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import os
import shutil
import stat
import threading
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from record_processor.config.units import ByteSize, Duration
from record_processor.errors import InvalidSettingError
from record_processor.logs.log_events import Log
from record_processor.system.shared_file import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

log = Log("actions.file")

_GZIPPED = ".gz"
_UNFINISHED = ".part"


class Rotate(msgspec.Struct, kw_only=True, frozen=True):
    """When a new file begins: as soon as one of the limits is reached."""

    size: Annotated[ByteSize | None, Meta(description="Rotate before the file grows larger than this.")] = None
    every: Annotated[
        Duration | None, Meta(description="Rotate every hour on the hour (1h) or every midnight (1d), in UTC.")
    ] = None
    gzip: Annotated[bool, Meta(description="Compress rotated files with gzip.")] = True

    def __post_init__(self) -> None:
        if self.size is None and self.every is None:
            raise InvalidSettingError("size", "needs size, every or both")
        if self.size is not None and self.size < 1:
            raise InvalidSettingError("size", "expected at least 1")
        if self.every is not None and self.every < 1:
            raise InvalidSettingError("every", "expected at least 1s")


class Rotation:
    """The rotation of one file. A finished file is named after the time of its end: `NAME.20261124T093000Z.jsonl`."""

    def __init__(self, path: Path, settings: Rotate) -> None:
        self._path = path
        self._settings = settings

    def is_due(self, fd: int, next_bytes: int) -> bool:
        """Return whether the open, locked file must not grow any further."""
        status = os.fstat(fd)
        if not status.st_size:
            return False
        size, every = self._settings.size, self._settings.every
        if size is not None and status.st_size + next_bytes > size:
            return True
        # Its last write was in an earlier period, so all of it belongs there; no process needs to remember anything.
        return every is not None and status.st_mtime // every != time.time() // every

    def rotate(self) -> None:
        """Give the file, which is locked and on disk, its final name."""
        ended = datetime.now(timezone.utc)
        for number in range(1_000_000):
            finished = self._path.with_name(self._finished_name(ended, number))
            if not finished.exists() and not _gzipped(finished).exists():
                break
        self._path.rename(finished)
        sync_folder(self._path.parent)
        log.info("file.rotated", f"{self._path.name} is now {finished.name}")

    def compress_finished(self) -> None:
        """Gzip finished files in the background, also those that a crash left; the process's end may interrupt it."""
        if self._settings.gzip:
            threading.Thread(target=self._compress_all, name="gzip", daemon=True).start()

    def _finished_name(self, ended: datetime, number: int) -> str:
        counted = f"-{number}" if number else ""
        return f"{self._path.stem}.{ended:%Y%m%dT%H%M%SZ}{counted}{self._path.suffix}"

    def _compress_all(self) -> None:
        digits = "[0-9]" * 8
        pattern = f"{_literal(self._path.stem)}.{digits}T{'[0-9]' * 6}Z*{_literal(self._path.suffix)}"
        for finished in sorted(self._path.parent.glob(pattern)):
            if finished.suffix in (_GZIPPED, _UNFINISHED):
                continue  # for files whose name has no extension
            try:
                _compress(finished)
            except OSError as error:  # it stays as it is, and the next rotation tries again
                log.warning("file.not_compressed", f"{finished}: {error}")


def _compress(finished: Path) -> None:
    """Replace the plain file by the gzipped one, completely or not at all."""
    with contextlib.suppress(FileNotFoundError), open(finished, "rb", opener=_no_link) as plain:
        fcntl.flock(plain, fcntl.LOCK_EX)
        if not finished.exists():
            return  # another process was working on it
        unfinished = finished.with_name(finished.name + _UNFINISHED)
        try:
            unfinished.unlink(missing_ok=True)
            with open(unfinished, "xb", opener=_private) as raw:
                os.fchmod(raw.fileno(), stat.S_IMODE(os.fstat(plain.fileno()).st_mode))
                with gzip.GzipFile(filename="", fileobj=raw, mode="wb") as packed:
                    shutil.copyfileobj(plain, packed)
                raw.flush()
                os.fsync(raw.fileno())
        except OSError:
            unfinished.unlink(missing_ok=True)  # on a full disk, this makes room for the lines that wait
            raise
        unfinished.rename(_gzipped(finished))
        sync_folder(finished.parent)
        finished.unlink()


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _gzipped(path: Path) -> Path:
    return path.with_name(path.name + _GZIPPED)


def _literal(text: str) -> str:
    """Escape text for a glob pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)
