"""`file`: records as JSON lines in a file, on disk before the checkpoint passes them."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from record_processor.actions.base import Action, ActionSettings, InvalidSettingError, Shard
from record_processor.appending import ends_inside_a_line, locked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.worker.records import ChangeRecord

_MODE = 0o640
_BUFFER_BYTES = 1 << 20


class FileSettings(ActionSettings, kw_only=True, frozen=True):
    """Appends each record, in the shape of Lambda's event, as one line of JSON."""

    path: Annotated[
        str,
        Meta(
            description="The file; {table} and {shard} stand for the record's own. Missing folders are made.",
            min_length=1,
        ),
    ]


class FileAction(Action[FileSettings]):
    """Lines gather in memory until `flush`, which writes them with one call and waits for the disk.

    Several shards, and several workers on one host, may share a file: each locks it for the time of its write.
    """

    settings_type = FileSettings
    concurrent = False
    default_batch_size = 500

    def __init__(self, settings: FileSettings) -> None:
        super().__init__(settings)
        self._pending = bytearray()
        # `flush` comes from another thread than `deliver`.
        self._lock = threading.Lock()
        self._torn = False
        self._fd = -1
        try:
            settings.path.format(table="table", shard="shard")
        except (KeyError, IndexError, ValueError, AttributeError):
            raise InvalidSettingError(
                "path", f"expected placeholders {{table}} or {{shard}} only, found {settings.path!r}"
            ) from None

    def open(self, shard: Shard) -> None:
        path = Path(self.settings.path.format(table=shard.stream.table, shard=shard.shard_id))
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
        with locked(self._fd):  # else the middle of another writer's write looks like a cut line
            self._torn = ends_inside_a_line(self._fd)

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        lines = b"".join(msgspec.json.encode(record.to_lambda()) + b"\n" for record in records)
        with self._lock:
            # First, so that a write that fails has taken nothing in: the same records come again.
            if len(self._pending) >= _BUFFER_BYTES:
                self._write()
            self._pending += lines

    def flush(self) -> None:
        with self._lock:
            self._write()
        os.fsync(self._fd)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _write(self) -> None:
        with locked(self._fd):
            self._write_pending()

    def _write_pending(self) -> None:
        while self._pending:
            # A crash or a full disk cut a line: ours must not become its continuation.
            start = b"\n" if self._torn else b""
            written = os.write(self._fd, start + self._pending) - len(start)
            # A full disk may take a part. Only whole lines are done; the cut one is written again, whole.
            done = self._pending.rfind(b"\n", 0, max(written, 0)) + 1
            self._torn = written != done
            del self._pending[:done]
