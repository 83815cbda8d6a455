"""The log of a worker: the lines of all its processes, in the form that the user wants, on standard error."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.logs import log_events
from record_processor.text.redaction import redacted_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from record_processor.host.log_output import LogOutput

# Once the JVM is gone, nearly all lines have arrived; what the shard processes started may keep the pipe open forever.
_DRAIN_SECONDS = 5.0

_lines = msgspec.json.Decoder(dict[str, Any])


class LogRelay:
    """Copies lines until their source is closed; no line ends it."""

    def __init__(self, source: Iterable[bytes], log_format: str, output: LogOutput) -> None:
        self._form = log_events.form_named(log_format)
        self._output = output
        self._thread = threading.Thread(target=self._copy, args=(source,), name="relay", daemon=True)
        self._thread.start()

    def drain(self) -> None:
        """Wait for the last lines."""
        self._thread.join(_DRAIN_SECONDS)
        self._output.drain(_DRAIN_SECONDS)

    def _copy(self, source: Iterable[bytes]) -> None:
        for line in source:
            if line.strip():
                self._output.write_patiently(self._formed(line) + "\n")
            lost = self._output.take_lost()
            if lost:
                self._output.write(self._form(_loss(lost)) + "\n")

    def _formed(self, line: bytes) -> str:
        # Its source has redacted what it logs itself; what a handler or the JVM prints arrives unredacted.
        try:
            return self._form(redacted_line(event_of(line)))
        except Exception:  # other people's JSON: nested too deeply, half a surrogate pair, and more
            return self._form(redacted_line(output_event(line)))


def event_of(line: bytes) -> dict[str, Any]:
    """Return an event of ours as it is; anything else (a JVM's last output, JSON of a user's own logger) as text."""
    try:
        event = _lines.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return output_event(line)
    return event if log_events.is_event(event) else output_event(line)


def output_event(line: bytes) -> dict[str, Any]:
    text = line.decode("utf-8", errors="replace").rstrip()
    return {"time": time.time(), "level": "info", "event": "output", "message": text}


def _loss(lines: int) -> dict[str, Any]:
    message = f"{lines} lines of the log were lost: standard error was not read, or could not be written"
    return {"time": time.time(), "level": "warning", "event": "log.lost", "message": message, "lines": lines}
