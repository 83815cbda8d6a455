"""`file`: records as JSON lines in a file, on disk before the checkpoint passes them."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from record_processor.actions._file_rotation import Rotate, Rotation
from record_processor.errors import InvalidSettingError, NotTriedError
from record_processor.logs.log_events import Log
from record_processor.plugin.action import Action, Destination
from record_processor.plugin.record_format import FormattedSettings, RecordFormat
from record_processor.records.stream import Shard
from record_processor.system.shared_file import FileLockedError, SharedFile, append
from record_processor.system.working_directory import absolute
from record_processor.text.safe_text import path_segment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.aws.permissions import Permission
    from record_processor.aws.probes import AddressProbe, AwsProbe
    from record_processor.records.change_record import ChangeRecord

log = Log("actions.file")

_BUFFER_BYTES = 1 << 20


class FileSettings(FormattedSettings, kw_only=True, frozen=True):
    """Appends each record as one line of JSON."""

    path: Annotated[
        str,
        Meta(
            description="The file. {table} and {shard} are replaced by the record's. Missing folders are created.",
            min_length=1,
        ),
    ]
    rotate: Annotated[Rotate | None, Meta(description="When to start a new file. Default: never.")] = None


class FileAction(Action[FileSettings]):
    """Lines collect in memory until `flush`, or until there are many, and stay there until they are on disk.

    Several shards, and several workers on one host, may share a file.
    """

    settings_type = FileSettings
    concurrent = False
    default_batch_size = 500
    example = """\
- name: audit
  type: file
  path: changes/{table}.jsonl
  rotate: {size: 100MB, every: 1d}
"""

    def __init__(self, settings: FileSettings) -> None:
        super().__init__(settings)
        self._shape = RecordFormat(settings)
        self._pending = bytearray()
        # `flush` is called from another thread than `deliver`.
        self._lock = threading.Lock()
        self._rotation: Rotation | None = None
        if "\0" in settings.path:
            raise InvalidSettingError("path", "contains a NUL, which a path cannot contain")
        try:
            settings.path.format(table="table", shard="shard")
        except (KeyError, IndexError, ValueError, AttributeError):
            raise InvalidSettingError(
                "path", f"expected placeholders {{table}} or {{shard}} only, found {settings.path!r}"
            ) from None

    @property
    def destination(self) -> Destination:
        harm = "their lines would be mixed, and each would rotate the other's file; give each its own path"
        return Destination("path", ("file", os.path.abspath(self.settings.path)), harm)  # noqa: PTH100 - text

    @property
    def permissions(self) -> Sequence[Permission]:
        return ()  # calls no AWS service

    @property
    def probes(self) -> Sequence[AwsProbe | AddressProbe]:
        return ()

    def open(self, shard: Shard) -> None:
        table, shard_id = path_segment(shard.stream.table), path_segment(shard.shard_id)
        path = absolute(self.settings.path.format(table=table, shard=shard_id))
        self._file = SharedFile(path)
        self._file.open()  # a folder that cannot be written is noticed now
        if self.settings.rotate is not None:
            self._rotation = Rotation(path, self.settings.rotate)
            self._rotation.compress_finished()

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        lines = b"".join(self._shape.encoded(record) + b"\n" for record in records)
        with self._lock:
            # First, so that a failed write has taken nothing in: the same records are delivered again.
            if len(self._pending) >= _BUFFER_BYTES:
                self._make_room()
            self._pending += lines

    def flush(self) -> None:
        with self._lock:
            self._write()

    def close(self) -> None:
        self._file.close()

    def _make_room(self) -> None:
        try:
            self._write()
        except FileLockedError as error:
            # The lease and a stop are checked before the next attempt; the records in progress are not to blame.
            log.warning("file.locked", str(error), action=self.settings.name, path=str(self._file.path))
            raise NotTriedError from error

    def _write(self) -> None:
        """Write what is pending to disk; only then forget it."""
        while self._pending:
            with self._file.locked() as fd:
                if self._rotation is None or not self._rotation.is_due(fd, len(self._pending)):
                    append(fd, self._pending)
                    self._pending.clear()
                    return
                self._rotation.rotate()
            # Only after the lock is free. The next lock finds that its file has lost its name, and creates a new one.
            self._rotation.compress_finished()
