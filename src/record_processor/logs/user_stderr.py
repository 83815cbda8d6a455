"""Standard error of a command: lines as they are, or each a JSON object if the user wants JSON.

This applies to every line, whoever writes it: our own messages, Python's warnings, tracebacks, libraries. Nothing in
them can control a terminal. What a worker logs is written by `logs`, in another way.
"""

from __future__ import annotations

import io
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from record_processor.logs.log_events import as_json_for_users
from record_processor.text.redaction import redacted, redacted_line
from record_processor.text.safe_text import printable_lines

if TYPE_CHECKING:
    from record_processor.logs.log_events import LineStream

_format = "text"


def use_format(name: str) -> None:
    """Remember which form the user wants, `text` or `json`."""
    global _format
    _format = name


def is_json() -> bool:
    return _format == "json"


def install() -> None:
    """Give everything that this process writes to `sys.stderr` the form that is wanted by then.

    Standard output accepts any text: what its encoding lacks is escaped, as standard error does by itself.
    """
    _open_closed()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.stderr = UserStderr(sys.stderr)


def _open_closed() -> None:
    """Give each closed standard stream a dummy: the next file that is opened would otherwise get its number."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115 - a descriptor, for as long as the process lives


class UserStderr(io.TextIOBase):
    """A text stream in front of another."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, stream: LineStream) -> None:
        super().__init__()
        self._stream = stream
        self._begun = ""

    def write(self, text: str) -> int:
        if not is_json():
            self._stream.write(printable_lines(redacted(text)))
            return len(text)
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            if line.strip():
                self.write_event("output", "info", line)
        return len(text)

    def write_event(self, event: str, level: str, message: str, **fields: Any) -> None:
        """Write one JSON object, whatever form is wanted."""
        line = {"time": time.time(), "level": level, "event": event, "message": message, **fields}
        self._stream.write(as_json_for_users(redacted_line(line)) + "\n")

    def flush(self) -> None:
        self._stream.flush()


def say_exposed(message: str) -> None:
    """Print a warning of `check`: others can read or write a file."""
    if is_json() and isinstance(sys.stderr, UserStderr):
        sys.stderr.write_event("configuration.exposed", "warning", message)
    else:
        _say_warning(message)


def say_risky(message: str) -> None:
    """Print a warning of `check`: a setting is valid but dangerous."""
    if is_json() and isinstance(sys.stderr, UserStderr):
        sys.stderr.write_event("configuration.risky", "warning", message)
    else:
        _say_warning(message)


def _say_warning(message: str) -> None:
    print(f"record-processor: warning: {message}", file=sys.stderr)  # noqa: T201


def say_failure(message: str, exit_status: int) -> None:
    """Print the last line of a command that could not do its work."""
    if is_json() and isinstance(sys.stderr, UserStderr):
        sys.stderr.write_event("command.failed", "error", message, exit_status=exit_status)
    else:
        print(f"record-processor: {message}", file=sys.stderr)  # noqa: T201
