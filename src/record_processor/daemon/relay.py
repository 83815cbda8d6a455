"""The log of a worker: the lines of all its processes, in the form that the user wants, on standard error."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor import logs
from record_processor.redaction import redacted_line

if TYPE_CHECKING:
    from collections.abc import Iterable

# Once the JVM is gone its children's lines are nearly through; a child's child may hold the pipe open for ever.
_DRAIN_SECONDS = 5.0

_lines = msgspec.json.Decoder(dict[str, Any])


class Relay:
    """Copies lines until their source is closed."""

    def __init__(self, source: Iterable[bytes], log_format: str) -> None:
        self._form = logs.form_named(log_format)
        self._thread = threading.Thread(target=self._copy, args=(source,), name="relay", daemon=True)
        self._thread.start()

    def drain(self) -> None:
        """Wait for the last lines."""
        self._thread.join(_DRAIN_SECONDS)

    def _copy(self, source: Iterable[bytes]) -> None:
        for line in source:
            if line.strip():
                # Its source has done so for what it logs itself; what a handler or the JVM prints comes as it is.
                sys.stderr.write(self._form(redacted_line(_event(line))) + "\n")
                sys.stderr.flush()


def _event(line: bytes) -> dict[str, Any]:
    """An event of ours as it is; anything else (a JVM's last words, a program that a handler started) as text."""
    try:
        event = _lines.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        event = {}
    if {"time", "level", "event", "message"} <= event.keys():
        return event
    text = line.decode("utf-8", errors="replace").rstrip()
    return {"time": time.time(), "level": "info", "event": "output", "message": text}
