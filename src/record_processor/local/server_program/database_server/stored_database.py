"""Tables and streams that are kept in a folder."""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import json
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

    from .sequence_numbers import SequenceNumbers

_FORMAT = 1
_STATE = "database.json"
# Names in ministack's module, which does not keep them: the records of streams, how many are trimmed, closed streams.
_STREAMS = ("_stream_records", "_stream_trimmed", "_closed_streams")


class StoredDatabase:
    """Tables and streams in a folder: read at the start, written after all connections are closed."""

    def __init__(self, folder: Path, dynamodb: ModuleType, numbers: SequenceNumbers) -> None:
        self._path = folder / _STATE
        self._dynamodb, self._numbers = dynamodb, numbers
        self._persistence = importlib.import_module("ministack.core.persistence")

    def read(self) -> None:
        """Load what was written; nothing if there is no file yet. Exit if the file cannot be read."""
        if not self._path.exists():
            return
        try:
            state = json.loads(self._path.read_bytes(), object_hook=self._persistence._json_object_hook)
            if state["format"] != _FORMAT:
                raise ValueError(f"its format is {state['format']}, not {_FORMAT}")
            self._dynamodb.load_persisted_state(state["tables"])
            for name in _STREAMS:
                getattr(self._dynamodb, name).update(state["streams"][name])
            self._numbers.last = state["last_sequence_number"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            # Starting without it would end in overwriting it.
            sys.exit(f"{self._path} cannot be read ({error!r}); move it away to start with an empty one")

    def write(self) -> None:
        with self._dynamodb._lock:  # its thread for TTL still runs
            state = {
                "format": _FORMAT,
                "last_sequence_number": self._numbers.last,
                "streams": {name: getattr(self._dynamodb, name) for name in _STREAMS},
                "tables": self._dynamodb.get_state(),
            }
            content = json.dumps(state, default=self._persistence._json_default)
        unfinished = self._path.with_suffix(".unfinished")
        with unfinished.open("w") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._path)


@contextlib.contextmanager
def locked(folder: Path | None) -> Iterator[None]:
    """Hold the folder for one server: two would overwrite what the other has kept. Exit if another has it."""
    if folder is None:
        yield
        return
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.exit(f"another local database has its tables in {folder}; end it, or choose another folder")
        yield
