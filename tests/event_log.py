"""The log of a worker, read as it arrives."""

from __future__ import annotations

import contextlib
import json
import threading
from typing import IO, Any


class EventLog:
    """Reads until the end of the log, in a thread of its own."""

    def __init__(self, lines: IO[str] | None) -> None:
        assert lines is not None
        self._lines = lines
        self.raw: list[str] = []
        self.events: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._lines:
            self.raw.append(line)
            with contextlib.suppress(json.JSONDecodeError):
                self.events.append(json.loads(line))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [entry for entry in list(self.events) if entry["event"] == event]

    def join(self) -> None:
        """Wait for what was written before the end, but not for long: somebody else may hold it open."""
        self._reader.join(5)

    def close(self) -> None:
        self.join()
        self._lines.close()
